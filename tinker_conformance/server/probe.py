"""The type of a probe: one requirement on a server, with the question that decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tinker_conformance.requirements import Level
from tinker_conformance.server.features import Feature
from tinker_conformance.server.probing import Probing

SINCE: Final = "0.1.0"


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of the official SDK that rely on something.

    Attributes:
        first: The first.
        last: The last, or None if the newest release does too.
    """

    first: str = "0.1.0"
    last: str | None = None

    def __str__(self) -> str:
        if self.last is not None:
            return f"{self.first} to {self.last}"
        return "every release" if self.first == "0.1.0" else f"{self.first} and newer"


EVERY: Final = Releases()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that must hold for a server.

    Attributes:
        id: `chapter.name`; never changes once published.
        sentence: What must hold, in one sentence.
        source: The release that relies on it, or the public issue where its absence hurt.
        check: Asks the server, and reports each difference to the `Probing` that it gets.
        level: How much it weighs.
        needs: What the server must offer to be judged by it.
        releases: The releases of the official SDK that rely on it.
        waits: How many real seconds it waits; 0 for none. `--quick` leaves out those that wait.
        since: The first version of the kit that has it.
    """

    id: str
    sentence: str
    source: str
    check: Callable[[Probing], None]
    level: Level = Level.CONTRACT
    needs: frozenset[Feature] = frozenset()
    releases: Releases = EVERY
    waits: float = 0
    since: str = SINCE

    @property
    def chapter(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", 1)[0]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The id, by which mismatches and known failures name what ran."""
        return (self.id,)
