"""Where threads that are about to decide something wait for each other, for a moment.

A debounce without a lock fails only if one thread looks at the last line's time while another is between its
own look and its stamp: in use that is rare, and a test that waited for it would pass on most days. But a
debounce reads the clock, and the clock is the kit's. So after an observer was called on one of the kit's
threads, each of the next readings of the clock there waits for another thread that reads it too.
"""

from __future__ import annotations

import threading
from typing import Final

_READINGS: Final = 4
"""How many readings of the clock a thread may wait at, after an observer was called on it."""
_PATIENCE_SECONDS: Final = 0.001
"""Real seconds to wait for another thread; none comes where a lock keeps it out, which is as it should be."""


class Meeting:
    """Threads meet here two by two."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._here = threading.Condition()
        self._waits = False
        self._met = 0
        self._left = threading.local()

    def called(self) -> None:
        """An observer was called on this thread: its next readings are those of a decision."""
        self._left.readings = _READINGS

    def read(self) -> None:
        """The clock was read on this thread."""
        left = getattr(self._left, "readings", 0)
        if left:
            self._left.readings = left - 1
            self._meet()

    def _meet(self) -> None:
        with self._here:
            if self._waits:
                self._waits = False
                self._met += 1
                self._here.notify()
                return
            self._waits, met = True, self._met
            self._here.wait(_PATIENCE_SECONDS)
            if self._met == met:
                self._waits = False  # nobody came
