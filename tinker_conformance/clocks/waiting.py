"""Track what waits on the clock: event loops, sleeping threads, and threads whose waits are invisible."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field
from typing import Protocol


class SleepingLoop(Protocol):
    """What the clock needs of an event loop that waits on it."""

    def wake(self) -> None:
        """Make the loop look at its timers again; callable from any thread."""


@dataclass(slots=True)
class LoopState:
    """What one event loop is doing.

    Attributes:
        idle: Whether it waits for its next timer, or to be woken.
        due_us: When its next timer is due, on the monotonic clock; None without one.
        posted: How many callbacks other threads have scheduled on it.
        seen: How many of these it has looked at.
        in_worker: Whether it runs on a thread of the kit's own work.
        sleeping: Whether it blocks in `time.sleep`.
    """

    idle: bool = False
    due_us: int | None = None
    posted: int = 0
    seen: int = 0
    in_worker: bool = False
    sleeping: bool = False


@dataclass(slots=True)
class ClockWaiters:
    """Everything that waits on a clock. Not locked: its owner holds the lock."""

    loops: dict[SleepingLoop, LoopState] = field(default_factory=dict)
    sleepers: list[int] = field(default_factory=list)
    work: int = 0
    workers: set[int] = field(default_factory=set)

    def add_loop(self, loop: SleepingLoop) -> None:
        """Count a loop that starts to run on this thread."""
        self.loops[loop] = LoopState(in_worker=threading.get_ident() in self.workers)

    def own_loop(self) -> LoopState | None:
        """Return the state of the loop that runs on this thread, or None."""
        return next((state for loop, state in self.loops.items() if _runs_here(loop)), None)

    def add_sleeper(self, due_us: int) -> None:
        """Count a thread that sleeps until then."""
        heapq.heappush(self.sleepers, due_us)

    def remove_sleeper(self, due_us: int) -> None:
        """No longer count such a thread."""
        self.sleepers.remove(due_us)
        heapq.heapify(self.sleepers)

    def every_loop_idle(self) -> bool:
        """Return whether there are loops, and all of them wait."""
        return bool(self.loops) and all(state.idle for state in self.loops.values())

    def hidden_work(self) -> bool:
        """Return whether a thread works, or blocks, in a way that cannot be seen."""
        seen = sum(state.in_worker and not state.sleeping for state in self.loops.values())
        return self.work > len(self.sleepers) + seen

    def next_due_us(self) -> int | None:
        """Return when the first timer is due, on the monotonic clock; None if there is none."""
        due = [state.due_us for state in self.loops.values() if state.due_us is not None]
        return min([*due, *self.sleepers[:1]], default=None)

    def wake_loops(self) -> None:
        """Make every waiting loop look at its timers again."""
        for loop, state in self.loops.items():
            if state.idle:
                state.idle = False
                loop.wake()


def _runs_here(loop: SleepingLoop) -> bool:
    return getattr(loop, "thread_ident", None) == threading.get_ident()
