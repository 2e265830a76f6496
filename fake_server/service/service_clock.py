"""The service's own clock: it starts at a fixed moment, so that times in answers repeat from the seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""When the service starts."""
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Python's dates end in the year 9999; the clock and every expiry stop before."""


class ServiceClock:
    """A clock that moves by one second for each saved checkpoint, and by what tests let pass.

    Real time never moves it: an answer would then depend on how fast a test runs.
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
        """Let time pass; negative numbers count as 0, since the service's clock never steps back."""
        self._now = later(self._now, max(seconds, 0.0))


def later(time: datetime, seconds: float) -> datetime:
    """Return the time that is this many seconds after another, at most ``LATEST``."""
    if seconds >= (LATEST - time).total_seconds():
        return LATEST
    return time + timedelta(seconds=seconds)


def stamp(time: datetime) -> str:
    """Write a time as the service does, in whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
