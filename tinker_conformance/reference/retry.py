"""Submit a sample again, after a random delay, when its future has expired or its submission failed.

Source: the retry handler of ``tinker`` 0.1.0 to 0.38.0. Its limit on concurrent requests is not modelled.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from tinker_conformance.profile.profile import PollingFacet
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.observer import LOGGER_NAME

_logger: Final = logging.getLogger(f"{LOGGER_NAME}.retry")
_T = TypeVar("_T")

_LEAST_SLEEP: Final = 0.000_001
"""The shortest sleep, seconds: a task at exactly its deadline must not spin until the clock moves."""

_TURNS: Final = 4
"""After so many turns of the event loop, an expired timer has woken its task, which has cancelled another."""


@dataclass(slots=True)
class SamplingRetries:
    """Submits the samples of one sampling client again when they are lost.

    Attributes:
        facet: The polling facet of the profile, with the delays and the limit.
    """

    facet: PollingFacet
    _running: int = 0
    _progress_at: float = 0.0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def run(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Call `attempt` until it returns a result or raises an error other than the loss of its future.

        Args:
            attempt: Submits the sample, polls its future and returns the result.

        Raises:
            FutureError: No attempt of this client succeeded for `stalled_after_seconds` (wall clock).
        """
        with self._counting:
            if self._running == 0:
                self._progress_at = time.time()
            self._running += 1
        attempts = asyncio.ensure_future(self._attempts(attempt))
        watch = asyncio.ensure_future(self._watch(attempts))
        try:
            result = await attempts
        except asyncio.CancelledError:
            if watch.done() and not watch.cancelled():
                raise self._stalled() from None
            raise
        finally:
            with self._counting:
                self._running -= 1
            watch.cancel()
        self._progress_at = time.time()
        return result

    async def _watch(self, attempts: asyncio.Future[_T]) -> None:
        limit = self.facet.expired.stalled_after_seconds
        while True:
            deadline = self._progress_at + limit
            if (now := time.time()) > deadline:
                attempts.cancel()
                return
            await asyncio.sleep(max(deadline - now, _LEAST_SLEEP))

    async def _attempts(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        # Let the watch read the clock before the first request.
        await asyncio.sleep(0)
        count = 0
        while True:
            try:
                return await _delayed_end(attempt)
            except Exception as error:
                if _starts_over(error):
                    await asyncio.sleep(self._delay(count))
                    count += 1
                    continue
                if self.facet.lines.non_retryable:
                    _logger.error("%s", self.facet.lines.non_retryable.format(error=_described(error)))  # noqa: TRY400 - the official line has no traceback
                raise

    def _delay(self, attempt: int) -> float:
        """Return the seconds until the next submission: exponential, jittered, then capped."""
        rules = self.facet.expired
        delay = min(rules.delay_base_seconds * 2.0 ** min(attempt, 64), rules.delay_cap_seconds)
        jitter = delay * rules.jitter * (2 * random.random() - 1)  # noqa: S311 - no secret depends on it
        return max(0.0, min(delay + jitter, rules.delay_cap_seconds))

    def _stalled(self) -> FutureError:
        seconds = self.facet.expired.stalled_after_seconds
        # The official text prints the limit as it was written, a whole number.
        text = self.facet.lines.stalled_error.format(
            seconds=int(seconds) if seconds.is_integer() else seconds
        )
        message = f"no sample succeeded in {seconds} s; check that the server is still running"
        return FutureError(message, official_class="APIConnectionError", official_text=text)


def _starts_over(error: Exception) -> bool:
    """Return whether a sample is submitted again after an error."""
    match error:
        case FutureError():
            return error.is_retried
        case TimeoutError():
            # A TimeoutError comes from an observer: the official handler retries those too.
            return True
        case _:
            return False


async def _delayed_end(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Run an attempt, and return only after some more turns of the event loop.

    The official SDK polls in a separate task, so the task that watches the deadline acts first: a sample that
    succeeds after the deadline still fails.
    """
    try:
        return await attempt()
    finally:
        for _ in range(_TURNS):
            await asyncio.sleep(0)


def _described(error: Exception) -> str:
    """Return an exception as the official log line prints it: "class: text"."""
    if isinstance(error, FutureError):
        return f"{error.official_class}: {error.official_text or 'No error message'}"
    return f"{type(error).__name__}: {str(error) or 'No error message'}"
