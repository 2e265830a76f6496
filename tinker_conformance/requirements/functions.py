"""Requirements on the SDK's public logging functions, called without a client."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import LOGGER_FUNCTIONS, PARSE_FUNCTION

REQUIREMENTS: Final = (
    Requirement(
        id="functions.reason_for_state",
        sentence="The function reason_for_state returns the profile's reasons.",
        source="seed, 'Phase 1'",
        scenarios=("functions-reason-for-state",),
        check=same(seen.returned_values),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.should_log",
        sentence=(
            "The function should_log returns true at first, and again once the interval (60 s by default) "
            "has passed."
        ),
        source="seed, 'Phase 1'",
        scenarios=("functions-should-log",),
        check=same(seen.returned_values),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.log_state_change",
        sentence="The function log_state_change logs the profile's pause line, and nothing for active.",
        source="seed, 'Phase 1'",
        scenarios=("functions-log-state-change",),
        check=same(seen.function_lines),
        needs=LOGGER_FUNCTIONS,
    ),
    Requirement(
        id="functions.parse_queue_state",
        sentence="The function parse_queue_state, called by itself, reads queue states as the SDK does.",
        source="seed, 'The Gap Explained'",
        scenarios=("functions-parse",),
        check=same(seen.returned_values),
        needs=PARSE_FUNCTION,
    ),
)
