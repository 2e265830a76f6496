"""The minutes at the beginning of a pause in which nothing is logged."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import graces_training
from tinker_conformance.requirements.needs import CREATION, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_GRACE: Final = "official SDK since 0.38.0"


def _grace(
    name: str,
    sentence: str,
    scenario: str,
    level: Level = Level.CONTRACT,
    needs: frozenset[Capability] = TRAINING,
) -> Requirement:
    return Requirement(
        f"grace.{name}",
        sentence,
        _GRACE,
        (scenario,),
        same(seen.line_times),
        holds=graces_training,
        level=level,
        needs=needs,
    )


GRACE: Final = (
    _grace(
        "boundary",
        "A training client's pause is logged once it has lasted 900 s: not at 899.999 s.",
        "grace-boundary",
    ),
    _grace(
        "then_once_a_minute",
        "After that it is logged at most once a minute, and once a minute has passed.",
        "grace-then-once-a-minute",
    ),
    _grace("change_of_state", "Any change of state begins the 900 s anew.", "grace-change-of-state"),
    _grace("active", "Active begins the 900 s anew.", "grace-active"),
    _grace(
        "completion",
        "The end of a future begins the 900 s anew, for the other futures of its client too.",
        "grace-completion",
    ),
    _grace(
        "monotonic_clock",
        "The 900 s are those of the monotonic clock.",
        "grace-monotonic",
        level=Level.QUIRK,
    ),
    _grace(
        "not_for_sampling",
        "A sampling client's pause is logged at once.",
        "grace-not-for-sampling",
        needs=frozenset(),
    ),
    _grace(
        "model_creation",
        "The creation of a model has the same 900 s.",
        "grace-model-creation",
        needs=CREATION,
    ),
)
