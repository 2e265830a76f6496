"""The clocks of an SDK in another process, moved by the kit.

A clock counts in whole microseconds. It is not for two threads at once: the conversation with the adapter,
which moves it, has a lock.
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
    """How the clocks of an SDK are moved."""

    FROZEN = "frozen"
    """In process, by a freezing library; no adapter over stdio has it."""
    FILE = "file"
    """The SDK reads its clocks from a file."""
    LIBFAKETIME = "libfaketime"
    """A preloaded library moves the clocks of the process."""
    WALL = "wall"
    """They are the real ones, and the kit waits."""


class KitClock(ABC):
    """The clocks as the kit has moved them.

    Attributes:
        kind: How the SDK sees them.
        seq: Grows by one with every change.
    """

    kind: SdkClock

    def __init__(self) -> None:
        self.seq = 0
        self._clocks = TwoClocks()

    @property
    def monotonic_us(self) -> int:
        """The monotonic clock, microseconds."""
        return self._clocks.monotonic_us

    def elapsed(self) -> float:
        """Virtual seconds since the scenario began, on the monotonic clock."""
        return self._clocks.elapsed()

    def new_scenario(self, epoch: float) -> None:
        """Sets the wall clock (seconds since 1970); the monotonic clock goes on, `elapsed` starts at 0."""
        self._clocks.start_scenario(epoch)
        self.seq += 1
        self._show()

    def advance(self, wall_us: int, monotonic_us: int) -> None:
        """Move the clocks, each by its own number of microseconds.

        Raises:
            ValueError: If the monotonic clock would go back.
        """
        self._clocks.move(wall_us, monotonic_us)
        self.seq += 1
        self._show()

    def environment(self) -> Mapping[str, str]:
        """The environment variables that an adapter needs to see this clock, beyond its own."""
        return {}

    def before_start(self) -> None:  # noqa: B027 - most clocks need nothing
        """An adapter is about to be started."""

    def nudge(self, amount_us: int) -> None:  # noqa: B027 - most clocks cannot
        """Lets a little time pass for an SDK that stands still, where the kit can do so unseen."""

    @property
    def path(self) -> Path | None:
        """The clock file, where there is one."""
        return None

    @abstractmethod
    def _show(self) -> None:
        """Makes the SDK see the clocks."""


class FileClock(KitClock):
    """One line in a file, `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS`, replaced atomically."""

    kind = SdkClock.FILE

    def __init__(self, path: Path) -> None:
        """Writes the file for the first time.

        Args:
            path: Where; the file beside it whose name ends in `.new` is used too.
        """
        super().__init__()
        self._path = path
        self._show()

    @property
    def path(self) -> Path:
        """The clock file."""
        return self._path

    def _show(self) -> None:
        with contextlib.suppress(FileNotFoundError):  # the folder goes at the end of an interrupted run
            write_clock(self._path, self.seq, self._clocks.wall_us, self._clocks.monotonic_us)


class FaketimeClock(KitClock):
    """libfaketime, with the time in a file.

    Time stands still between two moves, so that it is exact. An SDK that waits for a timer would wait for
    ever: `nudge` lets time pass. It is caught up with at the next move, so that what a script says is exact
    again. The clock never goes back, neither from one scenario to the next: in a process that reads its
    monotonic clock, too, from this library, that would be an accident of its own.
    """

    kind = SdkClock.LIBFAKETIME

    def __init__(self, path: Path, library: Path) -> None:
        """Shows nothing yet.

        Args:
            path: Where the time is written; the file beside it whose name ends in `.new` is used too.
            library: The library.
        """
        super().__init__()
        self._path = path
        self._library = library
        self._shown_us = 0

    def environment(self) -> Mapping[str, str]:
        """Preloads the library, beside what is preloaded already."""
        preloaded = [str(self._library), *filter(None, [os.environ.get("LD_PRELOAD")])]
        return {
            "LD_PRELOAD": ":".join(preloaded),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
        }

    def before_start(self) -> None:
        """The adapter starts in real time: what stands still may not start at all."""
        replace_text(self._path, "+0\n")

    def new_scenario(self, epoch: float) -> None:
        """Begins a second or two later than the last scenario ended, at the fraction that `epoch` has."""
        second = math.ceil(max(self._shown_us / MICROSECOND, time.time())) + 1
        self._shown_us = 0
        super().new_scenario(second + round(epoch % 1, 6))

    def nudge(self, amount_us: int) -> None:
        """Lets time pass that no timeline shows."""
        self._shown_us += amount_us
        self._write()

    def _show(self) -> None:
        self._shown_us = max(self._shown_us, self._clocks.wall_us)
        self._write()

    def _write(self) -> None:
        seconds, rest = divmod(self._shown_us, MICROSECOND)
        # The library reads local time.
        shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
        # It reads a binary fraction, which may be a nanosecond short: half a microsecond more keeps an SDK
        # that cuts off from reading the millisecond before.
        with contextlib.suppress(FileNotFoundError):
            replace_text(self._path, f"{shown}.{rest:06d}5\n")


class WallClock(KitClock):
    """The real clocks: they move by themselves, and the kit waits as long as a script says."""

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
    """Return the library: from the usual folders, else from the package `libfaketime` of PyPI, else None."""
    root = Path("/")
    found = (path for folder in _FOLDERS for path in root.glob(f"{folder[1:]}/{LIBRARY_NAME}"))
    return next(found, None) or _packaged_libfaketime()


def _packaged_libfaketime() -> Path | None:
    """Return the library in the package of PyPI.

    Its wheel is tagged for any platform and holds a library for one, so the header of the file decides. The
    build is not the one for programs with threads; the adapters of our tests run under it all the same, in
    Python with threads and in Node.
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
