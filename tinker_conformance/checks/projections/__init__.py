"""The projections that requirements compare.

A projection picks some events of a timeline, and some of what they say. A ``Case`` and one of its timelines
go in; facts (statements about that timeline) come out. ``same`` compares the facts of the reference and of
the SDK.
"""

from tinker_conformance.checks.projections.calls import (
    callback_reasons,
    callbacks,
    custom_callbacks,
    notified_counts,
    notified_states,
    notified_steps,
)
from tinker_conformance.checks.projections.functions import (
    function_lines,
    returned_values,
    telemetry_names,
)
from tinker_conformance.checks.projections.lines import (
    line_clients,
    line_identifiers,
    line_levels,
    line_reasons,
    line_rounds,
    line_texts,
    line_times,
    line_verbs,
    lines_at_last,
)
from tinker_conformance.checks.projections.other_lines import (
    billing_lines,
    error_lines,
    retry_lines,
    session_lines,
)
from tinker_conformance.checks.projections.polls import (
    outcome_times,
    outcomes,
    poll_counts,
    poll_iterations,
    poll_times,
    poll_types,
    submissions,
)
from tinker_conformance.checks.projections.projection import (
    Projection,
    Same,
    same,
)
from tinker_conformance.checks.projections.requests import (
    loaded_paths,
    polled_ids,
    repeated_numbers,
    request_clients,
    request_contents,
    request_keys,
    request_metadata,
    request_numbers,
    request_order,
    request_paths,
)
from tinker_conformance.checks.projections.session_requests import (
    cancellation_times,
    cancellations,
    fetched_reports,
    session_poll_cursors,
    session_poll_times,
    session_polls,
)

__all__ = [
    "Projection",
    "Same",
    "billing_lines",
    "callback_reasons",
    "callbacks",
    "cancellation_times",
    "cancellations",
    "custom_callbacks",
    "error_lines",
    "fetched_reports",
    "function_lines",
    "line_clients",
    "line_identifiers",
    "line_levels",
    "line_reasons",
    "line_rounds",
    "line_texts",
    "line_times",
    "line_verbs",
    "lines_at_last",
    "loaded_paths",
    "notified_counts",
    "notified_states",
    "notified_steps",
    "outcome_times",
    "outcomes",
    "poll_counts",
    "poll_iterations",
    "poll_times",
    "poll_types",
    "polled_ids",
    "repeated_numbers",
    "request_clients",
    "request_contents",
    "request_keys",
    "request_metadata",
    "request_numbers",
    "request_order",
    "request_paths",
    "retry_lines",
    "returned_values",
    "same",
    "session_lines",
    "session_poll_cursors",
    "session_poll_times",
    "session_polls",
    "submissions",
    "telemetry_names",
]
