"""Child processes that speak lines.

A command goes in; lines go to the child and come back within limits of size and time. A process and
everything that it started is gone when it is closed, whatever it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.process.line_process import (
        LineProcess,
        LineProcessError,
        LineTooLongError,
        PipeClosedError,
        ProcessEndedError,
        ProcessSilentError,
        close_all,
        kill_all,
    )

__all__ = [
    "LineProcess",
    "LineProcessError",
    "LineTooLongError",
    "PipeClosedError",
    "ProcessEndedError",
    "ProcessSilentError",
    "close_all",
    "kill_all",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "line_process": (
            "LineProcess LineProcessError LineTooLongError PipeClosedError ProcessEndedError "
            "ProcessSilentError close_all kill_all"
        ),
    },
)
