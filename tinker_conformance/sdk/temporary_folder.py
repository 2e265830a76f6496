"""Temporary folders that do not outlive a killed process for long: the next one removes them.

A process that is killed with SIGKILL cleans nothing up. Each folder holds a file that its process has locked,
and the lock ends with the process; whoever makes the next folder removes those of which nobody has the lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tinker_conformance.sdk.file_locks import try_lock

PREFIX: Final = "tinker-conformance-"
_OWNER: Final = ".owner"
_MOST_REMOVED: Final = 1_000


class TemporaryFolder:
    """A new folder in the system's place for temporary files."""

    def __init__(self) -> None:
        """Makes it, and removes those of processes that were killed."""
        remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        # It gets its name when it is locked: without the name nobody takes the folder for abandoned.
        unlocked = self.path / f"{_OWNER}.new"
        self._descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try_lock(self._descriptor)
        unlocked.rename(self.path / _OWNER)

    def remove(self) -> None:
        """Removes it; a second time changes nothing."""
        if self._descriptor >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._descriptor)
            self._descriptor = -1


def remove_abandoned() -> None:
    """Removes the folders of killed processes; what another user or a running process owns stays."""
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
