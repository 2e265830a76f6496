"""Temporary folders that are removed even if their process was killed.

A process that SIGKILL ends cannot clean up; its watchdog (`watchdog.py`) does. If the watchdog was killed
too, the next process cleans up: each folder holds a file that its process keeps locked, the lock ends with
the process, and whoever creates a folder removes all folders without a lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tinker_conformance.sdk.file_locks import try_lock
from tinker_conformance.sdk.watchdog import watchdog

PREFIX: Final = "tinker-conformance-"
_OWNER: Final = ".owner"
_MOST_REMOVED: Final = 1_000


class TemporaryFolder:
    """A new folder in the system's temporary directory."""

    def __init__(self) -> None:
        """Create the folder, and remove the folders of killed processes."""
        remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        watchdog.watch_folder(self.path)
        # Renamed only once it is locked, so that no other process takes the folder for abandoned.
        unlocked = self.path / f"{_OWNER}.new"
        self._descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try_lock(self._descriptor)
        unlocked.rename(self.path / _OWNER)

    def remove(self) -> None:
        """Remove the folder. Idempotent."""
        if self._descriptor >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            watchdog.release_folder(self.path)
            os.close(self._descriptor)
            self._descriptor = -1


def remove_abandoned() -> None:
    """Remove the folders of this user's killed processes."""
    with contextlib.suppress(OSError):
        for folder in list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))[:_MOST_REMOVED]:
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if folder.is_symlink() or (hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid()):
            return
        descriptor = os.open(folder / _OWNER, flags)
    except OSError:
        return
    try:
        if try_lock(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
