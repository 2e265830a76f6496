"""The frozen clock that a test uses.

`time.time`, `time.monotonic`, `datetime.now` and similar functions stand still. Waits move both clocks and
take no real time while nothing else can happen: `time.sleep`, event loops of asyncio and trio, whatever waits
on a `threading.Condition`. The table of all waits is in ``docs/reference/waits.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, Final, TypeVar

from fake_server.script.builder import Seconds
from fake_server.script.builder import advance as advance_step
from fake_server.script.steps import Advance
from tinker_conformance.clocks.foreign_loops import foreign_loops_named
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.paced_loops import Peer, loops_paced
from tinker_conformance.clocks.paced_threads import threads_paced
from tinker_conformance.clocks.paced_trio import trio_paced
from tinker_conformance.clocks.pacing import Pacer
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.downstream.earlier_tests import belongs_to_earlier_test
from tinker_conformance.downstream.other_clocks import time_machine_refused
from tinker_conformance.error_families import UserError

_T = TypeVar("_T")

RUN_LIMIT_SECONDS: Final = 26 * 3600.0
"""The limit of `run` in virtual seconds; the longest wait of any known SDK is two hours."""
LEFT_ON_REAL_TIME: Final = (
    "_pytest",
    "coverage",
    "debugpy",
    "execnet",
    "hypothesis",
    "pluggy",
    "pydevd",
    "pytest_asyncio",
    "pytest_rerunfailures",
    "pytest_timeout",
    "xdist",
)
"""Modules that keep real time, with their threads, because they run tests and measure their duration."""
OWN_PORTS: Final[set[int]] = set()
"""The ports of the fakes in this process; a client that waits for a fake does not move the clock."""


class ClockStalledError(UserError, RuntimeError):
    """Code waits for a frozen clock that nothing moves; the text says which code, and what to do."""


class FakeTinkerClock:
    """The frozen clocks of this process."""

    def __init__(self, clock: FrozenClock, pacer: Pacer) -> None:
        """Wrap a frozen clock, and the pacer that makes this process wait on that clock."""
        self._clock = clock
        self._pacer = pacer

    @property
    def wall(self) -> float:
        """Return the wall clock, seconds since 1970."""
        return self._clock.wall_us / MICROSECOND

    @property
    def monotonic(self) -> float:
        """Return the monotonic clock, seconds."""
        return self._clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Return the virtual seconds since the test began, on the monotonic clock."""
        return self._clock.elapsed()

    def advance(
        self, seconds: Seconds | None = None, *, wall: Seconds | None = None, monotonic: Seconds | None = None
    ) -> None:
        """Move both clocks together, or each by its own number of seconds.

        Args:
            seconds: Seconds to move both clocks; a negative number moves only the wall clock back.
            wall: Seconds to move the wall clock alone.
            monotonic: Seconds to move the monotonic clock alone; never negative.

        Raises:
            ScriptError: If no number is given, `seconds` is mixed with the others, or the monotonic clock
                would go back.
        """
        self.apply(advance_step(seconds, wall=wall, monotonic=monotonic))

    def apply(self, step: Advance) -> None:
        """Move the clocks by a step of a script."""
        self._clock.advance(step.wall_us, step.monotonic_us)

    def run(self, main: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on a new event loop, and end the coroutine if it would wait for ever.

        Raises:
            ClockStalledError: If nothing can happen any more, or not within 26 virtual hours.
        """
        stalls: list[str] = []
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            tasks: list[asyncio.Task[_T]] = []

            def stalled(reason: str) -> None:
                if not stalls:
                    stalls.append(reason)
                    loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

            async def watched() -> _T:
                with self._pacer.watching_for_stalls(RUN_LIMIT_SECONDS, stalled):
                    tasks.append(asyncio.ensure_future(main))
                    return await tasks[0]

            try:
                return runner.run(watched())
            except asyncio.CancelledError:
                if not stalls:
                    raise
                message = f"{stalls[0]}; check what is awaited, or give the wait a timeout"
                raise ClockStalledError(message) from None


_current: list[FakeTinkerClock] = []
"""The clock that is frozen now, if there is one; at most one in a process."""


def current_clock() -> FakeTinkerClock | None:
    """Return the clock that the fixture or `frozen_clock` has frozen; None if no clock is frozen now."""
    return _current[-1] if _current else None


@contextlib.contextmanager
def frozen_clock(epoch: float) -> Iterator[FakeTinkerClock]:
    """Freeze the clocks of the process, and restore them at the end of the block.

    Args:
        epoch: The initial wall clock, in seconds since 1970.

    Raises:
        UserError: If time-machine is active.
    """
    _build_models()
    clock = FrozenClock()
    clock.new_scenario(epoch)
    pacer = Pacer(clock, LEFT_ON_REAL_TIME, ClockStalledError)
    with (
        time_machine_refused(),
        clock.frozen(pacing=pacer),
        threads_paced(pacer),
        trio_paced(pacer),
        loops_paced(pacer, _peer, belongs_to_earlier_test),
        foreign_loops_named(pacer.governs_this_thread),
        contextlib.closing(pacer),
    ):
        made = FakeTinkerClock(clock, pacer)
        _current.append(made)
        try:
            yield made
        finally:
            _current.remove(made)


def _peer(descriptor: int) -> Peer:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            address = connection.getpeername()
    except OSError:  # no socket, or not connected at this moment
        return Peer.UNKNOWN
    return Peer.OWN if isinstance(address, tuple) and address[1] in OWN_PORTS else Peer.FOREIGN


_built: set[str] = set()


def _build_models() -> None:
    """Import all modules of tinker now, since pydantic models built under a frozen clock break.

    Source: tinker 0.1.0 to 0.38.
    """
    tinker = sys.modules.get("tinker")
    if tinker is None or not hasattr(tinker, "__path__") or tinker.__name__ in _built:
        return
    from tinker_conformance.sdk.official.setup import import_everything  # noqa: PLC0415 - rarely needed

    import_everything(tinker)
    _built.add(tinker.__name__)
