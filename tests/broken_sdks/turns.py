"""A fair lock whose waiting threads are visible to the frozen clock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager


class Turns:
    """A fair lock; a waiting thread waits for a future, which the kit sees (`…clocks.seen_waits`).

    A thread blocked by a plain lock looks busy to the kit, so the clock would move only after 0.1 s without
    any event. A scenario with threads would take three seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[Future[None]] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the threads that came first, then hold the lock."""
        ticket: Future[None] = Future()
        with self._lock:
            if self._taken:
                self._waiting.append(ticket)
            else:
                self._taken = True
                ticket.set_result(None)
        ticket.result()
        try:
            yield
        finally:
            with self._lock:
                self._taken = bool(self._waiting)
                following = self._waiting.popleft() if self._waiting else None
            if following is not None:
                following.set_result(None)
