"""Results that were fetched: kept for a while, for a poll that is repeated, and then let go.

So a server that runs for hours stays small. A poll that comes later gets HTTP 410, which the official SDK
takes for a promise that expired: sampling submits anew, training raises. The engine calls it under its own
lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import Final

from fake_server.engine.futures import ScriptedFuture

KEPT_SECONDS: Final = 600
"""Real seconds; a frozen clock does not move them."""
KEPT_BYTES: Final = 32 * 1024 * 1024
"""Memory of results and requests together, about."""
KEPT_FUTURES: Final = 20_000
"""Futures whose results were let go, and which tests may still ask about; about 1 kB each."""
_BYTES_OF_A_RESULT: Final = 5
"""Memory that a byte of a reply takes as numbers of Python."""
_BYTES_OF_A_FUTURE: Final = 2_000


class FetchedResults:
    """The futures whose last reply was served, in that order."""

    def __init__(
        self, seconds: float = KEPT_SECONDS, size: int = KEPT_BYTES, futures: int = KEPT_FUTURES
    ) -> None:
        """Keep results so long, and so many.

        Args:
            seconds: Real seconds after the last reply.
            size: Bytes of memory, about.
            futures: Futures without results.
        """
        self._seconds_ns = round(seconds * 1e9)
        self._size_limit = size
        self._futures_limit = futures
        self._kept: deque[tuple[ScriptedFuture, int, int]] = deque()
        self._size = 0
        self._empty: deque[ScriptedFuture] = deque()

    def add(self, future: ScriptedFuture, reply_size: int) -> None:
        """Take note that the last reply of a future was served, of so many bytes."""
        request = future.request
        size = _BYTES_OF_A_FUTURE + _BYTES_OF_A_RESULT * reply_size + (len(request.body) if request else 0)
        self._kept.append((future, clock_gettime_ns(CLOCK_MONOTONIC), size))
        self._size += size

    def let_go(self) -> Iterator[ScriptedFuture]:
        """Yield the futures whose results are to be let go now."""
        oldest = clock_gettime_ns(CLOCK_MONOTONIC) - self._seconds_ns
        while self._kept and (self._size > self._size_limit or self._kept[0][1] < oldest):
            future, _, size = self._kept.popleft()
            self._size -= size
            self._empty.append(future)
            yield future

    def forget(self) -> Iterator[ScriptedFuture]:
        """Yield the futures that are to be forgotten altogether now."""
        while len(self._empty) > self._futures_limit:
            yield self._empty.popleft()
