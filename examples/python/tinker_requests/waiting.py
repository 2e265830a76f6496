"""How long a call may take."""

from __future__ import annotations

import time

from tinker_requests.errors import WaitTimeoutError


class Patience:
    """The time limit of one call, on the monotonic clock; without a limit, for ever."""

    def __init__(self, seconds: float | None) -> None:
        self._limit = seconds
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raises WaitTimeoutError once the limit has passed."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            message = f"no result within {self._limit} s; wait longer"
            raise WaitTimeoutError(message)

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not past the limit: there it raises WaitTimeoutError."""
        if self._deadline is not None:
            seconds = max(min(seconds, self._deadline - time.monotonic()), 0.0)
        time.sleep(seconds)
        self.check()

    def at_most(self, seconds: float) -> float:
        """What is left, or `seconds` if that is less; never 0."""
        if self._deadline is None:
            return seconds
        return max(min(seconds, self._deadline - time.monotonic()), 0.001)
