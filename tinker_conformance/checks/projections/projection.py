"""The type of a projection, and `same`, the check that compares two timelines by some projections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tinker_conformance.checks.case import Case, Check, Mismatch
from tinker_conformance.checks.facts import Fact, differences
from tinker_conformance.timeline import Timeline

Projection: TypeAlias = Callable[[Case, Timeline], Iterator[Fact]]
"""A function that returns the facts about a timeline that one requirement compares."""


@dataclass(frozen=True, slots=True)
class Same:
    """The check that two timelines agree in some projections.

    Attributes:
        projections: The projections to compare.
    """

    projections: tuple[Projection, ...]

    def __call__(self, case: Case) -> Iterator[Mismatch]:
        """Yield every difference, projection by projection."""
        for projection in self.projections:
            yield from differences(
                case.scenario.id,
                projection(case, case.expected),
                projection(case, case.observed),
            )


def same(*projections: Projection) -> Check:
    """Return the check that expected and observed timelines agree in these projections."""
    return Same(projections)
