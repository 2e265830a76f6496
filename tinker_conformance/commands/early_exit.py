"""Ends the program on a signal that comes while the kit is still being imported.

Imports only what Python has loaded anyway: the handlers have to be there before the half second that the
other imports take.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
BASE_CODE: Final = 128
"""A command that a signal ended exits with this and the number of the signal, as shells do."""


def exit_at_signals() -> None:
    """Makes SIGINT and SIGTERM end the program at once: one line on standard error, exit code 130 or 143.

    Nothing has been started or written yet, so there is nothing to clean up; and an exception that is raised
    during an import may be swallowed, or leave the module half imported.
    """
    for number in SIGNALS:
        signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, f"interrupted by {signal.Signals(number).name}\n".encode())
    finally:
        os._exit(BASE_CODE + number)
