"""Find all processes that a child process has started, by a mark in their environment.

A process can leave its process group or lose its parent, but it keeps its initial environment. On Linux the
kit reads that environment from `/proc`. Other systems have no such way, and the kit kills only the process
group.
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
"""The environment variable that contains the mark of a child process."""

_PROC: Final = Path("/proc")
_ROUNDS: Final = 50
_EMPTY_ROUNDS: Final = 3
_PAUSE_SECONDS: Final = 0.01


def marked_processes(mark: str) -> Iterator[int]:
    """Yield the ids of the processes with this mark, zombies excluded."""
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
    """Kill all processes with this mark, and those that they start in the meantime."""
    empty = 0
    for _ in range(_ROUNDS):
        found = list(marked_processes(mark))
        # A process in the middle of exec shows no environment for a moment.
        empty = 0 if found else empty + 1
        if empty == _EMPTY_ROUNDS:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)  # a killed process takes a moment to disappear
