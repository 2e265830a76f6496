"""Make the waits of a user's test process follow the frozen clock.

In a test suite, code waits in ways that the kit did not write: the official SDK's event loop sleeps between
two polls, a test calls ``future.result(timeout=5)``. For every such wait the `Pacer` knows when it is due on
the frozen clock:

- When every thread and event loop of the process waits, only time can change anything. The clocks jump to the
  nearest due time, and no real time passes.
- When something else may still happen (a thread computes, a socket is open), waits take real time. A wait
  that ends in this way moves the clocks to its due time.

So no wait takes longer than it would without the kit, and after each wait the clocks have moved by its
length. The modules `paced_threads`, `paced_loops` and `paced_trio` replace the functions that wait.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from tinker_conformance.clocks.clock_polls import ClockPolls
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.idle_threads import started_by, this_thread_works_for, waits_for_a_thread
from tinker_conformance.clocks.quiet import others_runnable
from tinker_conformance.clocks.real_modules import (
    FREEZEGUN_LEAVES,
    WAIT_IN_REAL_TIME,
    WAIT_ON_LOCKS,
    among,
)
from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.clocks.two_clocks import MICROSECOND

_FIRST_LOOK_SECONDS: Final = 0.0005
_LAST_LOOK_SECONDS: Final = 0.01
"""Real seconds between two looks at whether everything waits: from `_FIRST_LOOK_SECONDS` they double up to
this.
"""
_SETTLE_SECONDS: Final = 0.0002
"""How many real seconds this thread sleeps, so that a thread that was just woken can start to run."""
_SLEEP_PATIENCE_SECONDS: Final = 0.5
"""For how many real seconds `time.sleep` lets other threads go on, before it moves the clock."""
_ROUNDING_OF_A_WAIT_US: Final = 0.0005
"""The rounding error of a wait's length, in microseconds, so that 0.30000000000000004 s is 300000 µs."""


def _never() -> bool:
    return False


def _nothing() -> None:
    pass


def _no_loop(_thread: int) -> bool:
    return False


@dataclass(eq=False, slots=True)
class PacedWait:
    """One wait of a thread, an event loop or a trio run.

    Attributes:
        due_us: When the wait ends, in microseconds of the frozen monotonic clock; None without a limit.
        due_real: When the wait ends, in seconds of the real monotonic clock.
        thread: The identifier of the thread that waits.
        ready: Returns whether the event waited for has come, so that the wait is about to end.
        wake: Called from any thread to make the waiting thread look at the clock.
        outside: Whether the event waited for takes real time, such as a reply. The clocks do not jump then.
        look: Real seconds until the waiting thread looks at the clock again.
    """

    due_us: int | None
    due_real: float
    thread: int = field(default_factory=threading.get_ident)
    ready: Callable[[], bool] = _never
    wake: Callable[[], None] = _nothing
    outside: bool = False
    look: float = _FIRST_LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class StallWatch:
    """A function to call when the process would wait for ever, or beyond a limit.

    Attributes:
        until_us: The limit, in microseconds of the monotonic clock. The clocks do not jump beyond it.
        stalled: The function, called with the reason; called again if the process goes on waiting.
    """

    until_us: int
    stalled: Callable[[str], None]


class Pacer:
    """Makes the waits of a process follow a frozen clock. Thread-safe.

    Attributes:
        active: Whether the clock is still frozen. After that, waits that have begun take real time.
        loop_busy: Takes a thread's identifier. Returns whether an event loop runs code on another thread.
        moves_by_servers: For each move of the clock by a server in this process, in order: the monotonic
            clock before that move, in microseconds.
    """

    def __init__(
        self, clock: FrozenClock, harness: tuple[str, ...], refusal: Callable[[str], Exception]
    ) -> None:
        """Create a pacer.

        Threads and loops use it only inside `threads_paced`, `loops_paced` and `trio_paced`.

        Args:
            clock: The frozen clock.
            harness: Modules that run tests, such as pytest's: these and their threads keep real time.
            refusal: Returns the error to raise, given its text, when a loop waits for a clock that nothing
                moves.
        """
        self.clock = clock
        self.active = True
        self.loop_busy: Callable[[int], bool] = _no_loop
        self._lock = threading.RLock()
        self._waits: dict[PacedWait, None] = {}
        self._changes = 0
        self.moves_by_servers: list[int] = []
        self._stood_us = clock.monotonic_us
        self._moved_real = 0.0
        self._test_thread = threading.get_ident()
        self._governed = threading.local()
        self._real = among((*WAIT_IN_REAL_TIME, *FREEZEGUN_LEAVES, *harness))
        self._on_locks = among(WAIT_ON_LOCKS)
        self._not_ours = among((*harness, "fake_server"))
        self._stall: StallWatch | None = None
        self._polls = ClockPolls(clock, refusal)
        _pacers.add(self)

    # -- what freezing asks (frozen_clock.Pacing) --------------------------------------------------

    def keeps_names(self, module: str) -> bool:
        """Return whether a module keeps the real functions of `time` that the module has imported by name."""
        return self._real(module)

    def is_real(self, module: str) -> bool:
        """Return whether code of a module reads real time on this thread."""
        if not self.active or self._real(module):
            return True
        return self._on_locks(module) and not self.governs_this_thread()

    def before_read(self) -> None:
        """Called before each reading of a clock, on the thread that reads the clock.

        Raises:
            Exception: The error of `refusal`, if this thread only loops and waits for a clock that nothing
                moves.
        """
        if self.active:
            self._polls.read()

    def clock_moved(self) -> None:
        """Wake the threads whose waits are now over. Called on the thread that moved the clocks."""
        with self._lock:
            self._changes += 1
            self._moved_real = RealTime.monotonic()
            stood, now = self._stood_us, self.clock.monotonic_us
            self._stood_us = now
            if not self.governs_this_thread():
                self.moves_by_servers.append(stood)
            due = [wait for wait in self._waits if wait.due_us is not None and wait.due_us <= now]
        for wait in due:
            wait.wake()

    def governs_this_thread(self) -> bool:
        """Return whether waits of this thread follow the frozen clock.

        Threads of test runner and fake server do not.
        """
        if not self.active:
            return False
        known: bool | None = vars(self._governed).get("known")
        if known is None:
            own = threading.get_ident() == self._test_thread
            known = self._governed.known = own or not this_thread_works_for(self._not_ours)
        return known

    # -- waits -------------------------------------------------------------------------------------

    def due(self, seconds: float) -> int:
        """Return the time in `seconds` from now, in microseconds of the frozen monotonic clock."""
        return self.clock.monotonic_us + max(0, math.ceil(seconds * MICROSECOND - _ROUNDING_OF_A_WAIT_US))

    @contextlib.contextmanager
    def waiting(
        self,
        seconds: float | None,
        *,
        ready: Callable[[], bool] = _never,
        wake: Callable[[], None] = _nothing,
        outside: bool = False,
        before: PacedWait | None = None,
    ) -> Iterator[PacedWait]:
        """Count this thread as waiting within the block.

        Args:
            seconds: The longest time to wait; None without a limit.
            ready: Returns whether the event waited for has come.
            wake: Called from any thread to make this thread look at the clock.
            outside: Whether the event waited for takes real time, such as a reply.
            before: The thread's last wait. If it had the same due time, the real time that it took is
                subtracted.
        """
        wait = self.begin(seconds, ready=ready, wake=wake, outside=outside, before=before)
        try:
            yield wait
        finally:
            self.end(wait)

    def begin(
        self,
        seconds: float | None,
        *,
        ready: Callable[[], bool] = _never,
        wake: Callable[[], None] = _nothing,
        outside: bool = False,
        before: PacedWait | None = None,
    ) -> PacedWait:
        """Count this thread as waiting until `end` is called; the arguments are those of `waiting`."""
        due_us, due_real = None, math.inf
        if seconds is not None:
            due_us, due_real = self.due(seconds), RealTime.monotonic() + seconds
            if before is not None and before.due_us == due_us:
                due_real = before.due_real
        wait = PacedWait(due_us, due_real, ready=ready, wake=wake, outside=outside)
        if before is not None and before.due_us == due_us:
            wait.look = before.look
        with self._lock:
            self._waits[wait] = None
            self._changes += 1
        return wait

    def end(self, wait: PacedWait) -> None:
        """Stop counting the thread of a wait as waiting."""
        with self._lock:
            self._waits.pop(wait, None)
            self._changes += 1

    def waiting_threads(self) -> set[int]:
        """Return the identifiers of the threads that wait."""
        with self._lock:
            return {wait.thread for wait in self._waits}

    def next_look(self, wait: PacedWait) -> float | None:
        """Return how many real seconds this thread may block before the next call; None if the wait is over.

        Moves the clocks if everything waits. Call this on the thread that waits.
        """
        while self.active:
            if wait.due_us is not None and wait.due_us <= self.clock.monotonic_us:
                return None
            if self._jump(wait):
                continue
            left = wait.due_real - RealTime.monotonic()
            if left <= 0 and wait.due_us is not None:
                self.clock.move_to(wait.due_us)
                return None
            look = wait.look
            wait.look = min(look * 2, _LAST_LOOK_SECONDS)
            return min(look, left)
        return None

    def follow(self, seconds: float) -> None:
        """Move the clocks by the real time that a wait for another process took."""
        with self._lock:
            passed = min(seconds, RealTime.monotonic() - self._moved_real)
        self.clock.move_to(self.clock.monotonic_us + math.floor(passed * MICROSECOND))

    def sleep(self, seconds: float) -> None:
        """Replace `time.sleep`: move the clocks by `seconds`, past all earlier due times, without real time.

        Other threads first go on until they wait themselves, so that parallel sleeps do not add up. That
        takes at most `_SLEEP_PATIENCE_SECONDS` of real time, because another thread may compute for long.

        Raises:
            ValueError: If `seconds` is negative, as in the real `time.sleep`.
        """
        if seconds < 0:
            message = "sleep length must be non-negative"
            raise ValueError(message)
        if not self.governs_this_thread():
            RealTime.sleep(seconds)
            return
        with self.waiting(seconds) as wait:
            give_up = RealTime.monotonic() + min(seconds, _SLEEP_PATIENCE_SECONDS)
            while wait.due_us is not None and self.clock.monotonic_us < wait.due_us:
                if RealTime.monotonic() < give_up and self._another_runs(wait):
                    RealTime.sleep(_SETTLE_SECONDS)
                else:
                    self.clock.move_to(min(wait.due_us, self._next_due() or wait.due_us))

    @contextlib.contextmanager
    def watching_for_stalls(self, limit_seconds: float, stalled: Callable[[str], None]) -> Iterator[None]:
        """Call `stalled` within the block if the process would wait for ever, or longer than the limit.

        Args:
            limit_seconds: The limit, in virtual seconds from now.
            stalled: Called with the reason, as text.
        """
        self._stall = StallWatch(self.due(limit_seconds), stalled)
        try:
            yield
        finally:
            self._stall = None

    def close(self) -> None:
        """Let every wait go on in real time, because the clock is no longer frozen."""
        self.active = False
        self._polls.forget()
        with self._lock:
            waits = list(self._waits)
        for wait in waits:
            wait.wake()

    # -- jumps -------------------------------------------------------------------------------------

    def _next_due(self) -> int | None:
        with self._lock:
            return min((wait.due_us for wait in self._waits if wait.due_us is not None), default=None)

    def _jump(self, wait: PacedWait) -> bool:
        """Move the clocks to the nearest due time if everything waits; return whether they moved."""
        changes, due_us, stall = self._changes, self._next_due(), self._stall
        if (due_us is None and stall is None) or not self._everything_waits(wait):
            return False
        if len(self._waits) > 1 or len(sys._current_frames()) > 1:  # noqa: SLF001 - documented in sys
            # A thread that was just woken still seems to wait, until it gets the interpreter.
            RealTime.sleep(_SETTLE_SECONDS)
            if others_runnable() or not self._everything_waits(wait):
                return False
        with self._lock:
            if self._changes != changes:
                return False
            if stall is not None and (due_us is None or due_us > stall.until_us):
                stall.stalled(
                    "every event loop waits without a timer and no reply is pending"
                    if due_us is None
                    else "the SDK still sleeps at the end of the time that a scenario may take"
                )
                return False
            if due_us is not None:
                self.clock.move_to(due_us)
            return True

    def _everything_waits(self, own: PacedWait) -> bool:
        with self._lock:
            waits = list(self._waits)
        now = self.clock.monotonic_us
        if any(_will_run(wait, now) for wait in waits if wait is not own) or own.ready() or own.outside:
            return False
        if any(wait.outside for wait in waits):
            return False
        seen = {wait.thread for wait in waits}
        return all(
            thread in seen or waits_for_a_thread(frame) or self._is_harness(thread, frame)
            for thread, frame in sys._current_frames().items()  # noqa: SLF001 - documented in sys
        )

    def _is_harness(self, thread: int, frame: FrameType) -> bool:
        return thread != self._test_thread and started_by(frame, self._not_ours)

    def _another_runs(self, own: PacedWait) -> bool:
        """Return whether another thread runs or is about to run. Sleeps shortly, so that it can."""
        if self._another_is_about_to_run(own):
            return True
        before = self._places()
        if not before:
            return False
        RealTime.sleep(_SETTLE_SECONDS)
        return others_runnable() or self._places() != before

    def _places(self) -> dict[int, tuple[int, int]]:
        """Return the frame and the instruction at which each other thread is.

        Threads that wait, and threads that run tests, are left out. If a thread computes or was just woken,
        its place changes as soon as it gets the interpreter.
        """
        seen = {*self.waiting_threads(), threading.get_ident()}
        return {
            thread: (id(frame), frame.f_lasti)
            for thread, frame in sys._current_frames().items()  # noqa: SLF001 - documented in sys
            if thread not in seen and not self._is_harness(thread, frame)
        }

    def _another_is_about_to_run(self, own: PacedWait) -> bool:
        now = self.clock.monotonic_us
        with self._lock:
            waits = [wait for wait in self._waits if wait is not own]
        return any(_will_run(wait, now) for wait in waits) or self.loop_busy(own.thread)


def _will_run(wait: PacedWait, now_us: int) -> bool:
    return (wait.due_us is not None and wait.due_us <= now_us) or wait.ready()


_pacers: weakref.WeakSet[Pacer] = weakref.WeakSet()


def _in_a_forked_child() -> None:
    """Let a forked child process have real time: the other threads of its parent do not exist there."""
    for pacer in _pacers:
        pacer.active = False


os.register_at_fork(after_in_child=_in_a_forked_child)
