"""Provoke race conditions: threads that are about to decide wait a moment for each other.

A debounce without a lock fails only if one thread reads the time of the last line while another is between
its own read and its write. That is rare in use, and a test that waited for it would pass on most days. But a
debounce reads the clock, and the clock is the kit's. So after an observer was called on one of the kit's
threads, each of the next clock readings there waits for another thread that reads the clock too.
"""

from __future__ import annotations

import threading
from typing import Final

_READINGS: Final = 4
"""How many clock readings of a thread wait, after an observer was called on it."""
_WAIT_SECONDS: Final = 0.001
"""Real seconds to wait for another thread. None comes where a lock keeps it out, as it should."""


class _PerThread(threading.local):
    readings = 0
    """How many of the thread's next clock readings wait for another thread."""


class RaceProvoker:
    """Brings threads together in pairs, each where it reads the clock."""

    def __init__(self) -> None:
        """Start with no thread waiting."""
        self._condition = threading.Condition()
        self._one_waits = False
        self._pairs = 0
        self._per_thread = _PerThread()

    def observer_called(self) -> None:
        """Note that an observer was called on this thread: its next readings belong to a decision."""
        self._per_thread.readings = _READINGS

    def clock_read(self) -> None:
        """Wait for another thread, if this reading belongs to a decision."""
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
