"""Find which lanes of a timeline's picture a requirement compares; mistakes are marked only there.

A lane is one row of the picture, with all events of one kind: requests, log lines, observer calls and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.case import Check
from tinker_conformance.checks.delays import after_410
from tinker_conformance.checks.real_waits import no_real_wait
from tinker_conformance.checks.submission_delays import within_the_waits
from tinker_conformance.judging.picture import LaneKind
from tinker_conformance.requirements import REQUIREMENTS, AnyRequirement, Requirement

_LANES: Final[Mapping[seen.Projection, LaneKind]] = {
    seen.line_times: LaneKind.LINES,
    seen.line_rounds: LaneKind.LINES,
    seen.lines_at_last: LaneKind.LINES,
    seen.line_clients: LaneKind.LINES,
    seen.line_levels: LaneKind.LINES,
    seen.line_texts: LaneKind.LINES,
    seen.line_verbs: LaneKind.LINES,
    seen.line_identifiers: LaneKind.LINES,
    seen.line_reasons: LaneKind.LINES,
    seen.retry_lines: LaneKind.LINES,
    seen.error_lines: LaneKind.LINES,
    seen.billing_lines: LaneKind.LINES,
    seen.session_lines: LaneKind.LINES,
    seen.function_lines: LaneKind.LINES,
    seen.notified_counts: LaneKind.CALLS,
    seen.callbacks: LaneKind.CALLS,
    seen.callback_reasons: LaneKind.CALLS,
    seen.custom_callbacks: LaneKind.CALLS,
    seen.poll_counts: LaneKind.REQUESTS,
    seen.poll_times: LaneKind.REQUESTS,
    seen.poll_iterations: LaneKind.REQUESTS,
    seen.poll_types: LaneKind.REQUESTS,
    seen.submissions: LaneKind.REQUESTS,
    seen.request_keys: LaneKind.REQUESTS,
    seen.request_paths: LaneKind.REQUESTS,
    seen.request_clients: LaneKind.REQUESTS,
    seen.request_numbers: LaneKind.REQUESTS,
    seen.request_contents: LaneKind.REQUESTS,
    seen.request_metadata: LaneKind.REQUESTS,
    seen.polled_ids: LaneKind.REQUESTS,
    seen.request_order: LaneKind.REQUESTS,
    seen.repeated_numbers: LaneKind.REQUESTS,
    seen.loaded_paths: LaneKind.REQUESTS,
    seen.cancellations: LaneKind.REQUESTS,
    seen.cancellation_times: LaneKind.REQUESTS,
    seen.session_polls: LaneKind.REQUESTS,
    seen.session_poll_times: LaneKind.REQUESTS,
    seen.session_poll_cursors: LaneKind.REQUESTS,
    seen.fetched_reports: LaneKind.REQUESTS,
    seen.outcomes: LaneKind.ENDS,
    seen.outcome_times: LaneKind.ENDS,
    seen.returned_values: LaneKind.ENDS,
}
_OF_REQUESTS: Final = frozenset({after_410, no_real_wait, within_the_waits})
"""Checks that compare the times of requests without a projection."""
_WITHOUT_A_LANE: Final = frozenset({seen.telemetry_names})
"""Projections of events that no picture shows."""
_CALLS_OR_LINES: Final = frozenset({seen.notified_states, seen.notified_steps})
"""Projections of observer calls that compare pause lines if the kit cannot see the SDK's observer calls."""


def compared_lanes(identifier: str) -> frozenset[LaneKind]:
    """Return the lanes that a requirement compares; all lanes if the id is unknown or the check names none.

    Args:
        identifier: The requirement's id.
    """
    check = next((required.check for required in REQUIREMENTS if required.id == identifier), None)
    return frozenset(LaneKind) if check is None else lanes_of(check)


def lanes_for(required: AnyRequirement) -> frozenset[LaneKind]:
    """Return the lanes that a requirement compares; all lanes for a requirement on a server."""
    return lanes_of(required.check) if isinstance(required, Requirement) else frozenset(LaneKind)


def lanes_of(check: Check) -> frozenset[LaneKind]:
    """Return the lanes that a check compares; all lanes if they are not known."""
    match check:
        case seen.Same(projections):
            lanes = {_LANES[each] for each in projections if each in _LANES}
            if not _CALLS_OR_LINES.isdisjoint(projections):
                lanes |= {LaneKind.CALLS, LaneKind.LINES}
            known = bool(lanes) or not _WITHOUT_A_LANE.isdisjoint(projections)
            return frozenset(lanes if known else LaneKind)
        case _ if check in _OF_REQUESTS:
            return frozenset({LaneKind.REQUESTS})
        case _:
            return frozenset(LaneKind)
