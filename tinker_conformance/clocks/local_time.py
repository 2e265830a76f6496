"""Frozen local time that is the same through every function, in every time zone.

freezegun takes local time to be UTC, apart from `time.localtime`, which ignores summer time; it leaves
`time.ctime`, `time.asctime` and `time.clock_gettime` on real time (freezegun 1.5.5). Here the standard
library converts the frozen time, in the time zone of the process.
"""

from __future__ import annotations

import calendar
import contextlib
import datetime
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from unittest import mock

# Import the module, not names from it: a freeze replaces real clock functions that a module imported.
import freezegun.api as _api
from freezegun.api import FakeDate, FakeDatetime

from tinker_conformance.clocks.real_modules import among
from tinker_conformance.clocks.real_time import RealTime

_WALL_CLOCKS: Final = ("CLOCK_REALTIME", "CLOCK_TAI")
_MONOTONIC_CLOCKS: Final = (
    "CLOCK_BOOTTIME",
    "CLOCK_HIGHRES",
    "CLOCK_MONOTONIC",
    "CLOCK_MONOTONIC_RAW",
    "CLOCK_MONOTONIC_RAW_APPROX",
    "CLOCK_UPTIME",
    "CLOCK_UPTIME_RAW",
    "CLOCK_UPTIME_RAW_APPROX",
)
_OWN: Final = among(("fake_server", "tinker_conformance"))
"""The kit's own packages, which keep the real `clock_gettime`."""


def _ids(names: tuple[str, ...]) -> frozenset[int]:
    return frozenset(vars(time)[name] for name in names if name in vars(time))


class LocalTime:
    """Replacements for functions of `time` and `datetime`, which convert the frozen wall clock to local time.

    Attributes:
        more_fakes: The replacement for each real function of `time` that freezegun does not replace.
    """

    def __init__(self, monotonic_ns: Callable[[], int], is_real: Callable[[str], bool]) -> None:
        """Prepare the functions; `replacing` installs them.

        Args:
            monotonic_ns: Returns the frozen monotonic clock, in nanoseconds.
            is_real: Takes a module's name. True: code of this module reads real time.
        """
        self._is_real = is_real
        self._monotonic_ns = monotonic_ns
        self._walls, self._monotonics = _ids(_WALL_CLOCKS), _ids(_MONOTONIC_CLOCKS)
        self.more_fakes: Mapping[Callable[..., Any], Callable[..., Any]] = {
            RealTime.ctime: self._ctime,
            RealTime.asctime: self._asctime,
            RealTime.clock_gettime: self._clock_gettime,
            RealTime.clock_gettime_ns: self._clock_gettime_ns,
        }

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        """Install the functions within the block, in place of freezegun's.

        Enter the block before freezegun starts.
        """
        with contextlib.ExitStack() as stack:
            for owner, name, new in self._replacements():
                stack.enter_context(mock.patch.object(owner, name, new))
            yield

    def _replacements(self) -> Iterator[tuple[object, str, object]]:
        is_real, seconds = self._is_real, self._seconds

        def fake_localtime(t: float | None = None) -> time.struct_time:
            if t is None and not is_real(_module(1)):
                t = seconds()
            return _api.real_localtime(t)

        def fake_gmtime(t: float | None = None) -> time.struct_time:
            if t is None and not is_real(_module(1)):
                t = seconds()
            return _api.real_gmtime(t)

        def fake_strftime(format: str, t: Any = None) -> str:  # noqa: A002 - its name in the standard library
            if t is None:
                t = _api.real_localtime(None if is_real(_module(1)) else seconds())
            return _api.real_strftime(format, t)

        def fake_time_ns() -> int:
            return _api.real_time_ns() if is_real(_module(1)) else self._wall_us() * 1000

        def now(cls: type[FakeDatetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return self._now(cls, tz, is_real(_module(1)))

        def today(cls: type[FakeDatetime]) -> datetime.datetime:
            return self._now(cls, None, is_real(_module(1)))

        def date_today(cls: type[FakeDate]) -> datetime.date:
            if is_real(_module(1)):
                return _date(cls, _api.real_date.today())
            return _date(cls, _api.real_date.fromtimestamp(seconds()))

        def from_timestamp(
            cls: type[FakeDatetime], timestamp: float, tz: datetime.tzinfo | None = None
        ) -> datetime.datetime:
            return _made(cls, _api.real_datetime.fromtimestamp(timestamp, tz))

        def as_timezone(self: FakeDatetime, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return _made(FakeDatetime, _api.real_datetime.astimezone(self, tz))

        yield _api, "fake_localtime", fake_localtime
        yield _api, "fake_gmtime", fake_gmtime
        yield _api, "fake_strftime", fake_strftime
        yield _api, "fake_time_ns", fake_time_ns
        yield FakeDate, "today", classmethod(date_today)
        yield FakeDatetime, "today", classmethod(today)
        yield FakeDatetime, "now", classmethod(now)
        yield FakeDatetime, "fromtimestamp", classmethod(from_timestamp)
        yield FakeDatetime, "astimezone", as_timezone
        yield FakeDatetime, "timestamp", _api.real_datetime.timestamp

    @staticmethod
    def _wall_us() -> int:
        """Return the frozen wall clock, in microseconds since 1970."""
        wall = _api.get_current_time()
        return calendar.timegm(wall.timetuple()) * 1_000_000 + wall.microsecond

    def _seconds(self) -> int:
        """Return the frozen wall clock in whole seconds since 1970."""
        return self._wall_us() // 1_000_000

    def _now(self, cls: type[FakeDatetime], tz: datetime.tzinfo | None, real: bool) -> datetime.datetime:  # noqa: FBT001 - internal
        if real:
            return _made(cls, _api.real_datetime.now(tz))
        seconds, microsecond = divmod(self._wall_us(), 1_000_000)
        return _made(cls, _api.real_datetime.fromtimestamp(seconds, tz), microsecond)

    def _ctime(self, seconds: float | None = None) -> str:
        if seconds is None and not self._is_real(_module(1)):
            seconds = self._seconds()
        return RealTime.ctime(seconds)

    def _asctime(self, t: Any = None) -> str:
        if t is None:
            t = _api.real_localtime(None if self._is_real(_module(1)) else self._seconds())
        return RealTime.asctime(t)

    def _clock_gettime_ns(self, clk_id: int) -> int:
        frozen_us = self._read_clock(clk_id, _module(1))
        return RealTime.clock_gettime_ns(clk_id) if frozen_us is None else frozen_us * 1000

    def _clock_gettime(self, clk_id: int) -> float:
        frozen_us = self._read_clock(clk_id, _module(1))
        return RealTime.clock_gettime(clk_id) if frozen_us is None else frozen_us / 1e6

    def _read_clock(self, clock: int, module: str) -> int | None:
        if not (_OWN(module) or self._is_real(module)):
            if clock in self._walls:
                return self._wall_us()
            if clock in self._monotonics:
                return self._monotonic_ns() // 1000
        return None


def _module(callers: int) -> str:
    name: str = sys._getframe(callers + 1).f_globals.get("__name__", "")  # noqa: SLF001 - documented in sys
    return name


def _date(cls: type[FakeDate], day: datetime.date) -> datetime.date:
    return cls(day.year, day.month, day.day)


def _made(
    cls: type[FakeDatetime], moment: datetime.datetime, microsecond: int | None = None
) -> datetime.datetime:
    """Return `moment` as an instance of `cls`, with its `fold`, which C code drops for subclasses."""
    return cls(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond if microsecond is None else microsecond,
        moment.tzinfo,
        fold=moment.fold,
    )
