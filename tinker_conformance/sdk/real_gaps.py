"""Measure the real time between a reply and the next request of the same future.

The SDK's clock stands still during that time, so an SDK that really waits shows in no other way.
"""

from __future__ import annotations

from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import Final

_NANOSECONDS: Final = 1_000_000_000


class RealGaps:
    """When the last reply of each future was sent, by the machine's own clock. Not thread-safe."""

    def __init__(self) -> None:
        self._replied: dict[int, int] = {}

    def replied(self, number: int) -> None:
        """Record that the server is about to send a reply to a poll of the future with this number."""
        self._replied[number] = clock_gettime_ns(CLOCK_MONOTONIC)

    def before_request(self, number: int) -> float | None:
        """Return the real seconds since the last reply of the future with this number; None: no reply."""
        replied = self._replied.get(number)
        return None if replied is None else (clock_gettime_ns(CLOCK_MONOTONIC) - replied) / _NANOSECONDS
