"""What carries a sample over the loss of its future: the request is submitted anew after a jittered delay.

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
from tinker_conformance.reference.failures import FutureError, FutureExpiredError, StalledError
from tinker_conformance.reference.observer import LOGGER_NAME

_logger: Final = logging.getLogger(f"{LOGGER_NAME}.retry")
_T = TypeVar("_T")

_LEAST_SLEEP: Final = 0.000_001
"""Seconds; a watch that finds itself exactly at its deadline must not spin until the clock has moved."""

_TURNS: Final = 4
"""Turns of the loop in which a timer that is due wakes its task, and that task cancels another."""


@dataclass(slots=True)
class SamplingRetries:
    """The retries of one sampling client.

    Attributes:
        facet: The polling facet.
    """

    facet: PollingFacet
    _running: int = 0
    _progress_at: float = 0.0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def run(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Runs attempts until one ends otherwise than by the loss of its future.

        Args:
            attempt: Submits the request and polls its future.

        Raises:
            StalledError: No attempt of this client succeeded for `stalled_after_seconds` (wall clock).
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
        # The watch looks at the clock for the first time before the first request.
        await asyncio.sleep(0)
        count = 0
        while True:
            try:
                return await _heard_of(attempt)
            except (FutureExpiredError, TimeoutError):
                # A TimeoutError comes out of an observer: the official handler retries those too.
                await asyncio.sleep(self._delay(count))
                count += 1
            except Exception as error:
                if self.facet.lines.non_retryable:
                    _logger.error("%s", self.facet.lines.non_retryable.format(error=_described(error)))  # noqa: TRY400 - the official line has no traceback
                raise

    def _delay(self, attempt: int) -> float:
        """Seconds until the request is submitted anew: exponential, jittered, then capped."""
        rules = self.facet.expired
        delay = min(rules.delay_base_seconds * 2.0 ** min(attempt, 64), rules.delay_cap_seconds)
        jitter = delay * rules.jitter * (2 * random.random() - 1)  # noqa: S311 - no secret depends on it
        return max(0.0, min(delay + jitter, rules.delay_cap_seconds))

    def _stalled(self) -> StalledError:
        seconds = self.facet.expired.stalled_after_seconds
        # The official text prints the limit as it was written, a whole number.
        text = self.facet.lines.stalled_error.format(
            seconds=int(seconds) if seconds.is_integer() else seconds
        )
        message = f"no sample was done in {seconds} s; ask whether the server still works on it, or give up"
        return StalledError(message, official_class="APIConnectionError", official_text=text)


async def _heard_of(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Runs an attempt and hears of its end some turns of the loop later.

    The official SDK polls in a task of its own, so that a watch whose time has come is heard first: a sample
    that is done after the deadline is given up all the same.
    """
    try:
        return await attempt()
    finally:
        for _ in range(_TURNS):
            await asyncio.sleep(0)


def _described(error: Exception) -> str:
    """An exception as the official line prints it: "class: text"."""
    if isinstance(error, FutureError):
        return f"{error.official_class}: {error.official_text or 'No error message'}"
    return f"{type(error).__name__}: {str(error) or 'No error message'}"
