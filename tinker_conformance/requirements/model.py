"""What a requirement is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tinker_conformance.checks.case import Check
from tinker_conformance.profile.profile import Profile
from tinker_conformance.sdk.adapter import Capability


class Level(StrEnum):
    """How much a requirement weighs."""

    CONTRACT = "contract"
    """Users rely on it."""
    QUIRK = "quirk"
    """An accident of the official SDK; others may leave it out without failing, unless judged strictly."""


def always(_profile: Profile) -> bool:
    """Holds for every profile."""
    return True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must hold.

    Attributes:
        id: `chapter.name`; never changes once published.
        sentence: What must hold, one sentence.
        source: Where that is known from.
        scenarios: Ids of the scenarios that show it.
        check: Returns every mismatch of one scenario.
        holds: For which profiles.
        level: How much it weighs.
        needs: Capabilities without which it cannot be asked.
        alternatives: Whether one of the scenarios is enough: the first that shows it.
        since: The kit's version that it came with.
    """

    id: str
    sentence: str
    source: str
    scenarios: tuple[str, ...]
    check: Check
    holds: Callable[[Profile], bool] = always
    level: Level = Level.CONTRACT
    needs: frozenset[Capability] = frozenset()
    alternatives: bool = False
    since: str = "0.1.0"

    @property
    def chapter(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", 1)[0]
