"""Build a folder once and share it between processes: a lock, a temporary folder, an atomic rename.

An interrupted build leaves a temporary folder, which the next build removes. A folder under its final name is
always complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tinker_conformance.error_families import SdkStartError
from tinker_conformance.sdk.file_locks import try_lock

LOCK_SECONDS: Final = 900.0
"""How long to wait while another process builds the same folder, in real seconds."""
_POLL_SECONDS: Final = 0.1
_BUILDING: Final = "building-"


def make_once(
    folder: Path,
    build: Callable[[Path], None],
    *,
    complete: Callable[[Path], bool] = Path.exists,
    seconds: float = LOCK_SECONDS,
) -> Path:
    """Build a folder unless it exists already, and return its path.

    Args:
        folder: The final path.
        build: A function that fills the temporary folder that it is given. Files may contain the final path.
        complete: Returns whether an existing folder can be used. If not, the folder is built again.
        seconds: How long to wait while another process builds the folder, in real seconds.

    Returns:
        `folder`.

    Raises:
        SdkStartError: If the other process does not finish in time.
    """
    if folder.exists() and complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f".{folder.name}.lock"), seconds):
        if folder.exists():
            if complete(folder):
                return folder
            shutil.rmtree(folder)
        prefix = f".{_BUILDING}{folder.name}-"
        for stale in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(stale, ignore_errors=True)
        building = folder.with_name(f"{prefix}{os.getpid()}")
        building.mkdir()
        try:
            build(building)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _locked(path: Path, seconds: float) -> Iterator[None]:
    with path.open("a+b") as file:
        deadline = time.monotonic() + seconds
        while not try_lock(file.fileno()):
            if time.monotonic() > deadline:
                message = (
                    f"another process has held {path} for {seconds:g} s; wait for it, "
                    "or end it and remove that file"
                )
                raise SdkStartError(message)
            time.sleep(_POLL_SECONDS)
        # The lock ends with the file, also when this process is killed.
        yield
