"""What must hold: every requirement, in the order of the chapters (groups of requirements).

Each chapter is a module of `Requirement` values: an id, one sentence, the sentence's source, the profiles for
which it holds, and a check. `as_of` returns the requirements for a profile and a version of the kit.
"""

from __future__ import annotations

from typing import Final

from tinker_conformance.requirements import (
    callback,
    cancellation,
    checkpoints,
    clock,
    concurrency,
    custom_observer,
    debounce,
    functions,
    grace,
    isolation,
    messages,
    parsing,
    polling,
    reasons,
    requests,
    session_polling,
    submissions,
    telemetry,
    trigger,
    wiring,
)
from tinker_conformance.requirements.model import AnyRequirement, Level, Requirement

__all__ = ["CHAPTERS", "REQUIREMENTS", "AnyRequirement", "Level", "Requirement", "in_chapter", "requirement"]

REQUIREMENTS: Final[tuple[Requirement, ...]] = (
    *isolation.REQUIREMENTS,
    *clock.REQUIREMENTS,
    *parsing.REQUIREMENTS,
    *trigger.REQUIREMENTS,
    *callback.REQUIREMENTS,
    *reasons.REQUIREMENTS,
    *messages.REQUIREMENTS,
    *debounce.REQUIREMENTS,
    *grace.REQUIREMENTS,
    *concurrency.REQUIREMENTS,
    *wiring.REQUIREMENTS,
    *requests.REQUIREMENTS,
    *submissions.REQUIREMENTS,
    *polling.REQUIREMENTS,
    *session_polling.REQUIREMENTS,
    *cancellation.REQUIREMENTS,
    *checkpoints.REQUIREMENTS,
    *functions.REQUIREMENTS,
    *custom_observer.REQUIREMENTS,
    *telemetry.REQUIREMENTS,
)
CHAPTERS: Final[tuple[str, ...]] = tuple(dict.fromkeys(r.chapter for r in REQUIREMENTS))

_BY_ID: Final = {requirement.id: requirement for requirement in REQUIREMENTS}


def requirement(identifier: str) -> Requirement:
    """Return the requirement with an id.

    Raises:
        KeyError: There is no requirement with that id.
    """
    return _BY_ID[identifier]


def in_chapter(chapter: str) -> tuple[Requirement, ...]:
    """Return the requirements of a chapter, in order."""
    return tuple(requirement for requirement in REQUIREMENTS if requirement.chapter == chapter)
