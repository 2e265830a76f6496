"""End the program on a signal that arrives while the kit is still being imported.

This module imports only what Python has loaded anyway, so that its signal handlers are installed before the
rest of the kit is imported, which takes half a second.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
BASE_CODE: Final = 128
"""Added to the number of the signal that ended a command, this is the exit code, as in a shell."""


def exit_at_signals() -> None:
    """Make SIGINT and SIGTERM end the program at once: one line on standard error, exit code 130 or 143.

    Nothing has been started or written yet, so there is nothing to clean up. An exception raised during an
    import could be swallowed, or leave a module partly imported; so the handler exits directly.
    """
    for number in SIGNALS:
        signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, f"interrupted by {signal.Signals(number).name}\n".encode())
    finally:
        os._exit(BASE_CODE + number)
