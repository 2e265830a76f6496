"""Exit codes of `tinker-conformance`, of which each tells who has to act."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """The exit codes. A command that a signal ended exits with 128 plus the signal number."""

    HELD = 0
    SDK_FAILED = 1
    """The SDK failed a requirement, and nothing worse happened."""
    USAGE = 2
    """The user has to fix something: a wrong option, an unreadable file, a full disk."""
    STALE = 3
    ADAPTER = 4
    KIT = 5
    NOTHING_TESTED = 6


INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 plus the number of SIGINT."""
