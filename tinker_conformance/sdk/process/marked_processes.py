"""Finds what a child process has started, wherever it went.

A process that starts a session of its own leaves its parent's process group, and one whose parent has ended
leaves its parent; the environment that it was started with stays. On Linux it can be read in `/proc`;
elsewhere there is nothing to find, and the process group has to do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MARK: Final = "TINKER_CONFORMANCE_PROCESS"
"""The environment variable that holds a child's mark."""

_PROC: Final = Path("/proc")
_ROUNDS: Final = 50
_EMPTY_ROUNDS: Final = 3
_PAUSE_SECONDS: Final = 0.01


def marked_processes(mark: str) -> Iterator[int]:
    """The ids of the processes that were started with this mark, zombies left out."""
    wanted = f"{MARK}={mark}".encode()
    try:
        entries = [entry for entry in os.listdir(_PROC) if entry.isdigit()]  # noqa: PTH208 - names, not paths
    except OSError:
        return
    for entry in entries:
        with contextlib.suppress(OSError):
            if wanted in (_PROC / entry / "environ").read_bytes().split(b"\0"):
                yield int(entry)


def kill_marked(mark: str) -> None:
    """Kills them all, and what they start meanwhile."""
    empty = 0
    for _ in range(_ROUNDS):
        found = list(marked_processes(mark))
        # A process that is just becoming another program shows no environment for a moment.
        empty = 0 if found else empty + 1
        if empty == _EMPTY_ROUNDS:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)  # a killed process takes a moment to be gone
