"""The clock of an SDK in another process: a file that holds its wall and monotonic clocks.

One line, ``SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS``, replaced as a whole, so that nobody reads half of
it. SEQ grows by one with every change.
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
    """Replaces the file; the file beside it whose name ends in ``.new`` is used too."""
    replace_text(path, f"{seq} {wall_us * NANOSECONDS} {monotonic_us * NANOSECONDS}\n")


def replace_text(path: Path, text: str) -> None:
    """Replaces a file as a whole."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="ascii")
    new.replace(path)


class SteppedClock:
    """Clocks that stand still between steps; may be moved from any thread."""

    def __init__(self, path: Path) -> None:
        """Writes the file.

        Args:
            path: Where.

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
        """Moves each clock by so many microseconds."""
        with self._lock:
            self._seq += 1
            self._wall_us += wall_us
            self._monotonic_us += monotonic_us
            if self._removed:
                return
            write_clock(self.path, self._seq, self._wall_us, self._monotonic_us)

    def remove(self) -> None:
        """Remove the file for good; a missing one is not an error."""
        with self._lock:
            self._removed = True
            self.path.unlink(missing_ok=True)

    def reading(self) -> dict[str, int]:
        """What the file says."""
        with self._lock:
            return {
                "seq": self._seq,
                "wall_ns": self._wall_us * NANOSECONDS,
                "monotonic_ns": self._monotonic_us * NANOSECONDS,
            }
