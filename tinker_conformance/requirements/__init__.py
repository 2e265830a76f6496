"""What must hold: every requirement, in the order of the chapters."""

from __future__ import annotations

from typing import Final

from tinker_conformance.requirements import (
    callback,
    concurrency,
    connection_faults,
    custom,
    debounce,
    details,
    grace,
    messages,
    parsing,
    reasons,
    service,
    trigger,
)
from tinker_conformance.requirements.requirement import Level, Requirement

__all__ = ["CHAPTERS", "REQUIREMENTS", "Level", "Requirement", "in_chapter", "requirement"]

REQUIREMENTS: Final[tuple[Requirement, ...]] = (
    *service.CLOCK,
    *parsing.PARSING,
    *trigger.TRIGGER,
    *callback.CALLBACK,
    *reasons.REASONS,
    *messages.MESSAGES,
    *debounce.DEBOUNCE,
    *grace.GRACE,
    *concurrency.CONCURRENCY,
    *service.WIRING,
    *service.POLLING,
    *details.POLLING,
    *connection_faults.FAULTS,
    *service.REQUEST_TYPES,
    *service.FUNCTIONS,
    *custom.CUSTOM,
    *service.TELEMETRY,
)
CHAPTERS: Final[tuple[str, ...]] = tuple(dict.fromkeys(r.chapter for r in REQUIREMENTS))

_BY_ID: Final = {requirement.id: requirement for requirement in REQUIREMENTS}


def requirement(identifier: str) -> Requirement:
    """The requirement of that id.

    Raises:
        KeyError: If there is none.
    """
    return _BY_ID[identifier]


def in_chapter(chapter: str) -> tuple[Requirement, ...]:
    """The requirements of a chapter, in order."""
    return tuple(requirement for requirement in REQUIREMENTS if requirement.chapter == chapter)
