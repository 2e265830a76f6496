"""What a projection is, and the check that compares two timelines in some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from tinker_conformance.judging.case import Case, Check, Mismatch
from tinker_conformance.judging.facts import Fact, differences
from tinker_conformance.timeline import Timeline

Projection: TypeAlias = Callable[[Case, Timeline], Iterator[Fact]]


def same(*projections: Projection) -> Check:
    """The check that expected and observed timelines agree in these projections."""

    def check(case: Case) -> Iterator[Mismatch]:
        for projection in projections:
            yield from differences(
                case.scenario.id,
                projection(case, case.expected),
                projection(case, case.observed),
            )

    return check
