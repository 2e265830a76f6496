"""SDKs that keep a time of day, or a number that is too short for the time."""

from __future__ import annotations

import select
import time
from typing import Final

import httpx

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll

from .declaration import Chapter
from .patches import WithObserver, WithPoll, state_in

SDKS: Final = Chapter()
_DAY: Final = 86_400


def _as_32_bits(number: int) -> int:
    """The signed number that is left of this one in 32 bits."""
    return (number + 2**31) % 2**32 - 2**31


class _OfTheDay(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        now = time.time() % _DAY
        if state is QueueState.ACTIVE or (self._memory.logged_at and now - self._memory.logged_at < 60):
            return False
        self._memory.logged_at = now
        return True


@SDKS.adapter(
    "keeps_the_time_of_day",
    under="tinker-0.5.1",
    caught_by="debounce.any_time_of_day",
    saying="wanted a pause line at 900.000 s, got nothing",
    also=("debounce.after_a_long_run",),
)
class _KeepsTheTimeOfDay(WithObserver):
    observer = _OfTheDay


class _InShortMilliseconds(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        now = time.time()
        passed = _as_32_bits(round((now - self._memory.logged_at) * 1000))
        if state is QueueState.ACTIVE or (self._memory.logged_at and passed < 60_000):
            return False
        self._memory.logged_at = now
        return True


@SDKS.adapter(
    "counts_milliseconds_in_32_bits",
    under="tinker-0.5.1",
    caught_by="debounce.after_a_long_run",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
)
class _CountsMillisecondsIn32Bits(WithObserver):
    observer = _InShortMilliseconds


class _InShortSeconds(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        now = time.time()
        fraction = now % 1
        now = _as_32_bits(int(now)) + fraction
        if state is QueueState.ACTIVE or (self._memory.logged_at and now - self._memory.logged_at < 60):
            return False
        self._memory.logged_at = now
        return True


@SDKS.adapter(
    "keeps_seconds_in_32_bits",
    under="tinker-0.5.1",
    caught_by="debounce.after_2038",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
)
class _KeepsSecondsIn32Bits(WithObserver):
    observer = _InShortSeconds


class _SleepsInRealTime(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        # Only where a 408 says nothing, or this SDK would take minutes to judge.
        if response.status_code == 408 and state_in(response) is None:
            # The clocks of the test do not see this wait.
            select.select([], [], [], 0.25)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "waits_in_real_time_after_a_408",
    under="tinker-0.5.1",
    caught_by="polling.no_real_wait",
    saying="in real time too (within 0.2 s), got a real wait of 0.",
)
class _WaitsInRealTime(WithPoll):
    poll = _SleepsInRealTime
