"""Records of polls, and the gaps between the polls of one future."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fake_server.core.number_words import counted
from fake_server.core.wanted_got import wanted_got


@dataclass(frozen=True, slots=True)
class PollRecord:
    """One poll and its answer.

    Attributes:
        future: Name of the future.
        index: 0-based number of the poll of that future, resubmissions included.
        arrived: When it arrived, in seconds of the engine's clock.
        answered: When its answer was sent, after the script had moved the clocks; None while the answer is
            held.
        status: The answer's status, or None for a transport fault.
        fault: The fault's name, or None.
    """

    future: str
    index: int
    arrived: float
    answered: float | None = None
    status: int | None = None
    fault: str | None = None

    @property
    def left(self) -> float:
        """When its answer was sent, or, while the answer is held, when the poll arrived."""
        return self.arrived if self.answered is None else self.answered

    def __str__(self) -> str:
        return str(self.status or self.fault or "no answer yet")


def gaps_between(polls: Iterable[PollRecord]) -> tuple[float, ...]:
    """Return the seconds from each answer to the next poll, rounded to the microsecond."""
    return tuple(round(after.arrived - before.left, 6) for before, after in itertools.pairwise(polls))


def gap_differences(got: Sequence[float], wanted: Sequence[float], tolerance: float) -> list[str]:
    """Return a line for each gap that differs by more than ``tolerance`` seconds, and for a wrong count."""
    lines = [wanted_got(counted(len(wanted), "gap"), len(got))] if len(wanted) != len(got) else []
    lines += [
        f"before poll {place + 2}: {wanted_got(f'{seconds:g} s', f'{measured:g} s')}"
        for place, (seconds, measured) in enumerate(zip(wanted, got, strict=False))
        if abs(seconds - measured) > tolerance
    ]
    all_of_them = ", ".join(f"{gap:g}" for gap in got) or "none"
    return [
        f"{line} (all gaps: {all_of_them}); fix the expected numbers or the client's back-off"
        for line in lines
    ]


def listed(polls: Iterable[PollRecord]) -> str:
    """Return the answers as one line."""
    return ", ".join(map(str, polls)) or "none"
