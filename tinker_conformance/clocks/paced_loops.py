"""Make asyncio's event loops follow the frozen clock, whoever created them and whenever they started.

The official SDK keeps one loop in a thread for the life of the process, so the loop may be older than the
test. So this module replaces the loop's selector between two of its iterations, and restores it at the end;
both times the loop's timers are shifted by the difference of the clocks. Loops with a clock of their own
(uvloop, trio's guest mode) stay as they are. `pacing.Pacer` decides when a wait is over.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import contextlib
import heapq
import math
import selectors
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass, field
from enum import Enum
from types import CodeType
from typing import Any, Final
from unittest import mock

from tinker_conformance.clocks.held_time import HeldTime
from tinker_conformance.clocks.pacing import PacedWait, Pacer
from tinker_conformance.clocks.real_time import RealTime

_RESOLUTION_SECONDS: Final = 1e-7
"""How early a timer may fire, in seconds: far less than the clock's microsecond, and more than rounding
errors.
"""
_RELEASE_SECONDS: Final = 2.0
"""How many real seconds a loop in another thread may take to notice that the clock is no longer frozen."""

PeerOf = Callable[[int], "Peer"]
"""A function that takes a file descriptor and returns what it is connected to."""
IsLeftover = Callable[[Context], bool]
"""A function that takes a context and returns whether the code in it belongs to an earlier test."""


class Peer(Enum):
    """What a file descriptor is connected to: a server in this process, another process, or unknown.

    A reply of a server in this process takes no time on the frozen clock. A wait for another process moves
    the clock by the real time it took.
    """

    OWN = "own"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class _Loop(asyncio.SelectorEventLoop):
    """The private attributes of asyncio's loops that this module uses (Python 3.11 to 3.14), for mypy."""

    _selector: Any
    _scheduled: list[Any]
    _clock_resolution: float
    _thread_id: int | None
    _ssock: socket.socket


class _PacedSelector:
    """Replaces the selector of an event loop, so that the loop's waits follow the frozen clock.

    While the loop waits for a reply of a server in this process, its timers are held back: they see the time
    at which the wait began, even if the server moves the clock before the reply arrives.
    """

    def __init__(self, pacer: Pacer, loop: _Loop, peer: PeerOf) -> None:
        self.real = loop._selector  # noqa: SLF001 - see _Loop
        self._pacer = pacer
        self._loop = weakref.ref(loop)
        self._wakes_loop = loop._ssock.fileno()  # noqa: SLF001 - see _Loop
        self._peer = peer
        self._time = HeldTime(pacer)
        self._held_due: tuple[int | None, float] = (None, math.inf)
        self._last: PacedWait | None = None
        self._is_older = bool(loop._scheduled)  # noqa: SLF001 - see _Loop
        self._late: list[Any] = []
        self._ahead = pacer.clock.monotonic() - RealTime.monotonic()
        self.register, self.unregister, self.modify = (
            self.real.register,
            self.real.unregister,
            self.real.modify,
        )
        self.get_key, self.get_map, self.close = self.real.get_key, self.real.get_map, self.real.close

    def timers_at_us(self) -> int:
        """Return the time by which the loop decides which timers are due, in microseconds."""
        return self._time.now_us(lambda: self._has_own(self._others()))

    def _others(self) -> list[int]:
        return [key.fd for key in self.real.get_map().values() if key.fd != self._wakes_loop]

    def _has_own(self, descriptors: list[int]) -> bool:
        return any(self._peer(descriptor) is Peer.OWN for descriptor in descriptors)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = self.real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        began = RealTime.monotonic()
        timeout, until_real = self._split(timeout)
        others = self._others()
        if self._has_own(others):
            return self._select_held(timeout, until_real)
        if self._release():
            return ready
        with self._pacer.waiting(
            timeout,
            ready=lambda: bool(self.real.select(0)),
            wake=self._wake,
            outside=bool(others),
            before=self._last,
        ) as self._last:
            while not ready and (seconds := self._pacer.next_look(self._last)) is not None:
                left = until_real - RealTime.monotonic()
                if left <= 0:
                    break
                ready = self.real.select(min(seconds, left))
        if any(key.fd in others and self._peer(key.fd) is Peer.FOREIGN for key, _ in ready):
            self._pacer.follow(RealTime.monotonic() - began)
        return ready

    def _select_held(
        self, timeout: float | None, until_real: float
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait in real time for a reply of a server in this process, with the loop's timers held back.

        Otherwise the client's read timeout could fire before a reply that is on its way.
        """
        ready: list[tuple[selectors.SelectorKey, int]] = []
        clock = self._pacer.clock
        held_us = self._time.hold()
        due_us = None if timeout is None else held_us + math.ceil(timeout * 1e6)
        if due_us != self._held_due[0]:
            left = math.inf if due_us is None else self._time.seconds_until(due_us)
            self._held_due = due_us, RealTime.monotonic() + left
        with self._pacer.waiting(
            None, ready=lambda: bool(self.real.select(0)), wake=self._wake, outside=True
        ) as wait:
            while not ready and (seconds := self._pacer.next_look(wait)) is not None:
                left = min(until_real, self._held_due[1]) - RealTime.monotonic()
                if left <= 0:
                    break
                ready = self.real.select(min(seconds, left))
        if due_us is not None and not ready and self._held_due[1] <= RealTime.monotonic():
            clock.move_to(due_us)
            self._release()
        return ready

    def _release(self) -> bool:
        """Let the loop's timers see the frozen clock again.

        Returns:
            Whether the clock has moved while the timers were held back.
        """
        self._held_due = (None, math.inf)
        return self._time.release()

    def keep_back(self, is_leftover: IsLeftover) -> None:
        """Keep the timers of earlier tests on real time.

        Otherwise hundreds of heartbeats would follow each jump.
        """
        loop = self._loop()
        if loop is None or not self._is_older:
            return
        ahead = self._pacer.clock.monotonic() - RealTime.monotonic()
        moved, self._ahead = ahead - self._ahead, ahead
        scheduled = loop._scheduled  # noqa: SLF001 - see _Loop
        self._late = [each for each in scheduled if is_leftover(each._context)]  # noqa: SLF001 - see _Loop
        for handle in self._late:
            handle._when += moved  # noqa: SLF001 - see _Loop
        if self._late:
            heapq.heapify(scheduled)

    def _split(self, timeout: float | None) -> tuple[float | None, float]:
        """Return how long to wait for this test's timers, and until when for those of earlier tests.

        Returns:
            Seconds on the frozen clock, None without a timer; seconds of the real monotonic clock.
        """
        loop = self._loop()
        if loop is None or not self._late:
            return timeout, math.inf
        now, late = loop.time(), set(map(id, self._late))
        timers: list[Any] = loop._scheduled  # noqa: SLF001 - see _Loop
        own = [each.when() for each in timers if id(each) not in late and not each.cancelled()]
        first = min(handle.when() for handle in self._late)
        return min((when - now for when in own), default=None), RealTime.monotonic() + first - now

    def _wake(self) -> None:
        if (loop := self._loop()) is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_nothing)


@dataclass(slots=True)
class _Loops:
    """The event loops whose selectors are replaced."""

    pacer: Pacer
    peer: PeerOf
    paced_time: object = None
    taken: weakref.WeakKeyDictionary[_Loop, _PacedSelector] = field(default_factory=weakref.WeakKeyDictionary)

    def selector_of(self, loop: asyncio.BaseEventLoop) -> _PacedSelector | None:
        """Return the selector for a loop's next iteration; None to leave the loop its own."""
        if not isinstance(loop, asyncio.SelectorEventLoop) or type(loop).time is not self.paced_time:
            return None
        own: Any = loop
        selector = self.taken.get(own)
        if not self.pacer.active:
            if selector is not None:
                self.give_back(own)
            return None
        if selector is None and self.pacer.governs_this_thread():
            return self._take(own)
        return selector

    def _take(self, loop: _Loop) -> _PacedSelector:
        _shift(loop, self.pacer.clock.monotonic() - RealTime.monotonic())
        selector = self.taken[loop] = _PacedSelector(self.pacer, loop, self.peer)
        return selector

    def give_back(self, loop: _Loop) -> None:
        """Let a loop follow real time again.

        Call this on the loop's thread or while the loop does not run.
        """
        if self.taken.pop(loop, None) is not None:
            _shift(loop, RealTime.monotonic() - self.pacer.clock.monotonic())

    def busy(self, thread: int) -> bool:
        """Return whether an event loop runs code on another thread than `thread`."""
        waiting = self.pacer.waiting_threads()
        return any(
            loop.is_running() and loop._thread_id not in waiting and loop._thread_id != thread  # noqa: SLF001 - see _Loop
            for loop in tuple(self.taken)
        )

    def give_all_back(self) -> None:
        """Let every loop follow real time again, after the pacer was closed."""
        give_up = RealTime.monotonic() + _RELEASE_SECONDS
        own = threading.get_ident()
        for loop in tuple(self.taken):
            while loop in self.taken and loop.is_running() and loop._thread_id != own:  # noqa: SLF001 - see _Loop
                if RealTime.monotonic() > give_up:
                    break
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_nothing)
                RealTime.sleep(0.0005)
            self.give_back(loop)


@contextlib.contextmanager
def loops_paced(pacer: Pacer, peer: PeerOf, is_leftover: IsLeftover) -> Iterator[None]:
    """Make every asyncio loop follow the clock of a pacer within the block.

    A loop that runs already does so from its next iteration on.

    Args:
        pacer: The pacer.
        peer: Returns what a file descriptor is connected to.
        is_leftover: Returns whether a timer's context belongs to an earlier test; such timers keep real time.
    """
    base = asyncio.base_events.BaseEventLoop
    run_once, loops = vars(base)["_run_once"], _Loops(pacer, peer)

    def paced_time(loop: asyncio.BaseEventLoop) -> float:
        selector = loops.taken.get(loop)  # type: ignore[call-overload]
        if selector is None:
            return RealTime.monotonic()
        if sys._getframe(1).f_code is run_once.__code__:  # noqa: SLF001 - documented in sys
            return float(selector.timers_at_us() / 1e6)
        return pacer.clock.monotonic()

    def paced_run_once(loop: _Loop) -> None:
        selector = loops.selector_of(loop)
        if selector is None:
            run_once(loop)
            return
        selector.keep_back(is_leftover)
        resolution = loop._clock_resolution  # noqa: SLF001 - see _Loop
        loop._selector, loop._clock_resolution = selector, max(resolution, _RESOLUTION_SECONDS)  # noqa: SLF001 - see _Loop
        try:
            run_once(loop)
        finally:
            loop._selector, loop._clock_resolution = selector.real, resolution  # noqa: SLF001 - see _Loop

    loops.paced_time = paced_time
    pacer.loop_busy = loops.busy
    with contextlib.ExitStack() as patched:
        for loops_class in _with_the_time_of(base):
            patched.enter_context(mock.patch.object(loops_class, "time", paced_time))
        patched.enter_context(mock.patch.object(base, "_run_once", paced_run_once))
        for loop in _running_with(run_once.__code__):
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_nothing)
        try:
            yield
        finally:
            pacer.close()
            loops.give_all_back()


def _with_the_time_of(base: type[asyncio.BaseEventLoop]) -> list[type[asyncio.BaseEventLoop]]:
    """Return the classes whose method `time` must be replaced.

    freezegun leaves the method of the base class in those classes that it froze.
    """
    classes = [base]
    for loops_class in classes:  # the list grows in the loop: subclasses of subclasses follow
        classes += loops_class.__subclasses__()
    return [each for each in classes if vars(each).get("time") is vars(base)["time"]]


def _running_with(run_once: CodeType) -> Iterator[asyncio.BaseEventLoop]:
    """Return the loops that any thread is running, found by the code of their method `_run_once`."""
    for innermost in sys._current_frames().values():  # noqa: SLF001 - documented in sys
        frame = innermost
        while frame is not None:
            if frame.f_code is run_once:
                yield frame.f_locals["self"]
            frame = frame.f_back  # type: ignore[assignment]


def _shift(loop: _Loop, seconds: float) -> None:
    """Move all timers of a loop by `seconds`; their order stays the same."""
    for handle in loop._scheduled:  # noqa: SLF001 - see _Loop
        handle._when += seconds  # noqa: SLF001 - see _Loop


def _nothing() -> None:
    """Do nothing: the callback that wakes a loop up."""
