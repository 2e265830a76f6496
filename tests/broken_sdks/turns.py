"""Turns that threads take, in a way that the frozen clock can see."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager


class Turns:
    """A lock whose waiting threads wait for a future, which the kit sees (`…clocks.seen_waits`).

    A thread that is blocked by a plain lock looks as if it were at work, and the clock moves only when
    nothing has happened for a tenth of a second: a scenario with threads would take three seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[Future[None]] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for those who came first."""
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
