"""SDKs in any language, driven by an adapter program that speaks JSON lines.

A scenario goes to the adapter's standard input. What it writes to its standard output is checked line by
line and merged with what the fake server saw into the timeline that comes out.
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
