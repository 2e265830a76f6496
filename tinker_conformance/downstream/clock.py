"""The frozen clock that a test uses.

`time.time`, `time.monotonic`, `datetime.now` and similar functions stand still. `time.sleep`, in any thread,
returns at once and moves both clocks. Event loops stay on real time, because a test runner or an SDK owns
them: `asyncio.sleep` in a test really waits. Use `run` for clients whose sleeps should take no real time.
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
from tinker_conformance.error_families import ConformanceError

_T = TypeVar("_T")

RUN_LIMIT_SECONDS: Final = 26 * 3600.0
"""The limit of `run` in virtual seconds; the longest wait of any known SDK is two hours."""
LEFT_ON_REAL_TIME: Final = ("_pytest", "pluggy", "pytest_asyncio", "xdist", "execnet", "hypothesis")
"""Modules that keep real time, because they measure the duration of tests."""


class ClockStalledError(ConformanceError, RuntimeError):
    """The coroutine given to `FakeTinkerClock.run` would never end; the text says why and what to do."""


class FakeTinkerClock:
    """The frozen clocks of this process."""

    def __init__(self, clock: FrozenClock) -> None:
        """Wrap a clock that is already frozen."""
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
        """Move both clocks together, or each by its own number of seconds.

        Args:
            seconds: Seconds to move both clocks; a negative number moves only the wall clock back.
            wall: Seconds to move the wall clock alone.
            monotonic: Seconds to move the monotonic clock alone; never negative.

        Raises:
            ScriptError: If no number is given, both forms are mixed, or the monotonic clock would go back.
        """
        self.apply(advance_step(seconds, wall=wall, monotonic=monotonic))

    def apply(self, step: Advance) -> None:
        """Move the clocks by a step of a script."""
        self._clock.advance(step.wall_us, step.monotonic_us)

    def run(self, main: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on an event loop that uses this clock, so that its sleeps take no real time.

        Use it only with `fake_tinker` (in process). A client that waits for a real socket looks idle, so the
        clock would jump to its timeout.

        Raises:
            ClockStalledError: If the coroutine waits for something that can never happen.
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
                    f"{stalls[0]}; check what is awaited, or use fake_tinker (in process) instead of a socket"
                )
                raise ClockStalledError(message) from None


@contextlib.contextmanager
def frozen_clock(epoch: float) -> Iterator[FakeTinkerClock]:
    """Freeze the clocks of the process, and restore them at the end of the block.

    Args:
        epoch: The initial wall clock, in seconds since 1970.
    """
    _build_models()
    clock = FrozenClock()
    clock.new_scenario(epoch)
    with clock.frozen(real=LEFT_ON_REAL_TIME):
        yield FakeTinkerClock(clock)


_built: set[str] = set()


def _build_models() -> None:
    """Import all of tinker now: pydantic models built under a frozen clock break (tinker 0.1.0 to 0.38)."""
    tinker = sys.modules.get("tinker")
    if tinker is None or not hasattr(tinker, "__path__") or tinker.__name__ in _built:
        return
    from tinker_conformance.sdk.official.setup import import_everything  # noqa: PLC0415 - rarely needed

    import_everything(tinker)
    _built.add(tinker.__name__)
