"""The type of a requirement, and of its level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tinker_conformance.checks.case import Check
from tinker_conformance.profile.profile import Profile
from tinker_conformance.sdk.adapter import Capability


class Level(StrEnum):
    """How much a requirement weighs: whether an SDK that does not meet it fails."""

    CONTRACT = "contract"
    """Users rely on the behaviour; an SDK that differs fails."""
    QUIRK = "quirk"
    """An accident of the official SDK; an SDK that differs fails only with `--strict`."""


class AnyRequirement(Protocol):
    """The interface of a requirement, on an SDK or a server, for verdicts, known failures and reports."""

    @property
    def id(self) -> str:
        """Return the id, `chapter.name`, which never changes once published."""

    @property
    def chapter(self) -> str:
        """The part of the id before the dot."""

    @property
    def sentence(self) -> str:
        """Return what must hold, in one sentence."""

    @property
    def source(self) -> str:
        """Return the source of the sentence: a document, or measured releases."""

    @property
    def level(self) -> Level:
        """Return how much the requirement weighs."""

    @property
    def since(self) -> str:
        """Return the first version of the kit that has the requirement."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Return the ids of the scenarios, or of the probe, that test the requirement."""


def always(_profile: Profile) -> bool:
    """Return True: the requirement holds for every profile."""
    return True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must hold for an SDK.

    Attributes:
        id: The id, `chapter.name`, which never changes once published.
        sentence: What must hold, in one sentence.
        source: The source of the sentence: a document, or measured releases.
        scenarios: Ids of the scenarios that test the requirement.
        check: Returns every mismatch of one scenario.
        holds: Returns whether the requirement holds for a profile.
        level: How much the requirement weighs.
        needs: Capabilities that an SDK must claim to be judged by the requirement.
        alternatives: Whether it is enough that one of the scenarios passes.
        twice: Whether the scenarios are pairs of equal ones, of which only the second counts, if the first
            has no mismatch.
        since: The first version of the kit that has the requirement.
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
