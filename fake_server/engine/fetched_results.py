"""Drop the results of the simulated service some time after clients have fetched them.

A result is kept for a while, because a client may repeat the poll if the reply was lost. Dropping it then
bounds the memory of a server that runs for hours. A later poll gets HTTP 410, which means to the official SDK
that the future has expired: sampling submits the request again, training raises an error. The engine holds
its lock around all calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import Final

from fake_server.engine.futures import ScriptedFuture

KEPT_SECONDS: Final = 600
"""How long a result is kept, in real seconds; a frozen clock does not affect it."""
KEPT_BYTES: Final = 32 * 1024 * 1024
"""Approximate limit for the memory of kept results and their requests, in bytes."""
KEPT_FUTURES: Final = 20_000
"""How many futures are kept after their results were dropped, so that tests can still inspect them; each
takes about 1 kB.
"""
_BYTES_OF_A_RESULT: Final = 5
"""Estimated memory, in bytes, that one byte of a reply needs as Python objects."""
_BYTES_OF_A_FUTURE: Final = 2_000


class FetchedResults:
    """The futures whose results clients have fetched, oldest first."""

    def __init__(
        self, seconds: float = KEPT_SECONDS, size: int = KEPT_BYTES, futures: int = KEPT_FUTURES
    ) -> None:
        """Create a record without any futures.

        Args:
            seconds: How long a result is kept after it was fetched, in real seconds.
            size: Approximate limit for the memory of kept results, in bytes.
            futures: How many futures are kept after their results were dropped.
        """
        self._seconds_ns = round(seconds * 1e9)
        self._size_limit = size
        self._futures_limit = futures
        self._kept: deque[tuple[ScriptedFuture, int, int]] = deque()
        self._size = 0
        self._empty: deque[ScriptedFuture] = deque()

    def add(self, future: ScriptedFuture, reply_size: int) -> None:
        """Record that the last reply of a future was served; `size` is its length in bytes."""
        request = future.request
        size = _BYTES_OF_A_FUTURE + _BYTES_OF_A_RESULT * reply_size + (len(request.body) if request else 0)
        self._kept.append((future, clock_gettime_ns(CLOCK_MONOTONIC), size))
        self._size += size

    def let_go(self) -> Iterator[ScriptedFuture]:
        """Yield the futures whose results the engine should drop now."""
        oldest = clock_gettime_ns(CLOCK_MONOTONIC) - self._seconds_ns
        while self._kept and (self._size > self._size_limit or self._kept[0][1] < oldest):
            future, _, size = self._kept.popleft()
            self._size -= size
            self._empty.append(future)
            yield future

    def forget(self) -> Iterator[ScriptedFuture]:
        """Yield the futures that the engine should forget now, long after their results were dropped."""
        while len(self._empty) > self._futures_limit:
            yield self._empty.popleft()
