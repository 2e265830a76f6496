"""The matrix of rules: shows whether each rule is tested for each kind of client and each operation.

A row is a rule: one requirement, or several that require the same of different clients. A column is a kind of
client or an operation. A cell has the scenarios that test the rule there, or the reason why none does. A new
kind of client, or a new operation, has empty cells in every row, and a test fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements import REQUIREMENTS, Requirement, requirement
from tinker_conformance.requirements.conditions import notifies_of_changes_only
from tinker_conformance.requirements.reasons_not_asked import CLIENT_REASONS, OPERATION_REASONS
from tinker_conformance.scenario.scenario import ClientSpec, Scenario

Column: TypeAlias = str
"""The name of a column: the value of a `ClientKind` or of an `Operation`, or `FROM_A_STATE`."""

FROM_A_STATE: Final[Column] = "create_model from a saved state"
"""The column for training clients from a saved state, which is neither an operation nor a kind of client.

Pauses of the load are reported by the new training client, and since 0.38 by the creation of the model. The
rules are tested for the latter, and the requirement `checkpoints.pause` tests which of the two reports.
"""

OBSERVER_CHAPTERS: Final = (
    "parsing",
    "trigger",
    "callback",
    "reasons",
    "messages",
    "debounce",
    "grace",
    "custom_observer",
)

_BY_CLIENT: Final = tuple(
    tuple(names.split())
    for names in (
        "reasons.sampling reasons.training reasons.model_creation",
        "reasons.sampling_unknown reasons.training_unknown reasons.model_creation_unknown",
        "reasons.of_the_server reasons.of_the_server_for_creation",
        "messages.sampling_verb messages.training_verb messages.model_creation_verb",
        "messages.sampling_identifier messages.training_identifier messages.model_creation_identifier",
        "messages.sampling_text messages.training_text messages.model_creation_text",
        "messages.sampling_level messages.training_level messages.model_creation_level",
        "messages.any_sampling_identifier messages.any_training_identifier messages.any_creation_identifier",
        "debounce.fraction debounce.fraction_or_whole_seconds",
        "debounce.boundary debounce.training",
        "debounce.separate_clients debounce.separate_training_clients debounce.separate_creations",
        "grace.boundary grace.model_creation grace.not_for_sampling",
        "polling.expired_sampling polling.expired_training polling.expired_creation",
    )
)
"""Groups of requirements that are one rule, for different kinds of client."""

_BY_OPERATION: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "wiring": (
        "A pause is logged, for the right client.",
        (*(f"wiring.{operation}" for operation in Operation), "checkpoints.pause"),
    ),
    "debounce.across_futures": (
        "The 60 s, and the 900 s where a client has them, hold across futures of an operation.",
        ("debounce.across_futures", *(f"debounce.across_{operation}" for operation in Operation)),
    ),
    "polling.request_type": (
        "Polls carry the request type in X-Tinker-Request-Type.",
        (
            *(f"polling.request_type_{operation}" for operation in Operation),
            "checkpoints.into_a_new_model",
            "checkpoints.in_one_request",
        ),
    ),
    "submissions.delays": (
        "A refused submission is sent again after the operation's delays.",
        ("submissions.delays",),
    ),
    "polling.incomplete_result": (
        "A result that lacks a required key ends the future with an error.",
        ("polling.incomplete_result",),
    ),
    "polling.result_in_json": (
        "A result that comes as JSON ends the future with an error.",
        ("polling.result_in_json",),
    ),
}
"""The rules that depend on the operation, by name: the sentence, and the beginnings of requirement ids."""

_DEPENDS_ON_OPERATION: Final = frozenset(name for _, names in _BY_OPERATION.values() for name in names)


_OF_CHANGES_ONLY: Final = {
    "debounce-window-training": "debounce-window-alternating-training",
    "debounce-clocks-training": "debounce-clocks-alternating-training",
}
"""Scenarios in which one state lasts, and what replaces them where only changes of state notify."""


@dataclass(frozen=True, slots=True)
class MatrixRule:
    """A row of the matrix.

    Attributes:
        name: The id of the rule's first requirement, or the beginning of all its requirements' ids.
        sentence: The rule.
        requirements: The requirements that test the rule.
        is_observed: Whether the rule is about what an observer does, and so does not apply without an
            observer.
    """

    name: str
    sentence: str
    requirements: tuple[Requirement, ...]
    is_observed: bool


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A cell of the matrix: a rule, for a kind of client or an operation.

    Attributes:
        rule: The rule.
        column: The kind of client or the operation.
        asked: Each requirement with a scenario that tests the rule for this column.
        reason: Why nothing tests the rule for this column, or not under every profile; empty if something
            does.
    """

    rule: MatrixRule
    column: Column
    asked: tuple[tuple[Requirement, Scenario], ...]
    reason: str

    @property
    def is_empty(self) -> bool:
        """Return whether nothing tests the rule for this column, and no reason is given."""
        return not self.asked and not self.reason

    def asked_under(self, profile: Profile) -> tuple[tuple[Requirement, Scenario], ...]:
        """Return the requirements and scenarios that test the rule for this column under a profile."""
        return tuple(
            (required, scenario)
            for required, scenario in self.asked
            if required.holds(profile) and is_asked(required, scenario, profile)
        )


def is_asked(required: Requirement, scenario: Scenario, profile: Profile) -> bool:
    """Return whether a scenario of a requirement applies under a profile.

    A scenario does not apply if SDKs of the profile lack one of its operations, or, in a rule about
    observers, if its kind of client has no observer.
    """
    if not scenario.operations <= frozenset(profile.polling.operations):
        return False
    if scenario.id in _OF_CHANGES_ONLY or scenario.id in _OF_CHANGES_ONLY.values():
        return notifies_of_changes_only(profile) is (scenario.id in _OF_CHANGES_ONLY.values())
    return not _is_observed(required) or all(
        profile.observer.client(_observing_kind(client, profile)) is not None for client in scenario.clients
    )


def _observing_kind(client: ClientSpec, profile: Profile) -> ClientKind:
    """Return the kind of client whose rules apply to a client's pauses, also while the client is created."""
    rules = profile.polling.from_checkpoint
    loads_into_a_model = rules is not None and not rules.loading_creates
    return ClientKind.TRAINING if client.checkpoint is not None and loads_into_a_model else client.kind


def _is_observed(required: Requirement) -> bool:
    """Return whether a requirement is about what an observer does."""
    match required.check:
        case seen.Same(projections) if seen.notified_states in projections:
            return True
        case _:
            return required.chapter in OBSERVER_CHAPTERS


def client_rules() -> tuple[MatrixRule, ...]:
    """Return the rules that are tested for each kind of client, in the order of the requirements."""
    return tuple(_client_rules())


def _client_rules() -> Iterator[MatrixRule]:
    together = {name: names for names in _BY_CLIENT for name in names}
    for required in REQUIREMENTS:
        if required.chapter not in {*OBSERVER_CHAPTERS, "polling"} or required.id in _DEPENDS_ON_OPERATION:
            continue
        names = together.get(required.id, (required.id,))
        if required.id == names[0]:
            members = tuple(requirement(name) for name in names)
            yield MatrixRule(required.id, required.sentence, members, _is_observed(required))


def operation_rules() -> tuple[MatrixRule, ...]:
    """Return the rules that are tested for each operation."""
    return tuple(
        MatrixRule(
            name,
            sentence,
            tuple(r for r in REQUIREMENTS if r.id in ids),
            not name.startswith(("polling", "submissions")),
        )
        for name, (sentence, ids) in _BY_OPERATION.items()
    )


def client_cells(
    scenarios: Mapping[str, Scenario], kinds: Collection[str] = tuple(ClientKind)
) -> tuple[MatrixCell, ...]:
    """Return the cells of the matrix whose columns are kinds of client.

    Args:
        scenarios: All scenarios by id.
        kinds: The kinds of client.
    """
    return tuple(
        MatrixCell(
            rule,
            kind,
            tuple(each for each in _asked(rule, scenarios) if each[1].kinds == {kind}),
            CLIENT_REASONS.get((rule.name, kind), ""),
        )
        for rule in client_rules()
        for kind in kinds
    )


def operation_cells(
    scenarios: Mapping[str, Scenario], operations: Collection[str] = (*Operation, FROM_A_STATE)
) -> tuple[MatrixCell, ...]:
    """Return the cells of the matrix whose columns are operations.

    Args:
        scenarios: All scenarios by id.
        operations: The operations, and `FROM_A_STATE`.
    """
    return tuple(
        MatrixCell(
            rule,
            operation,
            tuple(each for each in _asked(rule, scenarios) if operation in _columns(each[1])),
            OPERATION_REASONS.get((rule.name, operation), ""),
        )
        for rule in operation_rules()
        for operation in operations
    )


def _columns(scenario: Scenario) -> frozenset[Column]:
    """Return the operations of a scenario, as the columns of the matrix name them."""
    loads = any(client.checkpoint is not None for client in scenario.clients)
    return frozenset({FROM_A_STATE} if loads else scenario.operations)


def _asked(rule: MatrixRule, scenarios: Mapping[str, Scenario]) -> Iterator[tuple[Requirement, Scenario]]:
    for required in rule.requirements:
        for name in required.scenarios:
            yield required, scenarios[name]
