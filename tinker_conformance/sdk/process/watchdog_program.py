"""The program of the watchdog: it waits until the kit is gone, and ends what the kit left running.

Standard input has one entry a line: `+` or `-`, to watch or to forget, and then `mark HEX`, `group NUMBER` or
`folder PATH` (in hexadecimal digits). Imports nothing beyond the standard library, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable

from tinker_conformance.sdk.process.marked_processes import kill_marked


def main() -> None:
    """Read entries until standard input ends; then end everything that is still watched."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[bytes, None] = {}
    for line in sys.stdin.buffer:
        entry = line[1:].strip()
        if line.startswith(b"+"):
            watched[entry] = None
        else:
            watched.pop(entry, None)
    end(entry.decode() for entry in watched)


def end(entries: Iterable[str]) -> None:
    """Kill the processes and remove the folders that these entries name."""
    folders = []
    for entry in entries:
        match entry.split():
            case ["mark", mark]:
                kill_marked(mark)
            case ["group", group]:
                with contextlib.suppress(OSError):
                    os.killpg(int(group), signal.SIGKILL)
            case ["folder", path]:
                folders.append(os.fsdecode(bytes.fromhex(path)))
            case _:
                pass
    # Last: a process that still ran could write to its folder.
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
