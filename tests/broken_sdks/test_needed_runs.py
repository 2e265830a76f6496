"""What an SDK cannot do differently is not run, and nothing else is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from fake_server.core.operations import Operation
from tests.support.shared_runs import SharedRuns
from tinker_conformance.profile.choices import StatusAction
from tinker_conformance.profile.profile import ObserverError, Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario import Scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.sdk.wrapped_session import WrappedSession
from tinker_conformance.timeline import OutcomeKind

from .declaration import edited
from .laboratory import Laboratory, asked_under, broken
from .needed_runs import NeededRuns, UnbrokenRuns, leaves_out_runs, needed_runs
from .noted_use import WatchedFacet, differences
from .patches import WithObserver, WithPoll
from .registry import BROKEN_SDKS
from .replaced_functions import replaced_by

PROFILE = load_profile("tinker-0.38")
PAUSE = shipped_scenarios()["debounce-boundary"]
LEAVES_OUT_RUNS = [sdk for sdk in BROKEN_SDKS.values() if leaves_out_runs(sdk)]


@pytest.fixture(scope="module")
def laboratory(shared_runs: SharedRuns) -> Iterator[Laboratory]:
    made = Laboratory(shared_runs)
    yield made
    made.close()


class CountsRuns(WrappedSession):
    """Runs nothing, and counts how often it was asked to."""

    spec = "counts runs"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        self.asked.append(scenario.id)
        return Run((), Fault(FaultKind.HANG, "it was asked"))


def asked_with(laboratory: Laboratory, scenario: Scenario, changes: Mapping[str, object]) -> bool:
    counts = CountsRuns()
    other = edited(PROFILE, changes)
    needed = NeededRuns(
        counts, lambda profile: frozenset(differences(profile, other)), laboratory.unbroken_runs
    )
    run = needed.run(scenario, PROFILE)
    assert bool(run.timeline) is not bool(counts.asked)
    return counts.asked == [scenario.id]


def test_a_scenario_is_run_if_a_changed_value_is_read_in_it(laboratory: Laboratory) -> None:
    assert asked_with(laboratory, PAUSE, {"observer.interval_seconds": 59.0})
    assert asked_with(laboratory, PAUSE, {"observer.sampling.message": "{reason}, {identifier}"})
    assert asked_with(laboratory, PAUSE, {"polling.operations.sample.request_type": "Other"})
    assert asked_with(
        laboratory, PAUSE, {"observer.model_creation.grace_seconds": 1.0, "polling.type_header": "T"}
    )


def test_a_scenario_is_left_out_if_no_changed_value_is_read_in_it(laboratory: Laboratory) -> None:
    assert not asked_with(laboratory, PAUSE, {"observer.model_creation.grace_seconds": 1.0})
    assert not asked_with(laboratory, PAUSE, {"polling.operations.forward.request_type": "Other"})
    assert not asked_with(laboratory, PAUSE, {"polling.billing_pause_seconds": 1.0})
    assert not asked_with(laboratory, PAUSE, {"polling.on_410": "poll_again"})


def test_a_scenario_is_left_out_if_no_name_is_looked_for_that_a_tuple_lacks(laboratory: Laboratory) -> None:
    assert asked_with(laboratory, PAUSE, {"observer.observed_operations": ["forward"]})
    observed = PROFILE.observer.observed_operations
    without = [name for name in observed if name is not Operation.OPTIM_STEP]
    assert not asked_with(laboratory, PAUSE, {"observer.observed_operations": without})


def test_an_sdk_is_run_where_its_declaration_says_that_its_fault_can_show(laboratory: Laboratory) -> None:
    counts = CountsRuns()
    asked = [
        shipped_scenarios()[name] for name in ("debounce-boundary", "threads-sampling", "polling-failure")
    ]
    sdk = replace(
        BROKEN_SDKS["ends_at_a_refused_connection"],
        shows_in=lambda unbroken: unbroken.scenario.threads or unbroken.scenario is PAUSE,
    )
    for scenario in asked:
        needed_runs(counts, sdk, laboratory.unbroken_runs).run(scenario, PROFILE)
    assert counts.asked == ["debounce-boundary", "threads-sampling"]


def test_both_the_use_and_the_declaration_can_leave_a_scenario_out(laboratory: Laboratory) -> None:
    counts = CountsRuns()
    sdk = replace(BROKEN_SDKS["logs_every_pause"], shows_in=lambda _: True)
    without_pause = shipped_scenarios()["polling-failure"]
    needed_runs(counts, sdk, laboratory.unbroken_runs).run(without_pause, PROFILE)
    needed_runs(counts, replace(sdk, shows_in=lambda _: False), laboratory.unbroken_runs).run(PAUSE, PROFILE)
    assert counts.asked == []
    needed_runs(counts, sdk, laboratory.unbroken_runs).run(PAUSE, PROFILE)
    assert counts.asked == ["debounce-boundary"]


def test_a_declaration_that_leaves_out_too_much_is_found(laboratory: Laboratory) -> None:
    sdk = replace(BROKEN_SDKS["logs_every_pause"], shows_in=lambda _: False)
    asked = [requirement("debounce.boundary"), requirement("polling.failure")]
    _, different = laboratory.judge_in_every_scenario(sdk, asked)
    assert "debounce-boundary" in different
    assert "polling-failure" not in different
    honest = replace(sdk, shows_in=lambda _: True)
    assert laboratory.judge_in_every_scenario(honest, asked)[1] == []


class _OwnNotify(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None: ...


class _ReplacesNotify(WithPoll):
    poll = _OwnNotify


class _ReplacesClassify(ReferenceAdapter):
    def classify(self, error: BaseException) -> OutcomeKind:
        return OutcomeKind.RESULT


class _HasAConstructor(_ReplacesClassify):
    def __init__(self) -> None:
        super().__init__()


class _HasAProperty(WithObserver):
    class observer(ClientObserver):  # noqa: N801 - where `WithObserver` looks for it
        @property
        def kind(self) -> ClientKind:  # type: ignore[override]
            return ClientKind.SAMPLING


class _HasANewMethod(ReferenceAdapter):
    def more(self) -> None: ...


def test_the_functions_that_an_sdk_replaces_are_found() -> None:
    assert replaced_by(_ReplacesNotify) == {Poll._notify}
    assert replaced_by(_ReplacesClassify) == {ReferenceAdapter.classify}
    assert replaced_by(ReferenceAdapter) == frozenset()


@pytest.mark.parametrize("made", [_HasAConstructor, _HasAProperty, _HasANewMethod, ReferenceAdapter()])
def test_what_has_more_than_replaced_functions_is_run_everywhere(made: Any) -> None:
    assert replaced_by(made) is None


@pytest.mark.parametrize(
    ("name", "where", "not_where"),
    [
        ("ignores_numbers", "trigger-408", "functions-parse"),
        ("reports_a_failure_as_an_error", "polling-failure", "debounce-boundary"),
        ("parses_null_as_active", "functions-parse", "debounce-boundary"),
    ],
)
def test_an_sdk_with_other_functions_is_run_where_the_reference_calls_those(
    laboratory: Laboratory, name: str, where: str, not_where: str
) -> None:
    counts = CountsRuns()
    sdk = replace(BROKEN_SDKS[name], shows_in=None)
    needed = needed_runs(counts, sdk, laboratory.unbroken_runs)
    runs = [needed.run(shipped_scenarios()[each], PROFILE) for each in (where, not_where)]
    assert counts.asked == [where]
    assert runs[1].timeline


@pytest.mark.parametrize(
    "scenario",
    [s for s in shipped_scenarios().values() if s.threads or s.read_timeout is not None],
    ids=lambda scenario: scenario.id,
)
def test_what_may_differ_from_run_to_run_is_always_run(laboratory: Laboratory, scenario: Scenario) -> None:
    assert asked_with(
        laboratory, scenario, {"polling.operations.save_weights_external.request_type": "Other"}
    )


def test_a_scenario_in_which_the_reference_fails_is_always_run() -> None:
    unbroken = UnbrokenRuns(CountsRuns())
    assert unbroken.of(PAUSE, PROFILE) is None


def test_each_value_that_is_read_is_noted_by_its_path() -> None:
    read: set[str] = set()
    watched = WatchedFacet(PROFILE, "", read)
    assert watched.observer.client(ClientKind.TRAINING).grace_seconds == 900
    assert not watched.observer.sampling.grace_seconds
    assert Operation.SAMPLE in watched.polling.operations
    assert watched.polling.operations[Operation.SAMPLE].path == "/api/v1/asample"
    assert read == {
        "observer",
        "observer.sampling",
        "observer.sampling.grace_seconds",
        "observer.training",
        "observer.training.grace_seconds",
        "polling",
        "polling.operations",
        "polling.operations.sample.path",
    }


def test_a_facet_that_is_read_as_a_whole_is_an_error() -> None:
    watched = WatchedFacet(PROFILE, "", set())
    with pytest.raises(TypeError, match="read as a whole"):
        list(watched.observer.observed_operations)
    with pytest.raises(TypeError, match="compared as a whole"):
        assert watched.polling == PROFILE.polling
    with pytest.raises(TypeError, match="unhashable"):
        hash(watched.polling)
    with pytest.raises(TypeError):
        msgspec.structs.replace(watched.polling, on_410=StatusAction.ENDS)


def test_the_differences_of_two_profiles_are_found_at_every_depth() -> None:
    changes: dict[str, object] = {
        "observer.interval_seconds": 1.0,
        "observer.training.reasons.unknown": "other",
        "polling.operations.sample.request_type": "Other",
        "polling.cancellation": None,
    }
    other = msgspec.structs.replace(
        edited(PROFILE, {key: value for key, value in changes.items() if value is not None}), name="other"
    )
    assert set(differences(PROFILE, PROFILE)) == set()
    assert set(differences(PROFILE, other)) == {"name", *changes} - {"polling.cancellation"}
    without = msgspec.structs.replace(
        PROFILE, polling=msgspec.structs.replace(PROFILE.polling, cancellation=None, operations={})
    )
    assert set(differences(PROFILE, without)) == {"polling.cancellation", "polling.operations"}


_OF_EACH_KIND = (
    # Values of a profile, and functions.
    "trims_and_lowercases_the_state",
    "logs_active",
    "counts_polls_from_one",
    "ends_at_a_refused_connection",
    # Conditions on queue states, operations, requests, replies, and pauses.
    "lowercases_the_state",
    "keeps_nothing_between_futures_of_optim_step",
    "submits_training_without_the_api_key",
    "gives_up_a_submission_at_409",
    "restarts_the_grace_period_after_each_line",
)


def _in_every_scenario(laboratory: Laboratory, name: str) -> None:
    sdk = BROKEN_SDKS[name]
    judgements, different = laboratory.judge_in_every_scenario(sdk, asked_under(sdk.under))
    assert different == []
    assert broken(judgements) - sdk.sometimes == sdk.breaks


@pytest.mark.slow
@pytest.mark.parametrize("name", _OF_EACH_KIND)
def test_in_every_scenario_an_sdk_breaks_what_it_breaks_in_the_needed_ones(
    laboratory: Laboratory, name: str
) -> None:
    _in_every_scenario(laboratory, name)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [sdk.name for sdk in LEAVES_OUT_RUNS])
def test_in_every_scenario_each_sdk_breaks_what_it_breaks_in_the_needed_ones(
    laboratory: Laboratory, name: str
) -> None:
    _in_every_scenario(laboratory, name)
