"""Requirements on the 900 s at the start of a pause in which nothing is logged."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import graces_training
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CREATION, TRAINING

REQUIREMENTS: Final = (
    Requirement(
        id="grace.boundary",
        sentence="A training client logs a pause once it has lasted 900 s, and not at 899.999 s.",
        source="official SDK since 0.38.0",
        scenarios=("grace-boundary",),
        check=same(seen.line_times),
        holds=graces_training,
        needs=TRAINING,
    ),
    Requirement(
        id="grace.then_once_a_minute",
        sentence="After the first pause line, a pause is logged again once 60 s have passed, and not before.",
        source="official SDK since 0.38.0",
        scenarios=("grace-then-once-a-minute", "debounce-window-model-creation"),
        check=same(seen.line_times),
        holds=graces_training,
    ),
    Requirement(
        id="grace.change_of_state",
        sentence="Any change of state restarts the 900 s grace period.",
        source="official SDK since 0.38.0",
        scenarios=("grace-change-of-state", "grace-restarts-model-creation"),
        check=same(seen.line_times),
        holds=graces_training,
    ),
    Requirement(
        id="grace.active",
        sentence="The state active restarts the 900 s grace period.",
        source="official SDK since 0.38.0",
        scenarios=("grace-active", "grace-restarts-model-creation"),
        check=same(seen.line_times),
        holds=graces_training,
    ),
    Requirement(
        id="grace.completion",
        sentence=(
            "The end of a future restarts the 900 s grace period, also for the other futures of its client."
        ),
        source="official SDK since 0.38.0",
        scenarios=("grace-completion",),
        check=same(seen.line_times),
        holds=graces_training,
        needs=TRAINING,
    ),
    Requirement(
        id="grace.monotonic_clock",
        sentence="The 900 s grace period is measured by the monotonic clock.",
        source="official SDK since 0.38.0",
        scenarios=("grace-monotonic", "debounce-clocks-model-creation"),
        check=same(seen.line_times),
        holds=graces_training,
        level=Level.QUIRK,
    ),
    Requirement(
        id="grace.not_for_sampling",
        sentence="A sampling client has no grace period: it logs a pause at once.",
        source="official SDK since 0.38.0",
        scenarios=("grace-not-for-sampling",),
        check=same(seen.line_times),
        holds=graces_training,
    ),
    Requirement(
        id="grace.model_creation",
        sentence="The creation of a model has a 900 s grace period too.",
        source="official SDK since 0.38.0",
        scenarios=("grace-model-creation",),
        check=same(seen.line_times),
        holds=graces_training,
        needs=CREATION,
    ),
)
