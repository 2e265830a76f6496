"""Compare facts: statements about a timeline, such as "a pause line at 60.000 s".

A fact has a text and a key, which says what it is about: a time, or a reply. Expected and observed facts with
equal keys are paired in order. A fact without a partner, or whose partner has a different text, is a
mismatch. If an expected fact has no partner, the mismatch says what was observed at that time instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from tinker_conformance.checks.case import Mismatch


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a timeline.

    Attributes:
        key: What the fact is about; facts with equal keys are compared with each other.
        at: When the fact holds, virtual seconds since the scenario began.
        says: The statement in words, which is compared.
        shown: The statement with details for the reader, which are not compared.
        event: The index of the fact's event in the timeline.
        repeats: Whether an earlier fact says the same, so that this one is not compared.
    """

    key: Hashable
    at: float
    says: str
    shown: str
    event: int
    repeats: bool = False


NOTHING = "nothing"
_SAME_TIME: Final = 1e-6


def differences(scenario: str, expected: Iterable[Fact], observed: Iterable[Fact]) -> Iterator[Mismatch]:
    """Yield every difference between two lists of facts, in order of time."""
    seen = tuple(observed)
    wanted, got = _by_key(expected), _by_key(seen)
    found: list[Mismatch] = []
    missing: list[Fact] = []
    extra: list[Fact] = []
    for key in dict.fromkeys([*wanted, *got]):
        for want, came in zip_longest(wanted.get(key, ()), got.get(key, ())):
            match want, came:
                case (Fact() as w, Fact() as c) if w.says == c.says:
                    pass
                case (Fact() as w, Fact() as c):
                    found.append(Mismatch(scenario, c.at, w.says, c.shown, c.event))
                case (Fact() as w, None):
                    missing.append(w)
                case (None, Fact() as c):
                    extra.append(c)
                case _:
                    pass
    for w in missing:
        instead = _instead(w, seen, extra)
        if instead is None:
            found.append(Mismatch(scenario, w.at, w.says, NOTHING, missing=w.event))
        else:
            found.append(Mismatch(scenario, w.at, w.says, instead.shown, instead.event))
            extra = [fact for fact in extra if fact is not instead]
    found += [Mismatch(scenario, c.at, NOTHING, c.shown, c.event) for c in extra]
    yield from sorted(found, key=lambda mismatch: mismatch.at)


def _instead(missing: Fact, observed: Iterable[Fact], extra: Iterable[Fact]) -> Fact | None:
    """Return the observed fact at the time of a missing one: one without a partner, else a repeated one."""
    candidates = (*extra, *(fact for fact in observed if fact.repeats))
    then = (fact for fact in candidates if abs(fact.at - missing.at) < _SAME_TIME)
    return next((fact for fact in then if fact.says != missing.says), None)


def _by_key(facts: Iterable[Fact]) -> dict[Hashable, list[Fact]]:
    grouped: dict[Hashable, list[Fact]] = {}
    for fact in facts:
        if fact.repeats:
            continue
        grouped.setdefault(fact.key, []).append(fact)
    return grouped
