"""The type of a requirement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tinker_conformance.checks.case import Check
from tinker_conformance.profile.profile import Profile
from tinker_conformance.sdk.adapter import Capability


class Level(StrEnum):
    """How much a requirement weighs."""

    CONTRACT = "contract"
    """Users rely on it."""
    QUIRK = "quirk"
    """An accident of the official SDK; another SDK may differ, and fails for it only with `--strict`."""


class AnyRequirement(Protocol):
    """What verdicts, known failures and reports need to know of a requirement, on an SDK or on a server."""

    @property
    def id(self) -> str:
        """`chapter.name`; never changes once published."""

    @property
    def chapter(self) -> str:
        """The part of the id before the dot."""

    @property
    def sentence(self) -> str:
        """What must hold, in one sentence."""

    @property
    def source(self) -> str:
        """Where that is known from."""

    @property
    def level(self) -> Level:
        """How much it weighs."""

    @property
    def since(self) -> str:
        """The first version of the kit that has it."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Ids of what runs to test it, which mismatches name."""


def always(_profile: Profile) -> bool:
    """Return True: the requirement holds for every profile."""
    return True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must hold.

    Attributes:
        id: `chapter.name`; never changes once published.
        sentence: What must hold, in one sentence.
        source: Where that is known from.
        scenarios: Ids of the scenarios that test it.
        check: Returns every mismatch of one scenario.
        holds: Returns whether it holds for a profile.
        level: How much it weighs.
        needs: Capabilities that an SDK must claim to be judged by it.
        alternatives: Whether it is enough that one of the scenarios passes.
        twice: Whether the scenarios are pairs of equal sessions: what differs in the first does not count.
        since: The first version of the kit that has it.
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
    twice: bool = False
    since: str = "0.1.0"

    @property
    def chapter(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", 1)[0]
