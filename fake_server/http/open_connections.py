"""The open connections of one server, and the one timer that ends those on which nothing moves.

A timer for each connection would cost memory and a reading of the clock with each request. Here a connection
counts what moves on it, and every second the sweep looks which counts stand still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final, Protocol

from fake_server.http.http_limits import Limits

SWEEP_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 1.0


class Stage(IntEnum):
    """What a connection waits for."""

    IDLE = 0
    """The next request."""
    HEAD = 1
    """The rest of a head."""
    BODY = 2
    """The rest of a body."""
    REPLYING = 3
    """A script, which decides when a reply comes and how the connection ends."""
    UNREAD = 4
    """The client, which shall read its replies."""
    LINGERING = 5
    """The client, which was refused, to close."""


class Swept(Protocol):
    """A connection, as the sweep sees it.

    Attributes:
        progress: Changes whenever something moves.
        seen: The progress that the last sweep saw.
        since: When a sweep first saw that.
    """

    progress: int
    seen: int
    since: float

    def waits_for(self) -> Stage:
        """What it waits for now."""

    def too_late(self, stage: Stage) -> None:
        """Ends, since the client took too long over that."""

    def abort(self) -> None:
        """Closes at once."""

    def leave(self) -> None:
        """Closes unless a slow reply is on its way."""


class Timer(Protocol):
    """What cancels a call that is due later."""

    def cancel(self) -> object:
        """Does not call."""


class Connections:
    """Connections that are open; to be used on one thread only.

    Attributes:
        limits: Bounds for each, and for all together.
        unfinished: Bytes of unfinished requests that they hold now.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """None are open, and no time passes until ``watch`` is called."""
        self.limits = limits or Limits()
        self.unfinished = 0
        self._open: set[Swept] = set()
        self._seconds = {
            Stage.IDLE: self.limits.idle_seconds,
            Stage.HEAD: self.limits.head_seconds,
            Stage.BODY: self.limits.body_seconds,
            Stage.UNREAD: self.limits.unread_seconds,
            Stage.LINGERING: LINGER_SECONDS,
        }
        self._clock: Callable[[], float] | None = None
        self._later: Callable[[float, Callable[[], object]], Timer] | None = None
        self._timer: Timer | None = None

    def watch(
        self, clock: Callable[[], float], later: Callable[[float, Callable[[], object]], Timer]
    ) -> None:
        """Sweeps each second while connections are open.

        Args:
            clock: Monotonic seconds.
            later: Calls a function after so many seconds.
        """
        self._clock, self._later = clock, later
        self._plan()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Swept]:
        return iter(tuple(self._open))

    def add(self, connection: Swept) -> bool:
        """Takes a connection in; False, and it is not, if there are too many."""
        if len(self._open) >= self.limits.connections:
            return False
        if self._clock is not None:
            connection.since = self._clock()
        self._open.add(connection)
        self._plan()
        return True

    def discard(self, connection: Swept) -> None:
        """Forgets a connection that has ended."""
        self._open.discard(connection)

    def close(self) -> None:
        """Aborts all, and sweeps no more."""
        self._later = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in self:
            connection.abort()

    def sweep(self, now: float) -> None:
        """Ends the connections on which nothing has moved for too long.

        Args:
            now: What the clock says.
        """
        for connection in self:
            if connection.seen != connection.progress:
                connection.seen, connection.since = connection.progress, now
                continue
            stage = connection.waits_for()
            if now - connection.since >= self._seconds.get(stage, float("inf")):
                connection.too_late(stage)

    def _plan(self) -> None:
        if self._timer is None and self._later is not None and self._open:
            self._timer = self._later(SWEEP_SECONDS, self._due)

    def _due(self) -> None:
        self._timer = None
        try:
            if self._clock is not None:
                self.sweep(self._clock())
        finally:
            self._plan()
