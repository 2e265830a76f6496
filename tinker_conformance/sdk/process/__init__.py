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
        ProcessProblem,
    )
    from tinker_conformance.sdk.process.replaceable_process import ReplaceableProcess

__all__ = [
    "LineProcess",
    "LineProcessError",
    "ProcessProblem",
    "ReplaceableProcess",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "line_process": "LineProcess LineProcessError ProcessProblem",
        "replaceable_process": "ReplaceableProcess",
    },
)
