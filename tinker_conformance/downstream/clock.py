"""The frozen clock as a test holds it.

`time.time`, `time.monotonic`, `datetime.now` and their kin stand still; `time.sleep`, in any thread, returns
at once and moves both clocks. Event loops stay on real time, because loops that a test runner or an SDK made
are not ours: an `asyncio.sleep` in a test really waits. `run` is there for clients whose sleeps shall cost
nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, Final, TypeVar

from fake_server.script.builder import Seconds
from fake_server.script.builder import advance as advance_step
from fake_server.script.steps import Advance
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop

_T = TypeVar("_T")

RUN_LIMIT_SECONDS: Final = 26 * 3600.0
"""Virtual seconds that `run` may take; the longest wait of any known SDK is two hours."""
LEFT_ON_REAL_TIME: Final = ("_pytest", "pluggy", "pytest_asyncio", "xdist", "execnet", "hypothesis")
"""Modules that measure how long a test takes."""


class ClockStalledError(RuntimeError):
    """What `FakeTinkerClock.run` was given would never end; the text says why and what to do."""


class FakeTinkerClock:
    """The frozen clocks of this process."""

    def __init__(self, clock: FrozenClock) -> None:
        """Takes a clock that is in force."""
        self._clock = clock

    @property
    def wall(self) -> float:
        """The wall clock, seconds since 1970."""
        return self._clock.wall_us / MICROSECOND

    @property
    def monotonic(self) -> float:
        """The monotonic clock, seconds."""
        return self._clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the test began, on the monotonic clock."""
        return self._clock.elapsed()

    def advance(
        self, seconds: Seconds | None = None, *, wall: Seconds | None = None, monotonic: Seconds | None = None
    ) -> None:
        """Moves the clocks: both, or each by its own number of seconds.

        Args:
            seconds: Moves both; a negative number steps the wall clock back and no other.
            wall: Moves the wall clock alone.
            monotonic: Moves the monotonic clock alone; never negative.

        Raises:
            ScriptError: No number, both forms at once, or a monotonic clock going back.
        """
        self.apply(advance_step(seconds, wall=wall, monotonic=monotonic))

    def apply(self, step: Advance) -> None:
        """Moves the clocks as a step of a script says."""
        self._clock.advance(step.wall_us, step.monotonic_us)

    def run(self, main: Coroutine[Any, Any, _T]) -> _T:
        """Runs a coroutine on an event loop whose time is this clock: its sleeps cost no real time.

        For `fake_tinker` (in process) only: a client that waits for a real socket looks asleep, and its
        time-out would be jumped to.

        Raises:
            ClockStalledError: If it waits for what can never happen.
        """
        stalls: list[str] = []
        with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(self._clock)) as runner:
            loop = runner.get_loop()
            tasks: list[asyncio.Task[_T]] = []

            def stalled(reason: str) -> None:
                stalls.append(reason)
                loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

            async def watched() -> _T:
                with self._clock.jumping(limit_seconds=RUN_LIMIT_SECONDS, on_stall=stalled):
                    tasks.append(asyncio.ensure_future(main))
                    return await tasks[0]

            try:
                return runner.run(watched())
            except asyncio.CancelledError:
                if not stalls:
                    raise
                message = (
                    f"{stalls[0]}; see what is awaited, or use fake_tinker (in process) rather than a socket"
                )
                raise ClockStalledError(message) from None


@contextlib.contextmanager
def frozen_clock(epoch: float) -> Iterator[FakeTinkerClock]:
    """Freezes the clocks of the process; everything is as before afterwards.

    Args:
        epoch: Where the wall clock begins, seconds since 1970.
    """
    _build_models()
    clock = FrozenClock()
    clock.new_scenario(epoch)
    with clock.frozen(real=LEFT_ON_REAL_TIME):
        yield FakeTinkerClock(clock)


_built: set[str] = set()


def _build_models() -> None:
    """Pydantic models that are first built under a frozen clock break (seen with tinker 0.1.0 to 0.38.0)."""
    tinker = sys.modules.get("tinker")
    if tinker is None or not hasattr(tinker, "__path__") or tinker.__name__ in _built:
        return
    from tinker_conformance.sdk.official.setup import import_everything  # noqa: PLC0415 - rarely needed

    import_everything(tinker)
    _built.add(tinker.__name__)
