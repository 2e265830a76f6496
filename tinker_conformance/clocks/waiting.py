"""Record what waits for the frozen clock: event loops, sleeping threads, and threads with hidden work.

A thread has hidden work if it was given a function to run (`FrozenClock.work_started`) and nothing tells
whether it computes or is blocked. The clocks may jump only when everything recorded here waits.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field
from typing import Protocol


class SleepingLoop(Protocol):
    """The method that the clock calls on an event loop that waits."""

    def wake(self) -> None:
        """Make the loop look at its timers again; callable from any thread."""


@dataclass(slots=True)
class LoopState:
    """The state of one event loop.

    Attributes:
        idle: Whether the loop waits for its next timer or for `wake`.
        due_us: When the loop's next timer is due, in microseconds of the monotonic clock; None without a
            timer.
        posted: How many callbacks other threads have scheduled on the loop.
        seen: How many of these callbacks the loop has taken note of.
        in_worker: Whether the loop runs on a thread inside `FrozenClock.working_here`.
        sleeping: Whether the loop is blocked in `time.sleep`.
    """

    idle: bool = False
    due_us: int | None = None
    posted: int = 0
    seen: int = 0
    in_worker: bool = False
    sleeping: bool = False


@dataclass(slots=True)
class ClockWaiters:
    """The event loops and threads that wait for one clock.

    Not locked: the clock holds its lock around each call.
    """

    loops: dict[SleepingLoop, LoopState] = field(default_factory=dict)
    sleepers: list[int] = field(default_factory=list)
    work: int = 0
    workers: set[int] = field(default_factory=set)

    def add_loop(self, loop: SleepingLoop) -> None:
        """Add an event loop that starts to run on this thread."""
        self.loops[loop] = LoopState(in_worker=threading.get_ident() in self.workers)

    def own_loop(self) -> LoopState | None:
        """Return the state of the loop that runs on this thread, or None."""
        return next((state for loop, state in self.loops.items() if _runs_here(loop)), None)

    def add_sleeper(self, due_us: int) -> None:
        """Add a thread that sleeps until `due_us`, in microseconds of the monotonic clock."""
        heapq.heappush(self.sleepers, due_us)

    def remove_sleeper(self, due_us: int) -> None:
        """Remove a thread that slept until `due_us`."""
        self.sleepers.remove(due_us)
        heapq.heapify(self.sleepers)

    def every_loop_idle(self) -> bool:
        """Return whether at least one event loop runs, and all running loops wait."""
        return bool(self.loops) and all(state.idle for state in self.loops.values())

    def hidden_work(self) -> bool:
        """Return whether a thread has work and is neither asleep nor in an event loop (see the module)."""
        seen = sum(state.in_worker and not state.sleeping for state in self.loops.values())
        return self.work > len(self.sleepers) + seen

    def next_due_us(self) -> int | None:
        """Return when the first timer is due, in microseconds of the monotonic clock; None: no timer."""
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
