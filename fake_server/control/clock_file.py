"""The clock file: it tells an SDK in another process the time, on a wall clock and a monotonic clock.

The file has one line, ``SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS``. SEQ increases by one with every change.
The file is replaced atomically, so that no reader sees a partial line.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

NANOSECONDS: Final = 1_000
"""Nanoseconds in a microsecond."""
DEFAULT_WALL_US: Final = 1_750_000_000_000_000
DEFAULT_MONOTONIC_US: Final = 100_000_000_000


def write_clock(path: Path, seq: int, wall_us: int, monotonic_us: int) -> None:
    """Replace the clock file atomically, by way of a file beside it whose name ends in ``.new``.

    Args:
        path: The clock file.
        seq: The number of the change.
        wall_us: Time of the wall clock, in microseconds since the epoch.
        monotonic_us: Time of the monotonic clock, in microseconds.
    """
    replace_text(path, f"{seq} {wall_us * NANOSECONDS} {monotonic_us * NANOSECONDS}\n")


def replace_text(path: Path, text: str) -> None:
    """Replace the content of a file atomically."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="ascii")
    new.replace(path)


class SteppedClock:
    """Clocks that show their time in a file, and stand still unless ``advance`` moves them; thread-safe."""

    def __init__(self, path: Path) -> None:
        """Set the clocks to the default time, and write the file.

        Args:
            path: The clock file.

        Raises:
            OSError: The file cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        self._removed = False
        self._seq = 0
        self._wall_us, self._monotonic_us = DEFAULT_WALL_US, DEFAULT_MONOTONIC_US
        write_clock(path, self._seq, self._wall_us, self._monotonic_us)

    def advance(self, wall_us: int, monotonic_us: int) -> None:
        """Move each clock by a number of microseconds, and write the file."""
        with self._lock:
            self._seq += 1
            self._wall_us += wall_us
            self._monotonic_us += monotonic_us
            if self._removed:
                return
            write_clock(self.path, self._seq, self._wall_us, self._monotonic_us)

    def remove(self) -> None:
        """Remove the file, and write it no more; a missing file is not an error."""
        with self._lock:
            self._removed = True
            self.path.unlink(missing_ok=True)

    def reading(self) -> dict[str, int]:
        """Return the values in the file: ``seq``, ``wall_ns`` and ``monotonic_ns``."""
        with self._lock:
            return {
                "seq": self._seq,
                "wall_ns": self._wall_us * NANOSECONDS,
                "monotonic_ns": self._monotonic_us * NANOSECONDS,
            }
