"""The documented import path of `fake_server.core.operations`, which has the code."""

from __future__ import annotations

from fake_server.core.operations import (
    API_PREFIX,
    SUBMISSION_PATHS,
    Operation,
    candidates,
)

__all__ = [
    "API_PREFIX",
    "SUBMISSION_PATHS",
    "Operation",
    "candidates",
]
