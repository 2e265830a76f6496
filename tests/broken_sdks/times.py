"""SDKs that keep a time of day, or a number that is too short for the time."""

from __future__ import annotations

import datetime
import math
import select
import time
from typing import Final

import httpx

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll

from .declaration import Chapter
from .patches import WithObserver, WithPoll, state_in
from .shows_in import begins_before, replies_with, state_of

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
    also=(
        "debounce.before_1970",
        "debounce.after_a_long_run",
    ),
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
    also=("debounce.before_1970",),
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
    also=("debounce.before_1970",),
)
class _KeepsSecondsIn32Bits(WithObserver):
    observer = _InShortSeconds


class _ByLocalTime(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        now = datetime.datetime.now()
        logged = vars(self).get("logged")
        if state is QueueState.ACTIVE or (logged and now - logged < datetime.timedelta(seconds=60)):
            return False
        vars(self)["logged"] = now
        return True


@SDKS.adapter(
    "subtracts_local_times",
    under="tinker-0.5.1",
    caught_by="debounce.summer_time",
    saying="at 940.000 s: wanted nothing, got the line",
    also=("debounce.before_1970",),
)
class _SubtractsLocalTimes(WithObserver):
    observer = _ByLocalTime


class _FromTheStart(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        self._memory.logged_at = self._memory.logged_at or -math.inf
        return super()._should_log_now(state)


@SDKS.adapter(
    "logs_before_1970",
    under="tinker-0.5.1",
    caught_by="debounce.before_1970",
    saying="at 0.000 s: wanted nothing, got the line",
    shows_in=begins_before(86_400),
)
class _LogsBefore1970(WithObserver):
    observer = _FromTheStart


class _ByShortUptime(ClientObserver):
    __slots__ = ()

    def _should_log_now(self, state: QueueState) -> bool:
        now = _as_32_bits(round(time.monotonic() * 1000))
        last = self._memory.logged_at
        if state is QueueState.ACTIVE or (last and now - last < 60_000):
            return False
        self._memory.logged_at = now
        return True


@SDKS.adapter(
    "keeps_the_uptime_in_32_bits",
    under="tinker-0.5.1",
    caught_by="debounce.long_uptime",
    saying="at 962.000 s: wanted a pause line at 962.000 s, got nothing",
    also=(
        "debounce.after_a_long_run",
        "debounce.before_1970",
        "debounce.clock_stepping_back",
        "debounce.wall_clock",
    ),
)
class _KeepsTheUptimeIn32Bits(WithObserver):
    observer = _ByShortUptime


class _WithAShortDeadline(Poll):
    __slots__ = ()

    async def _back_off(self) -> None:
        now = round(time.monotonic() * 1000)
        delay = min(1000 * 2**self._connection_errors, 30_000)
        if _as_32_bits(now + delay) > _as_32_bits(now):
            await super()._back_off()


@SDKS.adapter(
    "keeps_deadlines_in_32_bits",
    under="tinker-0.38",
    caught_by="polling.long_uptime",
    saying="wanted poll 6 of future 1 at 31.000 s, got poll 6 of future 1 at 15.000 s",
)
class _KeepsDeadlinesIn32Bits(WithPoll):
    poll = _WithAShortDeadline


class _WithoutASign(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        int(time.time()).to_bytes(8, "big")
        return await super()._ask()


@SDKS.adapter(
    "has_no_sign_before_the_time",
    under="tinker-0.10",
    caught_by="polling.before_1970",
    saying="got a failed set-up: create_client failed for training client 'client': OverflowError",
    also=("debounce.before_1970",),
    shows_in=begins_before(86_400),
)
class _HasNoSign(WithPoll):
    poll = _WithoutASign


class _SleepsInRealTime(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        # Only the first times where a 408 says nothing, or this SDK would take minutes to judge.
        if response.status_code == 408 and state_in(response) is None and self._iteration < 8:
            # The clocks of the test do not see this wait.
            select.select([], [], [], 0.25)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "waits_in_real_time_after_a_408",
    under="tinker-0.5.1",
    caught_by="polling.no_real_wait",
    saying="in real time too (within 0.2 s), got a real wait of 0.",
    # Nothing but this requirement is about real time, and it needs three waits.
    shows_in=replies_with(lambda reply: reply.status == 408 and state_of(reply) is None, times=3),
)
class _WaitsInRealTime(WithPoll):
    poll = _SleepsInRealTime
