"""The frozen clock: the wall and monotonic clocks of this process, moved by hand.

Time stands still until a script (`advance`) or a jump (`jumps.py`) moves it. `two_clocks.py` holds the two
values, and `freezing.py` replaces the real clocks by them. `waiting.py` tracks what waits on them, and
`race_provoker.py` makes threads that read them race. This module holds the lock and combines the four.
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
"""A due time is a float sum: the slack keeps 0.30000000000000004 s from becoming 300001 µs. It is larger than
for a wait, since after a year of uptime two neighbouring floats are 4 ns apart."""
_SPINNING_PASSES: Final = 10_000


def _nothing() -> None:
    pass


class Pacing(Protocol):
    """What takes over the waits of a process whose clocks are frozen."""

    def sleep(self, seconds: float) -> None:
        """Replace `time.sleep`."""

    def before_read(self) -> None:
        """Take note of a reading of a clock, on the thread that reads."""

    def keeps_names(self, module: str) -> bool:
        """Return whether the functions of `time` that a module has imported stay real."""

    def is_real(self, module: str) -> bool:
        """Return whether the code of a module reads real time, on this thread."""

    def clock_moved(self) -> None:
        """Take note that the clocks were moved; called on the thread that moved them."""


@dataclass(slots=True)
class FrozenClock:
    """The clocks of a process under test, and when they jump.

    `frozen()` makes the process read these clocks, `new_scenario` sets the wall clock, `advance` moves both,
    and `jumping` allows jumps within a block. Thread-safe.
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
        """The wall clock, microseconds since 1970."""
        return self._clocks.wall_us

    @property
    def monotonic_us(self) -> int:
        """The monotonic clock, microseconds."""
        return self._clocks.monotonic_us

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self._clocks.monotonic()

    def elapsed(self) -> float:
        """Return the virtual seconds since the scenario started, on the monotonic clock."""
        return self._clocks.elapsed()

    def observer_called(self) -> None:
        """Note that an observer was called on this thread, so that its next readings meet other threads'."""
        if self.is_worker():
            self._races.observer_called()

    # -- freezing --------------------------------------------------------------------------------

    @contextmanager
    def frozen(self, *, real: tuple[str, ...] = (), pacing: Pacing | None = None) -> Iterator[FrozenClock]:
        """Make the whole process read these clocks within the block.

        Args:
            real: Names of further modules that stay on real time, if there is no `pacing` to say it.
            pacing: What takes over the waits of the process; without it, only `time.sleep` and the loops of
                `virtual_loop.py` follow the clocks.
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
        """Set the wall clock (seconds since 1970). The monotonic clock continues, and `elapsed` is 0.

        Args:
            epoch: The wall clock, in seconds since 1970.
            uptime: Where the monotonic clock goes on (`TwoClocks.start_scenario`); None for where it stands.
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
        """Move both clocks until the monotonic clock stands there (µs), unless it is past that already."""
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
        """Let the clocks jump to the next timer whenever everything sleeps.

        Args:
            limit_seconds: Virtual seconds, from now or from a new scenario, beyond which no jump goes.
            on_stall: Called once, with the reason, when nothing can happen any more: every loop waits
                without a timer, or the next timer lies beyond the limit. May be called from any thread.
            on_jump: Called with each distance.
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
        """Replace `time.sleep`: return when the monotonic clock has moved that far.

        Raises:
            ValueError: If the number is negative, as the real one raises it.
        """
        if seconds < 0:
            message = "sleep length must be non-negative"
            raise ValueError(message)
        with self._lock:
            moved = math.ceil(seconds * MICROSECOND)
            if self._rules is None:
                # Nobody would ever move the clock for this thread.
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
        """Note that a loop runs; until it is idle, no jump happens."""
        with self._lock:
            self._waiting.add_loop(loop)

    def loop_stopped(self, loop: SleepingLoop) -> None:
        """Note that a loop no longer runs."""
        with self._lock:
            self._waiting.loops.pop(loop, None)
            self._jump_if_everything_sleeps()

    @contextmanager
    def posting(self, loop: SleepingLoop) -> Iterator[None]:
        """Wrap the scheduling of a callback: until the loop has run it, the loop does not count as idle."""
        with self._lock:
            self._activity += 1
            if (state := self._waiting.loops.get(loop)) is not None:
                state.posted += 1
                state.idle = False
            yield

    def loop_idle(self, loop: SleepingLoop, due_seconds: float | None) -> bool:
        """Note that a loop has nothing to do before `due_seconds` on the monotonic clock (None: no timer).

        Returns:
            True if the loop should wait to be woken, False if it should look again at once.
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
        """Record that a loop runs another iteration without waiting.

        A real clock would move meanwhile. An SDK that polls the clock until a moment has *passed* would spin
        forever if a jump landed exactly on that moment. So after very many iterations without any event, the
        clocks move by a microsecond.
        """
        self._passes += 1
        if self._passes >= _SPINNING_PASSES:
            self._passes = 0
            with self._lock:
                if self._rules is not None:
                    self._rules.jumped(1)
                    self.advance(1, 1)

    def happened(self) -> None:
        """Record that an event of the timeline happened, so that no loop counts as spinning."""
        self._passes = 0

    def loop_busy(self, loop: SleepingLoop) -> None:
        """Note that an idle loop continues."""
        with self._lock:
            self._activity += 1
            if (state := self._waiting.loops.get(loop)) is not None:
                state.idle = False

    # -- what threads report ---------------------------------------------------------------------

    def work_started(self) -> None:
        """Note that a thread was given work whose end will be reported; its waiting cannot be seen."""
        with self._lock:
            self._waiting.work += 1
            self._activity += 1

    def work_ended(self) -> None:
        """Note that such a thread has finished, and that its loop knows."""
        with self._lock:
            self._waiting.work -= 1
            self._activity += 1

    @contextmanager
    def working_here(self) -> Iterator[None]:
        """Surround such work, on its thread: while an event loop runs there, its waiting can be seen."""
        own = threading.get_ident()
        with self._lock:
            self._waiting.workers.add(own)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.workers.discard(own)

    def is_worker(self) -> bool:
        """Return whether this thread does such work."""
        return threading.get_ident() in self._waiting.workers

    def hidden_work(self) -> bool:
        """Return whether a thread works, or blocks, in a way that the clock cannot see."""
        with self._lock:
            return self._waiting.hidden_work()

    # -- jumping ---------------------------------------------------------------------------------

    def jump_if_at_rest(self, watch: QuietWatch) -> None:
        """Jump past threads that cannot be seen, if nothing at all happens; call it every `LOOK_SECONDS`."""
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
