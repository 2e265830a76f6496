"""Exit codes of `tinker-conformance`: the number says who has to act."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """What an exit code says. A command that a signal ended exits with 128 and the number of the signal."""

    HELD = 0
    SDK_FAILED = 1
    """The SDK failed a requirement, and nothing else."""
    USAGE = 2
    """What was asked for cannot be done: a wrong option, a file that cannot be read, a full disk."""
    STALE = 3
    ADAPTER = 4
    KIT = 5
    NOTHING_TESTED = 6


INTERRUPTED: Final = 130
"""What Ctrl-C ends a program with: 128 and the number of SIGINT."""
