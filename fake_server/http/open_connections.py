"""The open connections of one server, and the one timer that closes inactive connections.

With a timer for each connection, each would cost memory, and each request would have to read the clock.
Instead, each connection counts its activity. Once a second, the timer looks for connections whose count has
not changed for too long; this check is the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final, Protocol

from fake_server.http.http_limits import Limits

SWEEP_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 1.0


class Stage(IntEnum):
    """What a connection waits for; each has a timeout of its own."""

    IDLE = 0
    """The next request."""
    HEAD = 1
    """The rest of a head."""
    BODY = 2
    """The rest of a body."""
    REPLYING = 3
    """A reply that the script delays; the script also decides how the connection ends."""
    UNREAD = 4
    """The client, which has to read its replies."""
    LINGERING = 5
    """The client, which has to close the connection after its request was refused."""


class MonitoredConnection(Protocol):
    """A connection, as the sweep (the check for inactive connections) uses it.

    Attributes:
        progress: Changes with all activity on the connection.
        seen: The value of ``progress`` at the last sweep.
        since: The time of the sweep that first saw this value, in seconds of the server's clock.
    """

    progress: int
    seen: int
    since: float

    def waits_for(self) -> Stage:
        """Return what the connection waits for now."""

    def time_out(self, stage: Stage) -> None:
        """End the connection, because the client took too long in this stage."""

    def abort(self) -> None:
        """Close the connection at once."""

    def close_unless_replying(self) -> None:
        """Close the connection, unless a slow reply is being sent on it."""


class Timer(Protocol):
    """A scheduled call that can be cancelled."""

    def cancel(self) -> object:
        """Cancel the call."""


class Connections:
    """The open connections; may be used on one thread only.

    Attributes:
        limits: Limits for each connection, and for all together.
        unfinished: Bytes of incomplete requests that the server holds now, over all connections.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Create an empty set of connections; no connection times out before ``watch`` is called.

        Args:
            limits: The limits; None for the defaults.
        """
        self.limits = limits or Limits()
        self.unfinished = 0
        self._open: set[MonitoredConnection] = set()
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
        """Check for inactive connections every second while connections are open.

        Args:
            clock: Returns monotonic seconds.
            later: Schedules a call after a number of seconds, and returns the timer.
        """
        self._clock, self._later = clock, later
        self._plan()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[MonitoredConnection]:
        return iter(tuple(self._open))

    def add(self, connection: MonitoredConnection) -> bool:
        """Add a connection; return False, without adding it, if there are too many."""
        if len(self._open) >= self.limits.connections:
            return False
        if self._clock is not None:
            connection.since = self._clock()
        self._open.add(connection)
        self._plan()
        return True

    def discard(self, connection: MonitoredConnection) -> None:
        """Remove a connection that has ended."""
        self._open.discard(connection)

    def close(self) -> None:
        """Close all connections at once, and stop the checks for inactive ones."""
        self._later = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in self:
            connection.abort()

    def sweep(self, now: float) -> None:
        """End the connections that have been inactive for too long.

        Args:
            now: The time in seconds of the clock given to ``watch``.
        """
        for connection in self:
            if connection.seen != connection.progress:
                connection.seen, connection.since = connection.progress, now
                continue
            stage = connection.waits_for()
            if now - connection.since >= self._seconds.get(stage, float("inf")):
                connection.time_out(stage)

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
