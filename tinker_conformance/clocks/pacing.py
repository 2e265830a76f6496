"""Move the frozen clock past the waits of a process that is not the kit's own.

In a test suite, code waits in ways that the kit did not write: the official SDK's event loop sleeps between
two polls, a test calls ``future.result(timeout=5)``. Here every such wait has a due time on the frozen clock:

- When every thread and event loop of the process waits, nothing but time can change anything. The clocks
  jump to the nearest due time, and no real time passes.
- When something else may still happen (a thread computes, a socket is open), waits take real time. A wait
  that ends that way moves the clocks to its due time.

So no wait takes longer than it would without the kit, and after each one the clocks show it.
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
"""Real seconds between two looks at whether everything waits; they grow from the first to the last."""
_SETTLE_SECONDS: Final = 0.0002
"""Real seconds for which the interpreter is released, so that a thread that was just woken is seen to run."""
_SLEEP_PATIENCE_SECONDS: Final = 0.5
"""Real seconds for which `time.sleep` lets others finish what they do, before it moves the clock."""
_ROUNDING_OF_A_WAIT_US: Final = 0.0005
"""A wait counts from now and is a sum of floats: half a nanosecond keeps 0.30000000000000004 s from becoming
300001 µs."""


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
        due_us: When it is over, on the frozen monotonic clock, microseconds; None without a limit.
        due_real: The same on the real monotonic clock, seconds.
        thread: The identifier of the thread that waits.
        ready: Returns whether what it waits for has come, so that it will end at once.
        wake: Makes it look at the clock; called from any thread.
        outside: Whether it waits for something that happens in real time, so that no clock may jump.
        look: Real seconds until its next look.
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
    """Who is told that nothing can happen any more.

    Attributes:
        until_us: Beyond this moment of the monotonic clock no jump goes, microseconds.
        stalled: Called with the reason; more than once if nobody acts on it.
    """

    until_us: int
    stalled: Callable[[str], None]


class Pacer:
    """Paces the waits of a process by a frozen clock. Thread-safe.

    Attributes:
        active: Whether the clock is still frozen; waits that began earlier go on in real time.
        loop_busy: Returns whether an event loop runs code, on another thread than this one.
        moves_by_servers: For each move by a server of this process, in order: where the monotonic clock
            stood before it, microseconds.
    """

    def __init__(
        self, clock: FrozenClock, harness: tuple[str, ...], refusal: Callable[[str], Exception]
    ) -> None:
        """Create a pacer; the modules beside this one make threads and loops use it.

        Args:
            clock: The frozen clock.
            harness: Modules that run tests: they and their threads keep real time.
            refusal: Makes the error for a loop that waits for a clock that nothing moves, from its text.
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
        """Return whether the functions of `time` that a module has imported stay real."""
        return self._real(module)

    def is_real(self, module: str) -> bool:
        """Return whether the code of a module reads real time, on this thread."""
        if not self.active or self._real(module):
            return True
        return self._on_locks(module) and not self.governs_this_thread()

    def before_read(self) -> None:
        """Take note of a reading of a clock.

        Raises:
            Exception: The refusal, if this thread does nothing but wait for a clock that nothing moves.
        """
        if self.active:
            self._polls.read()

    def clock_moved(self) -> None:
        """Wake what is due; called on the thread that moved the clocks."""
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
        """Return whether waits of this thread follow the frozen clock: not those of the test runner."""
        if not self.active:
            return False
        known: bool | None = vars(self._governed).get("known")
        if known is None:
            own = threading.get_ident() == self._test_thread
            known = self._governed.known = own or not this_thread_works_for(self._not_ours)
        return known

    # -- waits -------------------------------------------------------------------------------------

    def due(self, seconds: float) -> int:
        """Return the moment so many seconds from now, on the frozen monotonic clock, microseconds."""
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
            seconds: How long at most; None without a limit.
            ready: Returns whether what it waits for has come.
            wake: Makes it look at the clock; called from any thread.
            outside: Whether it waits for something that happens in real time.
            before: Its last wait. If it was for the same moment, the real time that it took counts, too.
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
        """Count this thread as waiting until `end`; see `waiting`."""
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
        """No longer count it."""
        with self._lock:
            self._waits.pop(wait, None)
            self._changes += 1

    def waiting_threads(self) -> set[int]:
        """Return the identifiers of the threads that wait."""
        with self._lock:
            return {wait.thread for wait in self._waits}

    def next_look(self, wait: PacedWait) -> float | None:
        """Return for how many real seconds to block before the next look; None if the wait is over.

        Jumps if everything waits. Call it on the thread that waits, in turn with blocking.
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
        """Replace `time.sleep`: move the clocks past every earlier wait, without real time.

        Threads that run meanwhile come to their own waits first, so that what sleeps side by side does not
        add up. That takes at most half a real second: another thread may compute for long.

        Raises:
            ValueError: If the number is negative, as the real one raises it.
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
        """Report within the block if nothing can happen any more, or not before so many virtual seconds."""
        self._stall = StallWatch(self.due(limit_seconds), stalled)
        try:
            yield
        finally:
            self._stall = None

    def close(self) -> None:
        """Let every wait go on in real time."""
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
        """Return whether another thread runs, or is about to; releases the interpreter to see it."""
        if self._another_is_about_to_run(own):
            return True
        before = self._places()
        if not before:
            return False
        RealTime.sleep(_SETTLE_SECONDS)
        return others_runnable() or self._places() != before

    def _places(self) -> dict[int, tuple[int, int]]:
        """Return where each other thread is in its code, but for those that wait and those of the harness.

        A thread that computes, or was just woken, is elsewhere once it had the interpreter.
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
    """Give a forked child real time: its parent's threads, and what they would have done, are gone."""
    for pacer in _pacers:
        pacer.active = False


os.register_at_fork(after_in_child=_in_a_forked_child)
