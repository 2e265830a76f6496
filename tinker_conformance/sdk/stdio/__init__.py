"""SDKs in any language, driven by an adapter program that speaks JSON lines.

The kit writes a scenario to the adapter's standard input. It checks the lines that the adapter writes to its
standard output, and merges them with the requests that the fake server received. The timeline comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.stdio.stdio_session import StdioSession
    from tinker_conformance.sdk.stdio.time_limits import TimeLimits

__all__ = [
    "StdioSession",
    "TimeLimits",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "stdio_session": "StdioSession",
        "time_limits": "TimeLimits",
    },
)
