"""The SDK's public functions, called by themselves."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import LOGGER_FUNCTIONS, PARSE_FUNCTION

REQUIREMENTS: Final = (
    Requirement(
        id="functions.reason_for_state",
        sentence="reason_for_state returns the profile's reasons.",
        source="seed, 'Phase 1'",
        scenarios=("functions-reason-for-state",),
        check=same(seen.returned_values),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.should_log",
        sentence="should_log is true at first, and when the interval (60 s unless given) has passed.",
        source="seed, 'Phase 1'",
        scenarios=("functions-should-log",),
        check=same(seen.returned_values),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.log_state_change",
        sentence="log_state_change logs the profile's pause line, and logs nothing for active.",
        source="seed, 'Phase 1'",
        scenarios=("functions-log-state-change",),
        check=same(seen.function_lines),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.parse_queue_state",
        sentence="The parser by itself reads words as the SDK does.",
        source="seed, 'The Gap Explained'",
        scenarios=("functions-parse",),
        check=same(seen.returned_values),
        needs=PARSE_FUNCTION,
    ),
)
