"""End what this process has started, even if this process is killed.

A process that SIGKILL ends cannot clean up, and not every child notices: an adapter may ignore the end of its
input. So the kit starts a small second process, the watchdog, and holds a pipe to it. Through the pipe the
kit says what it has started and what has ended again. When the pipe ends, the watchdog kills the processes
and removes the folders that are left, and exits.

The parent-death signal of Linux would not do: it is sent when the *thread* that started a child ends, and
only to the child itself.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

_IMPORTED_FROM: Final = Path(__file__).resolve().parents[2]
_PROGRAM: Final = (
    f"import sys; sys.path.insert(0, {str(_IMPORTED_FROM)!r}); "
    "from tinker_conformance.sdk.process.watchdog_program import main; main()"
)
_END_SECONDS: Final = 10.0


class Watchdog:
    """The connection to the watchdog process, which starts with the first thing to watch. Thread-safe.

    The watchdog is a safety net: if it cannot be started, the kit works without it.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._held: dict[str, None] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def watch_mark(self, mark: str) -> None:
        """Kill the processes with this mark in their environment if this process ends first."""
        self._watch(f"mark {mark}")

    def watch_group(self, group: int) -> None:
        """Kill this process group if this process ends first."""
        self._watch(f"group {group}")

    def watch_folder(self, folder: Path) -> None:
        """Remove this folder if this process ends first."""
        self._watch(_folder(folder))

    def release_mark(self, mark: str) -> None:
        """Stop watching for a mark, whose processes have ended."""
        self._release(f"mark {mark}")

    def release_group(self, group: int) -> None:
        """Stop watching a process group, which has ended."""
        self._release(f"group {group}")

    def release_folder(self, folder: Path) -> None:
        """Stop watching a folder, which is removed."""
        self._release(_folder(folder))

    def end(self) -> None:
        """Let the watchdog end everything that it still watches, and wait until it exits. Idempotent."""
        with self._lock:
            process, self._process = self._process, None
            self._held.clear()
            if process is None or self._owner != os.getpid():
                return
            _close(process)

    def _watch(self, entry: str) -> None:
        with self._lock:
            self._held[entry] = None
            self._say(f"+{entry}")

    def _release(self, entry: str) -> None:
        with self._lock:
            if entry in self._held:
                del self._held[entry]
                self._say(f"-{entry}")

    def _say(self, line: str) -> None:
        if self._owner == os.getpid() and self._process is not None and _written(self._process, [line]):
            return
        # It was never started, was killed, or belongs to the process that this one was forked from.
        if self._process is not None and self._owner == os.getpid():
            _close(self._process)
        self._process, self._owner = _started(), os.getpid()
        if self._process is not None:
            _written(self._process, [f"+{entry}" for entry in self._held])


def _folder(folder: Path) -> str:
    return f"folder {os.fsencode(folder).hex()}"


def _started() -> subprocess.Popen[bytes] | None:
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program of the kit
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/" if os.name == "posix" else None,
            start_new_session=True,
        )
    except OSError:
        return None
    assert process.stdin is not None  # noqa: S101 - it was requested
    # A watchdog that does not read must never stop the kit.
    os.set_blocking(process.stdin.fileno(), False)
    return process


def _written(process: subprocess.Popen[bytes], lines: list[str]) -> bool:
    assert process.stdin is not None  # noqa: S101 - it was requested
    try:
        os.write(process.stdin.fileno(), "".join(f"{line}\n" for line in lines).encode())
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - it was requested
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


watchdog: Final = Watchdog()
"""The watchdog of this process."""

atexit.register(watchdog.end)
