"""The clocks of an SDK in another process: a clock file, libfaketime, or the real clocks.

The kit moves such a clock as a scenario says, in whole microseconds. The classes are not thread-safe: the
conversation with the adapter, which moves the clock, holds a lock.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from fake_server.control.clock_file import replace_text, write_clock
from tinker_conformance.clocks.two_clocks import MICROSECOND, TwoClocks


class SdkClock(StrEnum):
    """The ways in which the kit can move the clocks of an SDK."""

    FROZEN = "frozen"
    """The kit replaces Python's clocks in the SDK's process; not available to adapters over stdio."""
    FILE = "file"
    """The SDK, or its adapter, reads the time from a file."""
    LIBFAKETIME = "libfaketime"
    """The preloaded library libfaketime changes the clocks of the SDK's process."""
    WALL = "wall"
    """The real clocks: the kit waits until they have moved."""


class KitClock(ABC):
    """The clocks of an SDK in another process; subclasses say how the SDK sees them.

    Attributes:
        kind: How the SDK sees the clocks.
        seq: How often the clock was changed so far. An adapter sends it back to say which time the SDK has
            seen.
    """

    kind: SdkClock

    def __init__(self) -> None:
        self.seq = 0
        self._clocks = TwoClocks()

    @property
    def monotonic_us(self) -> int:
        """The monotonic clock, in microseconds."""
        return self._clocks.monotonic_us

    def elapsed(self) -> float:
        """Return the virtual seconds since the scenario began, on the monotonic clock."""
        return self._clocks.elapsed()

    def new_scenario(self, epoch: float, uptime: float | None = None) -> None:
        """Start a scenario: set the wall clock, and let `elapsed` begin at 0. The monotonic clock continues.

        Args:
            epoch: The new wall clock, in seconds since 1970.
            uptime: The seconds at which the monotonic clock continues, as in `TwoClocks.start_scenario`.
        """
        self._clocks.start_scenario(epoch, uptime)
        self.seq += 1
        self._show()

    def advance(self, wall_us: int, monotonic_us: int) -> None:
        """Move the wall clock and the monotonic clock, each by its own number of microseconds.

        Raises:
            ValueError: The monotonic clock would go back.
        """
        self._clocks.move(wall_us, monotonic_us)
        self.seq += 1
        self._show()

    def environment(self) -> Mapping[str, str]:
        """Return the environment variables that the adapter's process needs to see this clock."""
        return {}

    def before_start(self) -> None:  # noqa: B027 - most clocks need no preparation
        """Prepare the clock for the start of an adapter process."""

    def nudge(self, amount_us: int) -> None:  # noqa: B027 - most clocks cannot
        """Move the clock a little while the SDK waits for a timer, without an event in the timeline.

        Args:
            amount_us: How far, in microseconds.
        """

    @property
    def path(self) -> Path | None:
        """The clock file; None for a clock without a file."""
        return None

    @abstractmethod
    def _show(self) -> None:
        """Make the SDK see the clocks as they are now."""


class FileClock(KitClock):
    """A clock in a file of one line, `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS`, replaced atomically."""

    kind = SdkClock.FILE

    def __init__(self, path: Path) -> None:
        """Write the clock file for the first time.

        Args:
            path: The clock file. A second file, with `.new` after its name, is used to replace it atomically.
        """
        super().__init__()
        self._path = path
        self._show()

    @property
    def path(self) -> Path:
        """The clock file."""
        return self._path

    def _show(self) -> None:
        with contextlib.suppress(FileNotFoundError):  # an interrupted run removes the folder first
            write_clock(self._path, self.seq, self._clocks.wall_us, self._clocks.monotonic_us)


class FaketimeClock(KitClock):
    """A clock that libfaketime shows to the SDK; libfaketime reads the time from a file.

    Time stands still between two moves, so it is exact. An SDK that waits for a timer would then wait for
    ever, so `nudge` lets a little time pass; the next move subtracts that. The clock never goes back, not
    even between scenarios: libfaketime may also move the monotonic clock, which must not go back.
    """

    kind = SdkClock.LIBFAKETIME

    def __init__(self, path: Path, library: Path) -> None:
        """Store the paths; the first scenario writes the file.

        Args:
            path: The file with the time. A second file, with `.new` after its name, is used to replace it.
            library: The path of libfaketime.
        """
        super().__init__()
        self._path = path
        self._library = library
        self._shown_us = 0

    def environment(self) -> Mapping[str, str]:
        """Return the variables that make the process preload libfaketime, after other preloaded libraries."""
        preloaded = [str(self._library), *filter(None, [os.environ.get("LD_PRELOAD")])]
        return {
            "LD_PRELOAD": ":".join(preloaded),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
        }

    def before_start(self) -> None:
        """Set the clock to real time: some programs never start while time stands still."""
        replace_text(self._path, "+0\n")

    def new_scenario(self, epoch: float, uptime: float | None = None) -> None:
        """Start a scenario 1 to 2 s after the end of the last one, at the fraction of a second of `epoch`.

        The whole seconds of `epoch` are not used.
        """
        second = math.ceil(max(self._shown_us / MICROSECOND, time.time())) + 1
        self._shown_us = 0
        super().new_scenario(second + round(epoch % 1, 6), uptime)

    def nudge(self, amount_us: int) -> None:
        """Move the clock by `amount_us` microseconds, without an event in the timeline."""
        self._shown_us += amount_us
        self._write()

    def _show(self) -> None:
        self._shown_us = max(self._shown_us, self._clocks.wall_us)
        self._write()

    def _write(self) -> None:
        seconds, rest = divmod(self._shown_us, MICROSECOND)
        # libfaketime reads local time.
        shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
        # It parses the fraction as a binary float, which may be a nanosecond short. Half a microsecond more
        # keeps an SDK that truncates from reading the previous millisecond.
        with contextlib.suppress(FileNotFoundError):
            replace_text(self._path, f"{shown}.{rest:06d}5\n")


class WallClock(KitClock):
    """The real clocks, which move by themselves: to move them, the kit waits."""

    kind = SdkClock.WALL

    def _show(self) -> None:
        pass


LIBRARY_NAME: Final = "libfaketimeMT.so.1"
"""The build of libfaketime for programs with threads."""
_FOLDERS: Final = (
    "/usr/lib/*/faketime",
    "/usr/lib/faketime",
    "/usr/lib64/faketime",
    "/usr/local/lib/faketime",
    "/opt/*/lib/faketime",
)


_ELF_HEADER_BYTES: Final = 20
_ELF_CLASS_AND_ORDER: Final = slice(0, 6)
_ELF_MACHINE: Final = slice(18, 20)


def libfaketime() -> Path | None:
    """Return the path of libfaketime: in the usual folders, else in its package of PyPI, else None."""
    root = Path("/")
    found = (path for folder in _FOLDERS for path in root.glob(f"{folder[1:]}/{LIBRARY_NAME}"))
    return next(found, None) or _packaged_libfaketime()


def _packaged_libfaketime() -> Path | None:
    """Return the path of libfaketime in its package of PyPI, or None.

    The wheel is tagged for any platform but holds a library for one, so this function reads the header of the
    file. The library is not the build for programs with threads. The adapters in the kit's tests, in Python
    and in Node, still run under it.
    """
    spec = importlib.util.find_spec("libfaketime")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        library = Path(folder) / "vendor/libfaketime/src/libfaketime.so.1"
        if library.is_file() and _same_machine(library, Path(sys.executable)):
            return library
    return None


def _same_machine(library: Path, program: Path) -> bool:
    headers = []
    for file in (library, program):
        with file.open("rb") as opened:
            headers.append(opened.read(_ELF_HEADER_BYTES))
    one, other = headers
    return (
        one.startswith(b"\x7fELF")
        and one[_ELF_CLASS_AND_ORDER] == other[_ELF_CLASS_AND_ORDER]
        and one[_ELF_MACHINE] == other[_ELF_MACHINE]
    )
