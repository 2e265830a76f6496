"""The matrix of rules: every rule, asked of every kind of client and of every operation.

A row is a rule: a requirement, or several that ask the same of different clients. A cell is a rule and a
kind of client, or a rule and an operation. It holds the scenarios that ask the rule there, or the reason why
nothing is asked. A new kind of client, or a new operation, has empty cells in every row, and a test fails.
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
"""The value of a `ClientKind` or of an `Operation`, or `FROM_A_STATE`."""

FROM_A_STATE: Final[Column] = "create_model from a saved state"
"""The creation of a training client from a saved state: no operation and no kind of client of its own.

The load is observed by the new training client, and since 0.38 by the creation of the model, which the rules
are asked of. `checkpoints.pause` asks that it is that observer.
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
"""Requirements that ask one rule of different kinds of client."""

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
"""The rules that depend on the operation, by name: the rule, and the ids that its requirements may have."""

_DEPENDS_ON_OPERATION: Final = frozenset(name for _, names in _BY_OPERATION.values() for name in names)


_OF_CHANGES_ONLY: Final = {
    "debounce-window-training": "debounce-window-alternating-training",
    "debounce-clocks-training": "debounce-clocks-alternating-training",
}
"""Scenarios in which one state lasts, and what is asked instead where only changes of state notify."""


@dataclass(frozen=True, slots=True)
class MatrixRule:
    """A row of the matrix.

    Attributes:
        name: The id of its first requirement, or how the ids of its requirements begin.
        sentence: The rule.
        requirements: The requirements that ask it.
        is_observed: Whether it is about what an observer does, and so not asked where nothing observes.
    """

    name: str
    sentence: str
    requirements: tuple[Requirement, ...]
    is_observed: bool


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A rule and a kind of client, or a rule and an operation.

    Attributes:
        rule: The rule.
        column: The kind of client or the operation.
        asked: Each requirement and each of its scenarios that ask the rule there.
        reason: Why nothing is asked there, or why not under every profile; empty if there is no reason.
    """

    rule: MatrixRule
    column: Column
    asked: tuple[tuple[Requirement, Scenario], ...]
    reason: str

    @property
    def is_empty(self) -> bool:
        """Whether the rule is not asked there, without a reason."""
        return not self.asked and not self.reason

    def asked_under(self, profile: Profile) -> tuple[tuple[Requirement, Scenario], ...]:
        """Return what is asked under a profile."""
        return tuple(
            (required, scenario)
            for required, scenario in self.asked
            if required.holds(profile) and is_asked(required, scenario, profile)
        )


def is_asked(required: Requirement, scenario: Scenario, profile: Profile) -> bool:
    """Return whether a profile has an answer to a scenario of a requirement.

    It has none for an operation that SDKs of the profile lack, and, in a rule of the observer, for a kind of
    client that they do not observe.
    """
    if not scenario.operations <= frozenset(profile.polling.operations):
        return False
    if scenario.id in _OF_CHANGES_ONLY or scenario.id in _OF_CHANGES_ONLY.values():
        return notifies_of_changes_only(profile) is (scenario.id in _OF_CHANGES_ONLY.values())
    return not _is_observed(required) or all(
        profile.observer.client(_observing_kind(client, profile)) is not None for client in scenario.clients
    )


def _observing_kind(client: ClientSpec, profile: Profile) -> ClientKind:
    """Return the kind of client by whose rules a client observes its queue, also while it is created."""
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
    """Return the rules that are asked of every kind of client, in the order of the requirements."""
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
    """Return the rules that are asked of every operation."""
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
    """Return the cells of the rules for every kind of client.

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
    """Return the cells of the rules that depend on the operation.

    Args:
        scenarios: All scenarios by id.
        operations: The operations, and the creation from a saved state.
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
