"""What must be so for a requirement to say anything of an SDK, and what to do where it is not.

An SDK that forgets the observer in one operation is silent in every scenario that uses it. It has one fault:
`wiring` finds it, and what looks for pauses looks through another operation of the same client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.scenario.scenario import OPERATIONS_OF, Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Callback, Timeline

_OF_PAUSES: Final = frozenset(
    {
        seen.line_times,
        seen.line_rounds,
        seen.line_clients,
        seen.line_levels,
        seen.line_texts,
        seen.line_verbs,
        seen.line_identifiers,
        seen.line_reasons,
        seen.told_states,
        seen.told_counts,
        seen.notified_steps,
        seen.callbacks,
        seen.callback_reasons,
        seen.custom_callbacks,
    }
)
_WITHOUT_TIME: Final = frozenset({seen.poll_iterations, seen.poll_types})
_ABOUT_SILENCE: Final = frozenset({"clock", "trigger", "wiring"})
"""The chapters that ask whether an SDK is silent at all."""


def looks_for_pauses(required: Requirement) -> bool:
    """Whether it compares what an SDK says of a pause, and can do so through any operation."""
    match required.check:
        case seen.Same(projections):
            return required.chapter != "wiring" and not _OF_PAUSES.isdisjoint(projections)
        case _:
            return False


def asks_about_silence(required: Requirement) -> bool:
    """Whether an SDK that is silent is what it is there to find."""
    return required.chapter in _ABOUT_SILENCE


def needs_its_clock(required: Requirement) -> bool:
    """Whether what it compares depends on the SDK's clock."""
    match required.check:
        case seen.Same(projections):
            return not _WITHOUT_TIME.issuperset(projections)
        case _:
            return True


def wiring_scenario(operation: Operation) -> str:
    """The id of the scenario that shows whether an operation is observed."""
    return f"wiring-{operation.value.replace('_', '-')}"


def is_silent(case: Case) -> bool:
    """Whether the SDK said nothing at all of a pause that the reference speaks of."""
    return _speaks(case.expected, case) and not _speaks(case.observed, case)


def _speaks(timeline: Timeline, case: Case) -> bool:
    told = any(isinstance(event, Callback) and event.state != "active" for event in timeline)
    return told or any(pause_lines(timeline, case))


def siblings(operation: Operation, info: AdapterInfo, profile: Profile) -> tuple[Operation, ...]:
    """The other observed operations of the same client that the SDK claims, in the order of `Operation`."""
    kind = next(kind for kind, operations in OPERATIONS_OF.items() if operation in operations)
    usable = OPERATIONS_OF[kind] & info.operations & frozenset(profile.observer.observed_operations)
    return tuple(
        other
        for other in Operation
        if other in usable and other is not operation and other in profile.polling.operations
    )


def through(scenario: Scenario, others: Mapping[Operation, Operation]) -> Scenario:
    """The scenario with other operations in place of some, under an id that says so."""
    used = [others[operation].value for operation in Operation if operation in others]
    futures = tuple(
        msgspec.structs.replace(future, operation=others.get(future.operation, future.operation))
        for future in scenario.futures
    )
    identifier = f"{scenario.id}, through {' and '.join(used)}"
    return msgspec.structs.replace(scenario, id=identifier, futures=futures)
