"""The frozen clock: the wall and monotonic clocks of this process, moved by hand.

Time stands still until something moves it. Two things do: a script (`advance`), and a jump. A jump
happens when every event loop of the process is asleep on a timer and nothing else is at work: waiting
would change nothing but the time, so the clocks move to the next timer at once. An SDK that backs off
for thirty seconds costs no real time, and the timeline shows thirty seconds.

Wall and monotonic clocks are kept apart in whole microseconds. freezegun puts them in the place of
`time.time`, `time.monotonic`, `datetime.now` and their kin in every module. By itself it derives the
monotonic clock from the wall clock; its two private helpers for the monotonic clock are replaced so that
the clocks can be moved apart (`tests/tinker_conformance/clocks/test_frozen_clock.py` fails if a release of
freezegun no longer asks them).
"""

from __future__ import annotations

import datetime
import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol
from unittest import mock

import freezegun
import freezegun.api

from tinker_conformance.clocks.frozen_names import FrozenNames
from tinker_conformance.clocks.meeting import Meeting
from tinker_conformance.clocks.quiet import LOOK_SECONDS, QuietWatch

MICROSECOND: Final = 1_000_000
"""Microseconds in a second."""

DEFAULT_EPOCH: Final = 1_750_000_000.0
"""The wall clock at the start of a scenario that names none, in seconds since 1970."""

MONOTONIC_START_US: Final = 100_000 * MICROSECOND
_NAMES: Final = FrozenNames()
_SCENARIO_SECONDS: Final = 110_000
_SPINNING_PASSES: Final = 10_000

_EPOCH: Final = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - freezegun counts in naive UTC


def to_microseconds(seconds: float) -> int:
    """Converts seconds to the clock's resolution."""
    return round(seconds * MICROSECOND)


def scenario_start(monotonic_us: int) -> int:
    """Where the monotonic clock stands when a scenario begins, given where the last one left it (both in µs).

    It goes on to a whole second from which no scenario reaches the next power of two: among floats of one
    magnitude `(t + 900) - t` is 900 exactly, whatever ran before.
    """
    start = -(-monotonic_us // MICROSECOND)
    if start.bit_length() != (start + _SCENARIO_SECONDS).bit_length():
        start = 1 << start.bit_length()
    return start * MICROSECOND


class JumpListener(Protocol):
    """Is told of each jump, before the sleepers wake."""

    def __call__(self, moved_us: int) -> None:
        """Takes the distance, in microseconds, that both clocks moved."""


class SleepingLoop(Protocol):
    """What the clock needs of an event loop that waits on it."""

    def wake(self) -> None:
        """Makes the loop look at its timers again; callable from any thread."""


@dataclass(slots=True)
class _LoopState:
    idle: bool = False
    due_us: int | None = None
    posted: int = 0
    seen: int = 0
    in_worker: bool = False
    sleeping: bool = False


@dataclass(slots=True)
class _Limits:
    until_us: int | None = None
    on_stall: Callable[[str], None] | None = None
    reported: bool = False


@dataclass(slots=True)
class FrozenClock:
    """The clocks of a process under test, and the decision when to jump.

    Use `frozen()` to put the clocks in force, `new_scenario` to set the wall clock, `advance` to move them,
    and `jumping` around the stretch in which jumps are wanted.
    """

    _wall_us: int = to_microseconds(DEFAULT_EPOCH)
    _monotonic_us: int = MONOTONIC_START_US
    _started_us: int = MONOTONIC_START_US
    _lock: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))
    _loops: dict[SleepingLoop, _LoopState] = field(default_factory=dict)
    _sleepers: list[int] = field(default_factory=list)
    _work: int = 0
    _workers: set[int] = field(default_factory=set)
    _meeting: Meeting = field(default_factory=Meeting)
    _activity: int = 0
    _passes: int = 0
    _jumps_wanted: bool = False
    _limits: _Limits = field(default_factory=_Limits)
    _on_jump: JumpListener | None = None
    _factory: freezegun.api.FrozenDateTimeFactory | None = None

    # -- reading ---------------------------------------------------------------------------------

    @property
    def wall_us(self) -> int:
        """The wall clock, microseconds since 1970."""
        return self._wall_us

    @property
    def monotonic_us(self) -> int:
        """The monotonic clock, microseconds."""
        return self._monotonic_us

    def monotonic(self) -> float:
        """The monotonic clock, seconds."""
        return self._monotonic_us / MICROSECOND

    def _read_monotonic(self) -> float:
        self._meeting.read()
        return self.monotonic()

    def _read_monotonic_ns(self) -> int:
        self._meeting.read()
        return self._monotonic_us * 1000

    def observer_called(self) -> None:
        """An observer was called on this thread; one of the kit's meets others where it reads the clock."""
        if self.is_worker():
            self._meeting.called()

    def elapsed(self) -> float:
        """Virtual seconds since the scenario began, on the monotonic clock."""
        return (self._monotonic_us - self._started_us) / MICROSECOND

    # -- freezing --------------------------------------------------------------------------------

    @contextmanager
    def frozen(self, *, real: tuple[str, ...] = ()) -> Iterator[FrozenClock]:
        """Puts the clocks in force for the whole process; everything is as before afterwards.

        Args:
            real: Beginnings of the names of modules that stay on real time.
        """
        # real_asyncio: loops that are not ours (an SDK's uvloop, a debugger's) go on in real time.
        current_time = freezegun.api.get_current_time

        def read_wall() -> datetime.datetime:
            self._meeting.read()
            return current_time()

        freezer = freezegun.freeze_time(self._wall_datetime(), ignore=list(real), real_asyncio=True)
        with (
            mock.patch.object(freezegun.api, "_get_fake_monotonic", self._read_monotonic),
            mock.patch.object(freezegun.api, "_get_fake_monotonic_ns", self._read_monotonic_ns),
            mock.patch.object(freezegun.api, "get_current_time", read_wall),
            # By default a read is real when a frame of `threading` is among the five callers: in a
            # background thread it would depend on the depth of the stack. Looking at the caller alone keeps
            # `threading` itself on real time.
            mock.patch.object(freezegun.api, "call_stack_inspection_limit", 1),
            mock.patch.object(time, "sleep", self.sleep),
            _NAMES.in_place_of(freezer) as factory,
        ):
            self._factory = factory
            try:
                yield self
            finally:
                self._factory = None

    def _wall_datetime(self) -> datetime.datetime:
        return _EPOCH + datetime.timedelta(microseconds=self._wall_us)

    # -- moving ----------------------------------------------------------------------------------

    def new_scenario(self, epoch: float = DEFAULT_EPOCH) -> None:
        """Sets the wall clock (seconds since 1970); the monotonic clock goes on, `elapsed` starts at 0."""
        with self._lock:
            self._wall_us = to_microseconds(epoch)
            self._monotonic_us = self._started_us = scenario_start(self._monotonic_us)
            self._activity += 1
            self._limits = _Limits()
            self._show()

    def advance(self, wall_us: int, monotonic_us: int) -> None:
        """Moves the clocks, each by its own number of microseconds.

        Raises:
            ValueError: If the monotonic clock would go back.
        """
        if monotonic_us < 0:
            message = (
                f"the monotonic clock cannot go back ({monotonic_us} µs); move the wall clock alone: "
                "{advance: {wall: -1, monotonic: 0}}"
            )
            raise ValueError(message)
        with self._lock:
            self._wall_us += wall_us
            self._monotonic_us += monotonic_us
            self._activity += 1
            self._show()
            self._wake_everyone()

    def _show(self) -> None:
        if self._factory is not None:
            self._factory.move_to(self._wall_datetime())

    def _wake_everyone(self) -> None:
        self._lock.notify_all()
        for loop, state in self._loops.items():
            if state.idle:
                state.idle = False
                loop.wake()

    @contextmanager
    def jumping(
        self, *, limit_seconds: float, on_stall: Callable[[str], None], on_jump: JumpListener | None = None
    ) -> Iterator[None]:
        """Lets the clocks jump to the next timer whenever everything sleeps.

        Args:
            limit_seconds: Virtual seconds from now beyond which no jump goes.
            on_stall: Called once, with the reason, when nothing can happen any more: every loop waits
                without a timer, or the next timer lies beyond the limit. May be called from any thread.
            on_jump: Called with each distance.
        """
        with self._lock:
            self._limits = _Limits(self._monotonic_us + to_microseconds(limit_seconds), on_stall)
            self._on_jump = on_jump
            self._jumps_wanted = True
        try:
            yield
        finally:
            with self._lock:
                self._jumps_wanted = False
                self._on_jump = None
                self._limits = _Limits()

    # -- sleeping --------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Stands in for `time.sleep`: returns when the monotonic clock has moved that far."""
        if seconds < 0:
            message = "sleep length must be non-negative"
            raise ValueError(message)
        with self._lock:
            due = self._monotonic_us + math.ceil(seconds * MICROSECOND)
            if not self._jumps_wanted:
                # Nobody would ever move the clock for this thread.
                moved = due - self._monotonic_us
                self.advance(moved, moved)
                return
            heapq.heappush(self._sleepers, due)
            own_loop = next((state for loop, state in self._loops.items() if _runs_here(loop)), None)
            if own_loop is not None:
                own_loop.idle, own_loop.due_us, own_loop.sleeping = True, due, True
            self._jump_if_everything_sleeps()
            watch = QuietWatch()
            while self._monotonic_us < due and self._jumps_wanted:
                self._lock.wait(LOOK_SECONDS)
                if watch.at_rest(self._activity):
                    self._jump_if_everything_sleeps(at_rest=True)
            self._sleepers.remove(due)
            heapq.heapify(self._sleepers)
            if own_loop is not None:
                own_loop.idle = own_loop.sleeping = False

    # -- what event loops tell (see virtual_loop.py) ---------------------------------------------

    def loop_started(self, loop: SleepingLoop) -> None:
        """A loop begins to run; until it is idle, no jump happens."""
        with self._lock:
            self._loops[loop] = _LoopState(in_worker=threading.get_ident() in self._workers)

    def loop_stopped(self, loop: SleepingLoop) -> None:
        """A loop no longer runs; it no longer counts."""
        with self._lock:
            self._loops.pop(loop, None)
            self._jump_if_everything_sleeps()

    @contextmanager
    def posting(self, loop: SleepingLoop) -> Iterator[None]:
        """Around handing a callback to a loop from any thread: the loop is not idle until it has looked."""
        with self._lock:
            self._activity += 1
            if (state := self._loops.get(loop)) is not None:
                state.posted += 1
                state.idle = False
            yield

    def loop_idle(self, loop: SleepingLoop, due_seconds: float | None) -> bool:
        """A loop has nothing to do before `due_seconds` on the monotonic clock (None: no timer at all).

        Returns:
            True if the loop should wait to be woken, False if it should look again at once.
        """
        with self._lock:
            state = self._loops.get(loop)
            if state is None:
                return True
            if state.posted != state.seen:
                state.seen = state.posted
                return False
            # A due time is a float sum; half a nanosecond of slack keeps 0.30000000000000004 from becoming
            # 300001 µs.
            state.due_us = None if due_seconds is None else math.ceil(due_seconds * MICROSECOND - 0.0005)
            if state.due_us is not None and state.due_us <= self._monotonic_us:
                return False
            state.idle = True
            self._jump_if_everything_sleeps()
            return state.idle

    def loop_passed(self) -> None:
        """A loop goes round once more without waiting.

        A real clock moves meanwhile. An SDK that goes round until a moment has *passed*, and landed on that
        moment exactly, would do so for ever: after very many rounds in which nothing happens the clocks move
        by a microsecond.
        """
        self._passes += 1
        if self._passes >= _SPINNING_PASSES:
            self._passes = 0
            with self._lock:
                if self._jumps_wanted:
                    if self._on_jump is not None:
                        self._on_jump(1)
                    self.advance(1, 1)

    def happened(self) -> None:
        """Something that a timeline shows happened: no loop is going round in vain."""
        self._passes = 0

    def loop_busy(self, loop: SleepingLoop) -> None:
        """A loop that was idle goes on."""
        with self._lock:
            self._activity += 1
            if (state := self._loops.get(loop)) is not None:
                state.idle = False

    def work_started(self) -> None:
        """A thread was given work whose end will be told; its waiting cannot be seen."""
        with self._lock:
            self._work += 1
            self._activity += 1

    def work_ended(self) -> None:
        """Such a thread has finished, and its loop knows."""
        with self._lock:
            self._work -= 1
            self._activity += 1

    @contextmanager
    def working_here(self) -> Iterator[None]:
        """Around such work, on its thread: while an event loop runs there, its waiting can be seen."""
        own = threading.get_ident()
        with self._lock:
            self._workers.add(own)
        try:
            yield
        finally:
            with self._lock:
                self._workers.discard(own)

    def is_worker(self) -> bool:
        """Whether this thread is at such work."""
        return threading.get_ident() in self._workers

    def hidden_work(self) -> bool:
        """Whether a thread is at work, or blocked, in a way that the clock cannot see."""
        with self._lock:
            seen = sum(state.in_worker and not state.sleeping for state in self._loops.values())
            return self._work > len(self._sleepers) + seen

    # -- jumping ---------------------------------------------------------------------------------

    def jump_if_at_rest(self, watch: QuietWatch) -> None:
        """Jumps past threads that cannot be seen, if nothing at all happens; call it every `LOOK_SECONDS`."""
        with self._lock:
            if self.hidden_work() and watch.at_rest(self._activity):
                self._jump_if_everything_sleeps(at_rest=True)

    def _jump_if_everything_sleeps(self, *, at_rest: bool = False) -> None:
        if not self._jumps_wanted or not self._loops or not all(s.idle for s in self._loops.values()):
            return
        if self.hidden_work() and not at_rest:
            return
        due_times = [state.due_us for state in self._loops.values() if state.due_us is not None]
        due_times += self._sleepers[:1]
        if not due_times:
            if not self.hidden_work():
                self._stalled("every event loop waits without a timer and no reply is pending")
            return
        due = min(due_times)
        limit = self._limits.until_us
        if limit is not None and due > limit:
            self._stalled("the SDK still sleeps at the end of the time that a scenario may take")
            return
        moved = due - self._monotonic_us
        if moved > 0:
            if self._on_jump is not None:
                self._on_jump(moved)
            self._wall_us += moved
            self._monotonic_us = due
            self._show()
        self._wake_everyone()

    def _stalled(self, reason: str) -> None:
        if self._limits.on_stall is not None and not self._limits.reported:
            self._limits.reported = True
            self._limits.on_stall(reason)


def _runs_here(loop: SleepingLoop) -> bool:
    return getattr(loop, "thread_ident", None) == threading.get_ident()
