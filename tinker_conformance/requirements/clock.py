"""The requirement that the kit's test clock reaches the SDK, on which most others depend."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.model import Requirement

REQUIREMENTS: Final = (
    Requirement(
        id="clock.moves",
        sentence=(
            "The SDK follows the test clock: twenty minutes after a pause line, another pause is logged."
        ),
        source="the kit's own test of itself: without it the debounce cannot be judged",
        scenarios=("debounce-clock-moves", "debounce-clock-moves-logprobs", "debounce-clock-moves-training"),
        check=same(seen.lines_at_last),
        alternatives=True,
    ),
)
