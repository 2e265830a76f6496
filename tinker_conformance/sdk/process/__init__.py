"""Child processes that read and write lines, with limits on size and time.

Closing a process also ends every process that it started.
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
    )
    from tinker_conformance.sdk.process.replaceable_process import ReplaceableProcess

__all__ = [
    "LineProcess",
    "LineProcessError",
    "LineTooLongError",
    "PipeClosedError",
    "ProcessEndedError",
    "ProcessSilentError",
    "ReplaceableProcess",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "line_process": (
            "LineProcess LineProcessError LineTooLongError PipeClosedError ProcessEndedError "
            "ProcessSilentError"
        ),
        "replaceable_process": "ReplaceableProcess",
    },
)
