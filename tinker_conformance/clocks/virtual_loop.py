"""An asyncio event loop whose timers follow the frozen clock.

Timers fire by the frozen clock, to the microsecond, while input and output take real time. The loop never
waits for a timer: it reports to the clock that it sleeps, and the clock wakes the loop after it has moved. In
a worker process of the kit all loops are of this kind, including those that an SDK creates in any thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple
from unittest import mock

from tinker_conformance.clocks.frozen_clock import FrozenClock

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

_RESOLUTION_SECONDS: Final = 1e-7
"""How early a timer may fire, in seconds: far less than the clock's microsecond."""

_Ts = TypeVarTuple("_Ts")
_T = TypeVar("_T")


class _ClockSelector(selectors.BaseSelector):
    """A selector that waits for input and output in real time, and for timers in virtual time."""

    def __init__(self, clock: FrozenClock) -> None:
        self._real = selectors.DefaultSelector()
        self._clock = clock
        self.loop: VirtualTimeLoop | None = None

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        loop = self.loop
        if ready or loop is None:
            return ready
        if timeout is not None and timeout <= 0:
            self._clock.loop_passed()
            return ready
        due = None if timeout is None else loop.time() + timeout
        if not self._clock.loop_idle(loop, due):
            return self._real.select(0)
        try:
            return self._real.select(None)
        finally:
            self._clock.loop_busy(loop)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio selector event loop whose timers follow a `FrozenClock`."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock
        self._clock_selector = _ClockSelector(clock)
        self.thread_ident: int | None = None
        super().__init__(self._clock_selector)
        # asyncio's own resolution, a nanosecond, becomes less than the distance between two floats after
        # many scenarios. Then a timer would be due for the clock but never for the loop.
        self._clock_resolution = _RESOLUTION_SECONDS
        self._clock_selector.loop = self

    def time(self) -> float:
        """Return the frozen monotonic clock, in seconds."""
        return self._clock.monotonic()

    def wake(self) -> None:
        """Make the loop look at its timers again; thread-safe."""
        if not self.is_closed():
            super().call_soon_threadsafe(_nothing)

    def run_forever(self) -> None:
        """Run the loop until it is stopped; meanwhile the clock does not jump unless this loop is idle."""
        self.thread_ident = threading.get_ident()
        self._clock.loop_started(self)
        try:
            super().run_forever()
        finally:
            self._clock.loop_stopped(self)
            self.thread_ident = None

    def call_soon_threadsafe(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback as asyncio does; the clock counts the loop as busy until it has run."""
        with self._clock.posting(self):
            return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run a function on a thread as asyncio does; the clock counts it as busy until it has returned."""

        def work() -> _T:
            with self._clock.working_here():
                return func(*args)

        self._clock.work_started()
        try:
            future = super().run_in_executor(executor, work)
        except BaseException:
            self._clock.work_ended()
            raise
        future.add_done_callback(lambda _: self._clock.work_ended())
        return future


@contextlib.contextmanager
def virtual_loops(clock: FrozenClock) -> Iterator[None]:
    """Make every event loop that is created within the block, in any thread, a `VirtualTimeLoop`.

    This replaces `asyncio.new_event_loop`, which `asyncio.run` and `asyncio.Runner` call. An event loop
    policy would do the same, but policies are deprecated in Python 3.14 and gone in 3.16. A loop that a
    program creates from a loop class of its own choice is not replaced.
    """

    def new_event_loop() -> asyncio.AbstractEventLoop:
        return VirtualTimeLoop(clock)

    with (
        mock.patch.object(asyncio, "new_event_loop", new_event_loop),
        mock.patch.object(asyncio.events, "new_event_loop", new_event_loop),
    ):
        yield


def _nothing() -> None:
    """Do nothing: the callback that wakes a loop up."""
