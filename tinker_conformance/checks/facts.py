"""Facts, the items that checks compare, and the comparison that all checks share.

A fact has a key (a time, or the reply it follows) and a text. Expected and observed facts with equal keys are
paired in order. A fact without a partner, or with a different text, is a mismatch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from tinker_conformance.checks.case import Mismatch


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a timeline.

    Attributes:
        key: Facts with equal keys are compared with each other.
        at: When it holds, virtual seconds.
        says: The statement in words; compared.
        shown: The same with details for the reader; not compared.
        event: Index of its event in the timeline.
    """

    key: Hashable
    at: float
    says: str
    shown: str
    event: int


NOTHING = "nothing"


def differences(scenario: str, expected: Iterable[Fact], observed: Iterable[Fact]) -> Iterator[Mismatch]:
    """Yield every difference between two lists of facts, in order of time."""
    wanted, got = _by_key(expected), _by_key(observed)
    found: list[Mismatch] = []
    for key in dict.fromkeys([*wanted, *got]):
        for want, came in zip_longest(wanted.get(key, ()), got.get(key, ())):
            match want, came:
                case (Fact() as w, Fact() as c) if w.says == c.says:
                    pass
                case (Fact() as w, Fact() as c):
                    found.append(Mismatch(scenario, c.at, w.says, c.shown, c.event))
                case (Fact() as w, None):
                    found.append(Mismatch(scenario, w.at, w.says, NOTHING))
                case (None, Fact() as c):
                    found.append(Mismatch(scenario, c.at, NOTHING, c.shown, c.event))
                case _:
                    pass
    yield from sorted(found, key=lambda mismatch: mismatch.at)


def _by_key(facts: Iterable[Fact]) -> dict[Hashable, list[Fact]]:
    grouped: dict[Hashable, list[Fact]] = {}
    for fact in facts:
        grouped.setdefault(fact.key, []).append(fact)
    return grouped
