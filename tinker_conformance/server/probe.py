"""The type of a probe: one rule for a server, with the check that decides whether the server follows it."""

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
    """The range of releases of the official SDK that rely on a rule.

    Attributes:
        first: The first of these releases.
        last: The last of these releases; None if the newest release relies on the rule, too.
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
    """One rule that a server must follow, with its check.

    Attributes:
        id: `chapter.name`; never changes once published.
        sentence: The rule, in one sentence.
        source: What the first of these releases of `tinker` does, or the public issue about servers that
            break the rule. Without a full stop, which reports add.
        check: Sends requests to the server, and notes each difference from the rule in the `Probing`.
        level: How much the rule weighs.
        needs: The features that a server must have for the probe to apply.
        releases: The releases of the official SDK that rely on the rule.
        waits: How many real seconds the probe waits at most; 0 for none. `--quick` leaves out probes that
            wait.
        since: The first version of the kit that has the probe.
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
        """The part of the id before the dot, which groups probes."""
        return self.id.split(".", 1)[0]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The id of the probe.

        Mismatches and known failures name this where those of SDKs name a scenario.
        """
        return (self.id,)
