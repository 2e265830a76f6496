"""The matrix of rules has no empty cell, and a new kind of client or operation would show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake_server.core.operations import Operation
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements import REQUIREMENTS, requirement
from tinker_conformance.requirements.matrix import (
    FROM_A_STATE,
    OBSERVER_CHAPTERS,
    MatrixCell,
    client_cells,
    client_rules,
    is_asked,
    operation_cells,
    operation_rules,
)
from tinker_conformance.requirements.reasons_not_asked import CLIENT_REASONS, OPERATION_REASONS
from tinker_conformance.scenario.library import shipped_scenarios

CELLS = (*client_cells(shipped_scenarios()), *operation_cells(shipped_scenarios()))


def _empty(cells: tuple[MatrixCell, ...]) -> list[str]:
    return [f"{cell.rule.name} of {cell.column}" for cell in cells if cell.is_empty]


def test_no_cell_is_empty() -> None:
    assert _empty(CELLS) == []


def test_every_rule_of_the_observer_and_of_polling_is_in_it() -> None:
    rules = (*client_rules(), *operation_rules())
    asked = {required.id for rule in rules for required in rule.requirements}
    assert [r.id for r in REQUIREMENTS if r.chapter in OBSERVER_CHAPTERS and r.id not in asked] == []
    assert [r.id for r in REQUIREMENTS if r.chapter in {"polling", "wiring"} and r.id not in asked] == []


def test_a_new_kind_of_client_has_an_empty_cell_in_every_row() -> None:
    cells = client_cells(shipped_scenarios(), (*ClientKind, "distillation"))
    assert _empty(cells) == [f"{rule.name} of distillation" for rule in client_rules()]


def test_a_new_operation_has_an_empty_cell_in_every_row() -> None:
    cells = operation_cells(shipped_scenarios(), (*Operation, "merge_models"))
    assert _empty(cells) == [f"{rule.name} of merge_models" for rule in operation_rules()]


def test_a_way_to_create_a_client_has_a_cell_in_every_row_of_the_operations() -> None:
    cells = [cell for cell in operation_cells(shipped_scenarios()) if cell.column == FROM_A_STATE]
    assert [cell.rule for cell in cells] == list(operation_rules())
    asked = {required.id for cell in cells for required, _ in cell.asked}
    assert asked == {
        "checkpoints.pause",
        "checkpoints.into_a_new_model",
        "checkpoints.in_one_request",
    }


def _applies(cell: MatrixCell, profile: Profile) -> bool:
    if not any(required.holds(profile) for required in cell.rule.requirements):
        return False
    if cell.column == FROM_A_STATE:
        return profile.polling.from_checkpoint is not None
    if cell.column in set(Operation):
        operations = profile.observer.observed_operations if cell.rule.is_observed else tuple(Operation)
        return Operation(cell.column) in profile.polling.operations and cell.column in operations
    return not cell.rule.is_observed or profile.observer.client(ClientKind(cell.column)) is not None


@pytest.mark.parametrize("name", known_profiles())
def test_under_every_profile_a_cell_that_applies_is_asked_or_has_a_reason(name: str) -> None:
    profile = load_profile(name)
    assert [
        f"{cell.rule.name} of {cell.column}"
        for cell in CELLS
        if _applies(cell, profile) and not cell.asked_under(profile) and not cell.reason
    ] == []


def test_a_reason_is_given_only_where_some_profile_does_not_ask() -> None:
    given = {(cell.rule.name, cell.column) for cell in CELLS if cell.reason}
    assert given == {*CLIENT_REASONS, *OPERATION_REASONS}
    profiles = [load_profile(name) for name in known_profiles()]
    needless = [cell for cell in CELLS if cell.reason and cell.asked and not any(_gaps(cell, profiles))]
    assert [(cell.rule.name, cell.column) for cell in needless] == []


def _gaps(cell: MatrixCell, profiles: list[Profile]) -> Iterator[bool]:
    for profile in profiles:
        yield _applies(cell, profile) and not cell.asked_under(profile)


def test_a_profile_is_asked_about_the_observers_and_operations_that_it_has() -> None:
    scenarios = shipped_scenarios()
    states, patience = requirement("parsing.known_states"), requirement("polling.patience")
    silent, observing = load_profile("tinker-0.5.1"), load_profile("tinker-0.10")
    creation = scenarios["parsing-known-states-model-creation"]
    assert not is_asked(states, creation, silent)
    assert is_asked(states, creation, observing)
    assert is_asked(patience, scenarios["polling-many-model-creation"], silent)
    external = scenarios["polling-incomplete-result-save-weights-external"]
    assert not is_asked(requirement("polling.incomplete_result"), external, silent)
