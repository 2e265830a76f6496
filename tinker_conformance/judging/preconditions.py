"""Decide whether a requirement can be judged if the SDK is *silent*: reports no pause in one operation.

An SDK that does not notify its observer in one operation reports no pause in any scenario with that
operation. That is one fault, which the chapter `wiring` finds. The other requirements about pauses are then
judged with another operation of the same client.
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
        seen.notified_states,
        seen.notified_counts,
        seen.notified_steps,
        seen.callbacks,
        seen.callback_reasons,
        seen.custom_callbacks,
    }
)
_WITHOUT_TIME: Final = frozenset(
    {
        seen.poll_iterations,
        seen.poll_types,
        seen.request_keys,
        seen.request_paths,
        seen.request_clients,
        seen.request_numbers,
        seen.repeated_numbers,
        seen.request_contents,
        seen.request_metadata,
        seen.polled_ids,
        seen.session_lines,
        seen.request_order,
        seen.loaded_paths,
        seen.session_poll_cursors,
        seen.session_polls,
        seen.fetched_reports,
    }
)
_ABOUT_SILENCE: Final = frozenset({"clock", "trigger", "wiring"})
"""The chapters whose requirements find out whether an SDK is silent."""


def looks_for_pauses(required: Requirement) -> bool:
    """Return whether a requirement compares reported pauses, so that any operation will do."""
    match required.check:
        case seen.Same(projections):
            return required.chapter != "wiring" and not _OF_PAUSES.isdisjoint(projections)
        case _:
            return False


def asks_about_silence(required: Requirement) -> bool:
    """Return whether the purpose of a requirement is to detect a silent SDK."""
    return required.chapter in _ABOUT_SILENCE


def needs_its_clock(required: Requirement) -> bool:
    """Return whether a requirement compares something that depends on the SDK's clock."""
    match required.check:
        case seen.Same(projections):
            return not _WITHOUT_TIME.issuperset(projections)
        case _:
            return True


def wiring_scenario(operation: Operation) -> str:
    """Return the id of the scenario that shows whether an operation is observed."""
    return f"wiring-{operation.value.replace('_', '-')}"


def is_silent(case: Case) -> bool:
    """Return whether the reference reported a pause and the SDK reported none."""
    return _reports_a_pause(case.expected, case) and not _reports_a_pause(case.observed, case)


def _reports_a_pause(timeline: Timeline, case: Case) -> bool:
    notified = any(isinstance(event, Callback) and event.state != "active" for event in timeline)
    return notified or any(pause_lines(timeline, case))


def siblings(operation: Operation, info: AdapterInfo, profile: Profile) -> tuple[Operation, ...]:
    """Return the other observed operations of the same client that the SDK claims."""
    kind = next(kind for kind, operations in OPERATIONS_OF.items() if operation in operations)
    usable = OPERATIONS_OF[kind] & info.operations & frozenset(profile.observer.observed_operations)
    return tuple(
        other
        for other in Operation
        if other in usable and other is not operation and other in profile.polling.operations
    )


def through(scenario: Scenario, others: Mapping[Operation, Operation]) -> Scenario:
    """Return the scenario with some operations replaced, under an id that names the replacements.

    A scenario without any of these operations is returned as it is.
    """
    used = [
        others[operation].value
        for operation in Operation
        if operation in others and operation in scenario.operations
    ]
    if not used:
        return scenario
    futures = tuple(
        msgspec.structs.replace(future, operation=others.get(future.operation, future.operation))
        for future in scenario.futures
    )
    identifier = f"{scenario.id}, through {' and '.join(used)}"
    return msgspec.structs.replace(scenario, id=identifier, futures=futures)
