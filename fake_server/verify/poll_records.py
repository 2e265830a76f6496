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
        future: Name of the polled future.
        index: 0-based number of the poll among those of the future, over all its submissions.
        arrived: When the poll arrived, in seconds of the engine's clock.
        answered: When the answer was sent, after the script had moved the clocks; None while the answer is
            held.
        status: The answer's HTTP status; None for a transport fault.
        fault: The name of the fault; None if there was none.
    """

    future: str
    index: int
    arrived: float
    answered: float | None = None
    status: int | None = None
    fault: str | None = None

    @property
    def left(self) -> float:
        """When the answer was sent, or, while the answer is held, when the poll arrived; in seconds."""
        return self.arrived if self.answered is None else self.answered

    def __str__(self) -> str:
        return str(self.status or self.fault or "no answer yet")


def gaps_between(polls: Iterable[PollRecord]) -> tuple[float, ...]:
    """Return the seconds from each answer to the next poll, rounded to the microsecond."""
    return tuple(round(after.arrived - before.left, 6) for before, after in itertools.pairwise(polls))


def gap_differences(got: Sequence[float], wanted: Sequence[float], tolerance: float) -> list[str]:
    """Return one line for each gap that differs from the wanted one, and one if their number differs.

    Args:
        got: The gaps in seconds.
        wanted: The wanted gaps in seconds.
        tolerance: Greatest difference in seconds that is accepted.
    """
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
    """Return the answers to polls as one line of text."""
    return ", ".join(map(str, polls)) or "none"
