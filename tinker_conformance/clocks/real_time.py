"""The real clock, for code that must not see the frozen one.

The functions are attributes of a class, because freezing replaces the names of modules.
"""

from __future__ import annotations

import time
from typing import Final


class RealTime:
    """The functions of `time`, which stay real while the clocks are frozen."""

    sleep: Final = staticmethod(time.sleep)
    clock_gettime: Final = staticmethod(time.clock_gettime)
    clock_gettime_ns: Final = staticmethod(time.clock_gettime_ns)
    ctime: Final = staticmethod(time.ctime)
    asctime: Final = staticmethod(time.asctime)

    @staticmethod
    def monotonic() -> float:
        """Return the real monotonic clock in seconds."""
        return RealTime.clock_gettime(time.CLOCK_MONOTONIC)
