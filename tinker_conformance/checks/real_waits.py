"""The check that an SDK does not wait in real time where it should poll at once.

On a slow machine, a single long gap between a reply and the next poll proves nothing. But an SDK that waits
does so each time, so the check compares the shortest of several gaps with a bound far above the duration of a
request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fake_server.core.number_words import counted
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.timeline import Request, Response

BOUND_SECONDS: Final = 0.2
"""The shortest real wait that is reported, seconds."""
_LEAST: Final = 3
"""How many gaps there must be at least; with fewer, the check reports nothing."""


def no_real_wait(case: Case) -> Iterator[Mismatch]:
    """Yield a mismatch if every poll after a 408 came later than the bound, in real time."""
    after_408: set[int | None] = set()
    gaps: list[tuple[float, int, Request]] = []
    for place, event in enumerate(case.observed):
        match event:
            case Response(status=status, future=future):
                (after_408.add if status == 408 else after_408.discard)(future)
            case Request(gap=float(gap), future=future) if future in after_408:
                gaps.append((gap, place, event))
            case _:
                pass
    if len(gaps) < _LEAST:
        return
    shortest, place, request = min(gaps, key=lambda each: each[0])
    if shortest >= BOUND_SECONDS:
        wanted = f"polls at once after a 408, in real time too (within {BOUND_SECONDS:g} s)"
        got = f"a real wait of {shortest:.1f} s or more before each of {counted(len(gaps), 'poll')}"
        yield Mismatch(case.scenario.id, request.at, wanted, got, place)
