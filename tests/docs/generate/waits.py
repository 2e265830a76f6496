"""The page of all waits under the fixtures' frozen clock, from the rows that its test plays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from tests.tinker_conformance.downstream.wait_rows import ROWS, Kind, Row

_WORDS: Final = {
    Kind.VIRTUAL: "virtual",
    Kind.FOLLOWS: "real, and the clock follows",
    Kind.REAL: "real",
    Kind.REFUSED: "refused",
}
_HEAD: Final = """\
# What a frozen clock does to waits

Generated from the rows that a test plays. Under [`fake_tinker_clock`](../how-to/freeze-the-clock.md), each
way to wait and to read the time is one of these:

| word | meaning |
|---|---|
| virtual | It reads or moves the frozen clock. A wait takes no real time while nothing else can happen |
| real, and the clock follows | It takes real time, and the frozen clock moves on by the same time |
| real | It takes real time, and the frozen clock stands still |
| refused | After five real seconds it raises `ClockStalledError`, which names the line |

Nothing else can happen when every thread waits for another one or for a timer, and no socket, pipe or process
is waited for. Otherwise a virtual wait takes at most the real time that it asks for. The threads of pytest,
its plugins and `fake_tinker_server` do not count.

What is refused is a loop that waits for a clock that nothing moves.

`time.sleep` lets other threads come to their own waits first, for at most half a real second: a thread that
computes longer does not hold it up.

Loops of uvloop keep real time, and a `RuntimeWarning` says so when one begins to run. Runs of trio with
a clock of their own and everything in other processes keep real time, too.
Timers that an earlier test left in an event loop keep it, too.
"""


def document() -> str:
    """Return the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for group, rows in groupby(ROWS, lambda row: row.group):
        yield f"## {group}"
        yield ""
        yield "| what a program does | time |"
        yield "|---|---|"
        yield from map(_line, rows)
        yield ""


def _line(row: Row) -> str:
    return f"| {row.text.replace('|', chr(92) + '|')} | {_WORDS[row.kind]} |"
