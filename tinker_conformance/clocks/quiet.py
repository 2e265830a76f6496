"""Detect that this process is idle.

An SDK gives work to threads whose waits the frozen clock cannot see: on a lock, a queue, another thread. If
nothing happens in the process for a while, such a thread must be waiting for a timer. On a busy machine a
thread that waits for the processor does nothing either, so the state of each thread is read from `/proc`.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.05
"""How often to look whether the process is idle, in real seconds."""
QUIET_LOOKS: Final = 2
"""How many looks in a row must find the process idle."""

_OWN_SECONDS: Final = 0.003
"""How much processor time a look itself may use, in seconds."""
_PROC: Final = Path("/proc")
_RUNNABLE: Final = frozenset({b"R", b"D"})


class QuietWatch:
    """A series of looks at whether this process is idle. Not thread-safe."""

    def __init__(self) -> None:
        self._used = _processor_seconds()
        self._activity: int | None = None
        self._looks = 0

    def at_rest(self, activity: int) -> bool:
        """Look once more whether the process is idle; call this every `LOOK_SECONDS`.

        Args:
            activity: A number that the caller changes with every event in the process.

        Returns:
            Whether `QUIET_LOOKS` looks in a row found the same `activity`, no processor time used, and no
            other thread running or waiting for the processor.
        """
        used, before = _processor_seconds(), self._used
        quiet = activity == self._activity and used - before < _OWN_SECONDS and not others_runnable()
        self._used, self._activity = _processor_seconds(), activity
        self._looks = self._looks + 1 if quiet else 0
        return self._looks >= QUIET_LOOKS


def _processor_seconds() -> float:
    # clock_gettime is the only clock that stays real under the freeze.
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def others_runnable() -> bool:
    """Return whether another thread of this process runs or could run; False on a system without `/proc`."""
    return _any_runnable("self", excepted=str(threading.get_native_id()))


def runnable(process: int) -> bool:
    """Return whether a thread of the process with this id runs or could run.

    False if that process has ended, or on a system without `/proc`.
    """
    return _any_runnable(str(process))


def _any_runnable(process: str, excepted: str = "") -> bool:
    try:
        tasks = (_PROC / process / "task").iterdir()
        return any(_state(task) in _RUNNABLE for task in tasks if task.name != excepted)
    except OSError:
        return False


def _state(task: Path) -> bytes:
    try:
        # "TID (NAME) STATE …"; the name may hold anything, parentheses too.
        return (task / "stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return b""  # the thread has just ended
