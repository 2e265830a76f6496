"""Provoke race conditions: threads that are about to decide wait a moment for each other.

An SDK logs a pause at most once in 60 s. Without a lock this fails only if one thread reads the time of the
last log line while another thread is between reading and writing it. That is rare, so an ordinary test would
pass on most days. But to decide, the SDK reads the clock, and the clock is the kit's. So after an observer
was called on a thread of the kit, each of the thread's next clock readings waits for another thread that
reads the clock too.
"""

from __future__ import annotations

import threading
from typing import Final

_READINGS: Final = 4
"""How many readings of the clock wait for another thread, after an observer was called on a thread."""
_WAIT_SECONDS: Final = 0.001
"""How long a reading waits for another thread, in real seconds. With a lock in the SDK, no other thread
comes.
"""


class _PerThread(threading.local):
    """What is counted for each thread."""

    readings = 0
    """How many of this thread's next clock readings still wait for another thread."""


class RaceProvoker:
    """Pairs threads that read the clock, so that both go on at the same moment."""

    def __init__(self) -> None:
        """Start with no thread waiting."""
        self._condition = threading.Condition()
        self._one_waits = False
        self._pairs = 0
        self._per_thread = _PerThread()

    def observer_called(self) -> None:
        """Record that an observer was called on this thread: the SDK is about to decide whether to log."""
        self._per_thread.readings = _READINGS

    def clock_read(self) -> None:
        """Wait a moment for another thread, if an observer was called on this thread shortly before."""
        if self._per_thread.readings:
            self._per_thread.readings -= 1
            self._pair_up()

    def _pair_up(self) -> None:
        with self._condition:
            if self._one_waits:
                self._one_waits = False
                self._pairs += 1
                self._condition.notify()
                return
            self._one_waits, pairs = True, self._pairs
            self._condition.wait(_WAIT_SECONDS)
            if self._pairs == pairs:
                self._one_waits = False  # no other thread came
