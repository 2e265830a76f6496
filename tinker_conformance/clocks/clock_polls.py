"""Refuse code that waits for a frozen clock in a way that never moves it.

    while time.monotonic() < deadline:
        lock.acquire(timeout=0.1)

A wait on a lock, a descriptor or a process takes real time and leaves the frozen clock where it is, so such a
loop would never end.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Final

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.real_clock import RealClock

MIN_READINGS: Final = 20
"""How many readings by one call of a function may find the clock where it was."""
MIN_SECONDS: Final = 5.0
"""For how many real seconds they may."""
_KIT: Final = ("freezegun.", "tinker_conformance.clocks.")


class ClockPolledError(RuntimeError):
    """A loop reads a frozen clock that nothing moves; the text says where, and what to do."""


class _Polling(threading.local):
    """What one thread has read.

    A frame is held only once it seems to come again, so that a function's variables are not kept alive.
    """

    ids: tuple[int, ...] = ()
    frame: FrameType | None = None
    at_us = -1
    readings = 0
    since = 0.0


class ClockPolls:
    """Counts readings of the frozen clock by one call of a function, or of the functions that it calls."""

    def __init__(self, clock: FrozenClock) -> None:
        """Watch the readings of a clock."""
        self._clock = clock
        self._polling = _Polling()

    def read(self) -> None:
        """Take note of a reading on this thread.

        Raises:
            ClockPolledError: If the same call has read the same time again and again for seconds.
        """
        polling, at_us, frames = self._polling, self._clock.monotonic_us, _readers()
        if polling.at_us != at_us or not _again(polling, frames):
            polling.ids, polling.frame = tuple(map(id, frames)), None
            polling.at_us, polling.readings, polling.since = at_us, 0, RealClock.monotonic()
        polling.readings += 1
        if polling.readings < MIN_READINGS or polling.frame is None:
            return
        seconds = RealClock.monotonic() - polling.since
        if seconds >= MIN_SECONDS:
            place = f"{polling.frame.f_code.co_filename}:{polling.frame.f_lineno}"
            readings = polling.readings
            self.forget()
            raise ClockPolledError(
                f"{place} has read the frozen clock {readings} times in {seconds:.0f} s and nothing moves it; "
                "wait with time.sleep, Event.wait, Queue.get or asyncio.sleep, which do, or call "
                "fake_tinker_clock.advance() in another thread"
            )

    def forget(self) -> None:
        """Let go of the frames of all threads."""
        self._polling = _Polling()


def _again(polling: _Polling, frames: tuple[FrameType, ...]) -> bool:
    if polling.frame is not None:
        return any(frame is polling.frame for frame in frames)
    for frame in frames:
        if id(frame) in polling.ids:
            polling.frame = frame
            return True
    return False


def _readers() -> tuple[FrameType, ...]:
    """Return the frame of the code that reads the clock, and its caller's."""
    frame = sys._getframe(2)  # noqa: SLF001 - documented in sys
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_KIT):
        frame = frame.f_back
    return (frame,) if frame.f_back is None else (frame, frame.f_back)
