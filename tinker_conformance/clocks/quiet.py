"""Whether a process has come to rest, as far as that can be seen from within.

An SDK hands work to threads whose waiting cannot be seen: on a lock, a queue, another thread. When
nothing at all happens for a while, such a thread must be waiting for a timer. But a thread on a busy
machine that waits for its turn does nothing for a while either: it must not be taken for one at rest.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.05
"""Real seconds between two looks."""
QUIET_LOOKS: Final = 2
"""Looks in a row that must find nothing."""

_OWN_SECONDS: Final = 0.003
"""Processor time that looking itself may take, from one look to the next."""
_TASKS: Final = Path("/proc/self/task")
_RUNNABLE: Final = frozenset({b"R", b"D"})


class QuietWatch:
    """Looks again and again; one thread's own."""

    def __init__(self) -> None:
        self._used = _processor_seconds()
        self._activity: int | None = None
        self._looks = 0

    def at_rest(self, activity: int) -> bool:
        """Looks once more; call it every `LOOK_SECONDS`.

        Args:
            activity: A number that changes with everything that is known to happen.

        Returns:
            Whether enough looks in a row found the same number, no processor time used and no other thread
            that is running or waiting for its turn.
        """
        used, before = _processor_seconds(), self._used
        quiet = activity == self._activity and used - before < _OWN_SECONDS and not _others_runnable()
        self._used, self._activity = _processor_seconds(), activity
        self._looks = self._looks + 1 if quiet else 0
        return self._looks >= QUIET_LOOKS


def _processor_seconds() -> float:
    # clock_gettime is the one clock that is not frozen here.
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def _others_runnable() -> bool:
    """Whether another thread of this process runs or is queued; False where the system does not tell."""
    own = str(threading.get_native_id())
    try:
        return any(_state(task) in _RUNNABLE for task in _TASKS.iterdir() if task.name != own)
    except OSError:
        return False


def _state(task: Path) -> bytes:
    try:
        # "TID (NAME) STATE …"; the name may hold anything, parentheses too.
        return (task / "stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return b""  # the thread has just ended
