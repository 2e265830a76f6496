"""Stop code that waits for a frozen clock in a loop in which the clock never moves.

    while time.monotonic() < deadline:
        lock.acquire(timeout=0.1)

A wait on a lock, a descriptor or a process takes real time and does not move the frozen clock, so such a loop
would never end. `ClockPolls` counts how often one function call reads the clock, and raises an error when the
call has read the same time for seconds.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Final

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.real_time import RealTime

NUDGE_READINGS: Final = 200
"""After this many readings of the same time by one function call, the clock moves by a microsecond, once."""
MIN_READINGS: Final = 20
"""How often one function call must have read the same time before it is stopped by an error."""
MIN_SECONDS: Final = 5.0
"""For how many real seconds one call must have read the same time before it is stopped by an error."""
_KIT: Final = ("freezegun.", "tinker_conformance.clocks.")
_MAX_FUNCTIONS: Final = 64
"""How many functions are remembered for each thread."""


@dataclass(slots=True)
class _Readings:
    """The readings of the clock by one function on one thread.

    `frame` stays None until the same call reads the clock a second time: to hold the frame of every call
    would keep the function's variables alive.
    """

    at_us: int
    ids: tuple[int, ...]
    frame: FrameType | None = None
    count: int = 0
    since: float = field(default_factory=RealTime.monotonic)

    def continues(self, frames: tuple[FrameType, ...]) -> bool:
        """Return whether one of these frames belongs to the function call that made the earlier readings."""
        if self.frame is None:
            self.frame = next((frame for frame in frames if id(frame) in self.ids), None)
        return any(frame is self.frame for frame in frames)


class _PerThread(threading.local):
    """The readings of one thread, by the code of the function that read the clock."""

    def __init__(self) -> None:
        self.functions: dict[CodeType, _Readings] = {}


class ClockPolls:
    """A counter of how often one function call, directly or through a callee, reads the same frozen time."""

    def __init__(self, clock: FrozenClock, refusal: Callable[[str], Exception]) -> None:
        """Prepare to count the readings of a clock.

        Args:
            clock: The frozen clock.
            refusal: Returns the error to raise, given its text, when a loop waits for a clock that nothing
                moves.
        """
        self._refusal_of = refusal
        self._clock = clock
        self._nudged_us = -1
        self._per_thread = _PerThread()

    def read(self) -> None:
        """Count one reading of the clock on this thread.

        A jump of the clock ends exactly at the time of a timer. Code that loops until that time has *passed*
        would loop for ever, so after `NUDGE_READINGS` readings the clock moves by a microsecond.

        Raises:
            Exception: The error of `refusal`, if the same function call has read the same time for
                `MIN_SECONDS`.
        """
        frames, functions, at_us = _readers(), self._per_thread.functions, self._clock.monotonic_us
        code = frames[0].f_code
        readings = functions.get(code)
        if readings is None or readings.at_us != at_us or not readings.continues(frames):
            if len(functions) >= _MAX_FUNCTIONS:
                functions.clear()
            readings = functions[code] = _Readings(at_us, tuple(map(id, frames)))
        readings.count += 1
        if readings.count < MIN_READINGS or readings.frame is None:
            return
        if readings.count >= NUDGE_READINGS and self._nudged_us != at_us:
            self._clock.move_to(at_us + 1)
            readings.at_us = self._nudged_us = self._clock.monotonic_us
        seconds = RealTime.monotonic() - readings.since
        if seconds >= MIN_SECONDS:
            raise self._refusal(readings, readings.frame, seconds)

    def _refusal(self, readings: _Readings, frame: FrameType, seconds: float) -> Exception:
        self.forget()
        return self._refusal_of(
            f"{frame.f_code.co_filename}:{frame.f_lineno} has read the frozen clock {readings.count} times "
            f"in {seconds:.0f} s and nothing moves it; wait with time.sleep, Event.wait, Queue.get or "
            "asyncio.sleep, which move it, or call fake_tinker_clock.advance() in another thread"
        )

    def forget(self) -> None:
        """Drop the remembered frames of all threads."""
        self._per_thread = _PerThread()


def _readers() -> tuple[FrameType, ...]:
    """Return the frame of the code that reads the clock, and the frame of that code's caller."""
    frame = sys._getframe(2)  # noqa: SLF001 - documented in sys
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_KIT):
        frame = frame.f_back
    return (frame,) if frame.f_back is None else (frame, frame.f_back)
