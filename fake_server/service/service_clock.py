"""The simulated service's own clock. It starts at a fixed time, so that equal seeds give equal times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""When the service starts."""
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The latest time that the clock and an expiry can have: Python's dates end in the year 9999."""


class ServiceClock:
    """A clock that moves by one second for each saved checkpoint, and by what tests let pass.

    Real time never moves the clock; otherwise replies would depend on how fast a test runs.
    """

    def __init__(self) -> None:
        self._now = EPOCH

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def tick(self) -> datetime:
        """Return the time, and let one second pass, so that the next event has another time."""
        before = self._now
        self.advance(1)
        return before

    def advance(self, seconds: float) -> None:
        """Let time pass; a negative number counts as 0, since this clock never goes back."""
        self._now = later(self._now, max(seconds, 0.0))


def later(time: datetime, seconds: float) -> datetime:
    """Return a time that is a number of seconds after another one, at most ``LATEST``."""
    if seconds >= (LATEST - time).total_seconds():
        return LATEST
    return time + timedelta(seconds=seconds)


def stamp(time: datetime) -> str:
    """Return a time as text, in whole seconds, as the service writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
