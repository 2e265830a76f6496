"""The frozen clock: the wall and monotonic clocks of this process, which only the kit moves.

Time stands still until a scenario moves the clocks (`FrozenClock.advance`), or until everything in the
process sleeps and the clocks jump to the next timer (rules in `jumps.py`). The event loops of
`virtual_loop.py` and the threads of the kit report to the clock when they start and stop waiting.

`two_clocks.py` holds the two times, `freezing.py` makes the process read them, `waiting.py` records who
waits, and `race_provoker.py` makes threads race. This module combines the four under one lock.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from tinker_conformance.clocks.freezing import frozen_time
from tinker_conformance.clocks.jumps import JumpListener, JumpRules
from tinker_conformance.clocks.quiet import LOOK_SECONDS, QuietWatch
from tinker_conformance.clocks.race_provoker import RaceProvoker
from tinker_conformance.clocks.real_modules import keeps_real_time
from tinker_conformance.clocks.two_clocks import (
    DEFAULT_EPOCH,
    MICROSECOND,
    TwoClocks,
    to_microseconds,
)
from tinker_conformance.clocks.waiting import ClockWaiters, SleepingLoop

_ROUNDING_OF_A_DUE_TIME_US: Final = 0.05
"""The rounding error of a due time, in microseconds, so that 0.30000000000000004 s does not become 300001 µs.
It is larger than that of a wait: after a year of uptime two neighbouring floats are 4 ns apart.
"""
_SPINNING_PASSES: Final = 10_000


def _nothing() -> None:
    pass


class Pacing(Protocol):
    """The functions that replace how a process waits while its clocks are frozen. `pacing.Pacer` has them."""

    def sleep(self, seconds: float) -> None:
        """Replace `time.sleep`."""

    def before_read(self) -> None:
        """Called before each reading of a clock, on the thread that reads the clock."""

    def keeps_names(self, module: str) -> bool:
        """Return whether a module keeps the real functions of `time` that the module has imported by name."""

    def is_real(self, module: str) -> bool:
        """Return whether code of a module reads real time on this thread."""

    def clock_moved(self) -> None:
        """Called after the clocks were moved, on the thread that moved them."""


@dataclass(slots=True)
class FrozenClock:
    """The wall and the monotonic clock of one process, with the rules for when they jump. Thread-safe.

    `frozen` makes the process read these clocks, `new_scenario` sets the wall clock, `advance` moves both,
    and `jumping` lets them jump to the next timer when the whole process sleeps.
    """

    _clocks: TwoClocks = field(default_factory=TwoClocks)
    _waiting: ClockWaiters = field(default_factory=ClockWaiters)
    _races: RaceProvoker = field(default_factory=RaceProvoker)
    _lock: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))
    _rules: JumpRules | None = None
    _activity: int = 0
    _passes: int = 0
    _show: Callable[[], None] = _nothing
    _moved: Callable[[], None] = _nothing

    # -- reading ---------------------------------------------------------------------------------

    @property
    def wall_us(self) -> int:
        """The wall clock, in microseconds since 1970."""
        return self._clocks.wall_us

    @property
    def monotonic_us(self) -> int:
        """The monotonic clock, in microseconds."""
        return self._clocks.monotonic_us

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self._clocks.monotonic()

    def elapsed(self) -> float:
        """Return the virtual seconds since the scenario started, on the monotonic clock."""
        return self._clocks.elapsed()

    def observer_called(self) -> None:
        """Record that the SDK called an observer on this thread.

        The thread's next readings of the clock then wait a moment for a reading by another thread, so that a
        missing lock in the SDK shows as a race (`race_provoker.py`).
        """
        if self.is_worker():
            self._races.observer_called()

    # -- freezing --------------------------------------------------------------------------------

    @contextmanager
    def frozen(self, *, real: tuple[str, ...] = (), pacing: Pacing | None = None) -> Iterator[FrozenClock]:
        """Make the whole process read these clocks within the block.

        Args:
            real: Names of further modules that keep real time. Ignored with `pacing`, which knows such
                modules.
            pacing: Replaces how the process waits. None: only `time.sleep` and the event loops of
                `virtual_loop.py` follow these clocks.
        """
        waits = self if pacing is None else pacing
        keeps = keeps_real_time(*real)
        with frozen_time(
            self._clocks,
            sleep=waits.sleep,
            before_read=self._races.clock_read if pacing is None else pacing.before_read,
            keeps_names=keeps if pacing is None else pacing.keeps_names,
            is_real=keeps if pacing is None else pacing.is_real,
            # Without pacing, loops that are not ours (an SDK's uvloop, a debugger's) go on in real time.
            real_asyncio=pacing is None,
        ) as show:
            self._show = show
            self._moved = _nothing if pacing is None else pacing.clock_moved
            try:
                yield self
            finally:
                self._show = self._moved = _nothing

    # -- moving ----------------------------------------------------------------------------------

    def new_scenario(self, epoch: float = DEFAULT_EPOCH, uptime: float | None = None) -> None:
        """Start a scenario: set the wall clock and let `elapsed` begin at 0. The monotonic clock continues.

        Args:
            epoch: The new wall clock, in seconds since 1970.
            uptime: The seconds at which the monotonic clock continues, as in `TwoClocks.start_scenario`.
                None: at a later whole second.
        """
        with self._lock:
            self._clocks.start_scenario(epoch, uptime)
            if self._rules is not None:
                self._rules.restart(self.monotonic_us)
            self._activity += 1
            self._show()

    def advance(self, wall_us: int, monotonic_us: int) -> None:
        """Move the clocks, each by its own number of microseconds.

        Raises:
            ValueError: If the monotonic clock would go back.
        """
        with self._lock:
            self._clocks.move(wall_us, monotonic_us)
            self._activity += 1
            self._show()
            self._wake_everyone()
        self._moved()

    def move_to(self, due_us: int) -> None:
        """Move both clocks forward until the monotonic clock is at `due_us` microseconds.

        Do nothing if the monotonic clock is past that already.
        """
        with self._lock:
            moved = due_us - self.monotonic_us
            if moved > 0:
                self.advance(moved, moved)

    def _wake_everyone(self) -> None:
        self._lock.notify_all()
        self._waiting.wake_loops()

    @contextmanager
    def jumping(
        self, *, limit_seconds: float, on_stall: Callable[[str], None], on_jump: JumpListener | None = None
    ) -> Iterator[None]:
        """Let the clocks jump to the next timer within the block whenever every event loop and thread sleeps.

        Args:
            limit_seconds: How far the clocks may jump, in virtual seconds from now or from the next
                scenario's start.
            on_stall: Called at most once, from any thread, when the process would sleep for ever or beyond
                the limit: every event loop waits without a timer, or the next timer is later than the limit.
                Gets the reason as text.
            on_jump: Called with the microseconds of each jump, before the sleeping threads and loops wake.
        """
        with self._lock:
            limit_us = to_microseconds(limit_seconds)
            self._rules = JumpRules(limit_us, self.monotonic_us + limit_us, on_stall, on_jump)
        try:
            yield
        finally:
            with self._lock:
                self._rules = None

    # -- sleeping --------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Block this thread until the monotonic clock has moved by this many seconds. Replaces `time.sleep`.

        Outside `jumping` nothing else would move the clocks, so this method moves them and returns at once.

        Raises:
            ValueError: If `seconds` is negative, as in the real `time.sleep`.
        """
        if seconds < 0:
            message = "sleep length must be non-negative"
            raise ValueError(message)
        with self._lock:
            moved = math.ceil(seconds * MICROSECOND)
            if self._rules is None:
                # The clocks do not jump now, so nothing else would move them for this thread.
                self.advance(moved, moved)
                return
            due = self.monotonic_us + moved
            self._waiting.add_sleeper(due)
            own_loop = self._waiting.own_loop()
            if own_loop is not None:
                own_loop.idle, own_loop.due_us, own_loop.sleeping = True, due, True
            self._jump_if_everything_sleeps()
            watch = QuietWatch()
            while self.monotonic_us < due and self._rules is not None:
                self._lock.wait(LOOK_SECONDS)
                if watch.at_rest(self._activity):
                    self._jump_if_everything_sleeps(at_rest=True)
            self._waiting.remove_sleeper(due)
            if own_loop is not None:
                own_loop.idle = own_loop.sleeping = False

    # -- what event loops report (see virtual_loop.py) --------------------------------------------

    def loop_started(self, loop: SleepingLoop) -> None:
        """Record that an event loop runs on this thread.

        The clocks do not jump until the loop calls `loop_idle`.
        """
        with self._lock:
            self._waiting.add_loop(loop)

    def loop_stopped(self, loop: SleepingLoop) -> None:
        """Record that an event loop no longer runs."""
        with self._lock:
            self._waiting.loops.pop(loop, None)
            self._jump_if_everything_sleeps()

    @contextmanager
    def posting(self, loop: SleepingLoop) -> Iterator[None]:
        """Surround code that schedules a callback on an event loop from any thread.

        The loop does not count as idle until it has run the callback, so the clocks do not jump meanwhile.
        """
        with self._lock:
            self._activity += 1
            if (state := self._waiting.loops.get(loop)) is not None:
                state.posted += 1
                state.idle = False
            yield

    def loop_idle(self, loop: SleepingLoop, due_seconds: float | None) -> bool:
        """Record that an event loop has nothing to run before its next timer.

        Args:
            loop: The event loop.
            due_seconds: When its next timer is due, in seconds of the monotonic clock; None without a timer.

        Returns:
            True if the loop should block until its `wake` is called; False if the loop should look for work
            again at once.
        """
        with self._lock:
            state = self._waiting.loops.get(loop)
            if state is None:
                return True
            if state.posted != state.seen:
                state.seen = state.posted
                return False
            state.due_us = (
                None
                if due_seconds is None
                else math.ceil(due_seconds * MICROSECOND - _ROUNDING_OF_A_DUE_TIME_US)
            )
            if state.due_us is not None and state.due_us <= self.monotonic_us:
                return False
            state.idle = True
            self._jump_if_everything_sleeps()
            return state.idle

    def loop_passed(self) -> None:
        """Record that an event loop runs another iteration without waiting.

        With a real clock, time would pass. An SDK that polls the clock until a moment has *passed* would spin
        for ever after a jump to exactly that moment. So after `_SPINNING_PASSES` iterations without an event
        of the timeline, the clocks move by a microsecond.
        """
        self._passes += 1
        if self._passes >= _SPINNING_PASSES:
            self._passes = 0
            with self._lock:
                if self._rules is not None:
                    self._rules.jumped(1)
                    self.advance(1, 1)

    def happened(self) -> None:
        """Record an event of the timeline, such as a request: the event loops are then not spinning."""
        self._passes = 0

    def loop_busy(self, loop: SleepingLoop) -> None:
        """Record that an event loop that was idle has work again."""
        with self._lock:
            self._activity += 1
            if (state := self._waiting.loops.get(loop)) is not None:
                state.idle = False

    # -- what threads report ---------------------------------------------------------------------

    def work_started(self) -> None:
        """Record that a thread was given work, such as a function passed to `run_in_executor`.

        The clock cannot see when such a thread waits (on a lock, a queue), so the clocks do not jump before
        `work_ended`, except as `jump_if_at_rest` says.
        """
        with self._lock:
            self._waiting.work += 1
            self._activity += 1

    def work_ended(self) -> None:
        """Record that the work of `work_started` has finished and that its event loop has been notified."""
        with self._lock:
            self._waiting.work -= 1
            self._activity += 1

    @contextmanager
    def working_here(self) -> Iterator[None]:
        """Surround the work of `work_started`, on the thread that does it.

        If an event loop runs on that thread, the clock can see when the loop waits, and the work is no longer
        hidden.
        """
        own = threading.get_ident()
        with self._lock:
            self._waiting.workers.add(own)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.workers.discard(own)

    def is_worker(self) -> bool:
        """Return whether this thread is inside `working_here`."""
        return threading.get_ident() in self._waiting.workers

    def hidden_work(self) -> bool:
        """Return whether a thread has work (`work_started`) and is neither asleep nor in an event loop.

        Such a thread computes or blocks on a lock, and the clock cannot tell which.
        """
        with self._lock:
            return self._waiting.hidden_work()

    # -- jumping ---------------------------------------------------------------------------------

    def jump_if_at_rest(self, watch: QuietWatch) -> None:
        """Let the clocks jump to the next timer although a thread with hidden work has not reported its end.

        That thread may be blocked until a timer fires, so without a jump the scenario would hang. The clocks
        jump only if `watch` has found the process idle: no recorded event, no processor time used, no thread
        runnable. Call this every `LOOK_SECONDS` real seconds.
        """
        with self._lock:
            if self.hidden_work() and watch.at_rest(self._activity):
                self._jump_if_everything_sleeps(at_rest=True)

    def _jump_if_everything_sleeps(self, *, at_rest: bool = False) -> None:
        rules = self._rules
        if rules is None:
            return
        moved = rules.next_jump_us(self._waiting, self.monotonic_us, at_rest=at_rest)
        if moved is None:
            return
        if moved:
            rules.jumped(moved)
            self._clocks.move(moved, moved)
            self._show()
        self._wake_everyone()
