"""The minute in which nothing more is logged."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.conditions import exact_text, graces_training, observes_creation
from tinker_conformance.requirements.needs import CREATION, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement

_DEBOUNCE: Final = "seed, success criterion 5; official SDK, every release"


def _debounce(name: str, sentence: str, *scenarios: str, level: Level = Level.CONTRACT) -> Requirement:
    return Requirement(
        f"debounce.{name}",
        sentence,
        _DEBOUNCE,
        scenarios,
        same(seen.line_clients if "separate" in name else seen.line_times),
        level=level,
    )


def _across_futures_of(operation: Operation) -> Requirement:
    """For each operation of its own: an SDK that is unable to do one may do the other."""

    def holds(profile: Profile) -> bool:
        return operation in profile.observer.observed_operations and operation in profile.polling.operations

    return Requirement(
        f"debounce.across_{operation.value}",
        "The minute of a training client, and its 900 s where it has them, "
        f"hold across futures of {operation.value}.",
        _DEBOUNCE,
        (f"debounce-across-{operation.value.replace('_', '-')}",),
        same(seen.line_rounds),
        holds=holds,
        needs=TRAINING,
    )


DEBOUNCE: Final = (
    _debounce("first_pause_logs", "The first pause is logged at once.", "debounce-first"),
    _debounce("within_a_minute", "A pause 1 ms, or 59.999 s, after a line is not logged.", "debounce-within"),
    _debounce("boundary", "A pause 60 s after a line is logged.", "debounce-boundary"),
    Requirement(
        "debounce.fraction",
        "The minute is measured in fractions of a second, not from one whole second to another.",
        "official SDK, every release",
        ("debounce-fraction",),
        same(seen.line_times),
        holds=exact_text,
    ),
    Requirement(
        "debounce.fraction_or_whole_seconds",
        "The minute is measured in fractions of a second; the seed's sketch counts whole ones.",
        "seed, 'Shared Logger Module' against its Python",
        ("debounce-fraction",),
        same(seen.line_times),
        holds=lambda p: not exact_text(p),
        level=Level.QUIRK,
    ),
    _debounce(
        "begins_at_the_line",
        "The minute begins at the last line; what was kept silent since does not prolong it.",
        "debounce-window-begins-at-the-line",
    ),
    _debounce("across_states", "Another state within the minute is not logged.", "debounce-across-states"),
    _debounce(
        "across_futures", "The minute holds across the futures of one client.", "debounce-across-futures"
    ),
    _debounce(
        "separate_clients",
        "Each client has a minute of its own.",
        "debounce-separate-samplers",
    ),
    Requirement(
        "debounce.separate_creations",
        "Each creation of a model has a minute of its own, of one base model too.",
        "official SDK 0.10.0 to 0.36.0",
        ("debounce-separate-creations",),
        same(seen.line_times),
        holds=lambda p: observes_creation(p) and not graces_training(p),
        level=Level.QUIRK,
        needs=CREATION,
    ),
    _debounce(
        "active", "Active is never logged, and neither ends nor prolongs the minute.", "debounce-active"
    ),
    Requirement(
        "debounce.training",
        "A training client has the same minute.",
        _DEBOUNCE,
        ("debounce-training",),
        same(seen.line_times),
        holds=lambda p: not graces_training(p),
        needs=TRAINING,
    ),
    _across_futures_of(Operation.FORWARD),
    _across_futures_of(Operation.FORWARD_BACKWARD),
    _across_futures_of(Operation.OPTIM_STEP),
    Requirement(
        "debounce.separate_training_clients",
        "Each training client has a minute of its own, and 900 s of its own where it has them.",
        _DEBOUNCE,
        ("debounce-separate-training-clients",),
        same(seen.line_rounds),
        needs=TRAINING,
    ),
    _debounce(
        "clock_stepping_back",
        "While the wall clock stands before the last line, nothing is logged.",
        "debounce-clock-back",
        level=Level.QUIRK,
    ),
    _debounce(
        "wall_clock",
        "The minute is one of the wall clock: a clock set forward ends it.",
        "debounce-wall-alone",
        level=Level.QUIRK,
    ),
)
