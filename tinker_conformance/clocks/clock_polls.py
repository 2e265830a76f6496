"""Refuse code that waits for a frozen clock in a way that never moves it.

    while time.monotonic() < deadline:
        lock.acquire(timeout=0.1)

A wait on a lock, a descriptor or a process takes real time and leaves the frozen clock where it is, so such a
loop would never end.
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
"""After how many readings by one call of a function the clock moves by a microsecond, once at each moment."""
MIN_READINGS: Final = 20
"""How many readings by one call of a function may find the clock where it was."""
MIN_SECONDS: Final = 5.0
"""For how many real seconds they may."""
_KIT: Final = ("freezegun.", "tinker_conformance.clocks.")
_MAX_FUNCTIONS: Final = 64
"""How many functions are remembered for each thread."""


@dataclass(slots=True)
class _Readings:
    """What one function has read on one thread.

    A frame is held only once it seems to come again, so that a function's variables are not kept alive.
    """

    at_us: int
    ids: tuple[int, ...]
    frame: FrameType | None = None
    count: int = 0
    since: float = field(default_factory=RealTime.monotonic)

    def continues(self, frames: tuple[FrameType, ...]) -> bool:
        """Return whether these frames belong to the same call."""
        if self.frame is None:
            self.frame = next((frame for frame in frames if id(frame) in self.ids), None)
        return any(frame is self.frame for frame in frames)


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.functions: dict[CodeType, _Readings] = {}


class ClockPolls:
    """Counts readings of the frozen clock by one call of a function, or by the functions that it calls."""

    def __init__(self, clock: FrozenClock, refusal: Callable[[str], Exception]) -> None:
        """Watch the readings of a clock.

        Args:
            clock: The clock.
            refusal: Makes the error for a loop that waits for a clock that nothing moves, from its text.
        """
        self._refusal_of = refusal
        self._clock = clock
        self._nudged_us = -1
        self._per_thread = _PerThread()

    def read(self) -> None:
        """Take note of a reading on this thread.

        A jump lands exactly on a due time. A program that waits until that moment has *passed* would never go
        on, so the clock moves by a microsecond if such a call reads it again and again.

        Raises:
            Exception: The refusal, if the same call has read the same time for seconds.
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
        """Let go of the frames of all threads."""
        self._per_thread = _PerThread()


def _readers() -> tuple[FrameType, ...]:
    """Return the frame of the code that reads the clock, and its caller's."""
    frame = sys._getframe(2)  # noqa: SLF001 - documented in sys
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_KIT):
        frame = frame.f_back
    return (frame,) if frame.f_back is None else (frame, frame.f_back)
