"""Frozen local time agrees with the standard library in every zone, with and without summer time."""

# ruff: noqa: DTZ002, DTZ006, DTZ011, DTZ012 - local time is what is tested

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from tinker_conformance.clocks.frozen_clock import FrozenClock

ZONES: Final = {
    "UTC": "UTC0",
    "summer time": "CET-1CEST,M3.5.0,M10.5.0/3",
    "half an hour of summer time": "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
    "west, half hours": "NST3:30NDT,M3.2.0,M11.1.0",
    "quarter of an hour": "NPT-5:45",
    "tomorrow": "LINT-14",
    "yesterday": "AoE12",
}
SUMMER, WINTER, REPEATED = 1_750_000_000.25, 1_735_000_000.5, 1_761_440_400.0
"""`REPEATED` is 2:00 in central Europe for the second time, in October 2025."""


def _as_of(now: float) -> Mapping[str, Callable[[], object]]:
    """Return what each reading must give at a moment, as the standard library converts it."""
    local = datetime.datetime.fromtimestamp(now)
    return {
        "ctime": lambda: time.ctime(now),
        "asctime": lambda: time.asctime(time.localtime(now)),
        "localtime": lambda: (
            time.localtime(now),
            time.localtime(now).tm_gmtoff,
            time.localtime(now).tm_zone,
        ),
        "gmtime": lambda: (time.gmtime(now), time.gmtime(now).tm_isdst),
        "strftime": lambda: time.strftime("%c %z %Z", time.localtime(now)),
        "mktime": lambda: float(int(now)),
        "now": lambda: (local, local.fold),
        "astimezone": lambda: (local.astimezone(), local.astimezone().utcoffset()),
        "in UTC": lambda: datetime.datetime.fromtimestamp(now, datetime.UTC),
        "today": lambda: (local, local.date()),
        "timestamp": lambda: now,
        "fromtimestamp": lambda: (local, datetime.date.fromtimestamp(now)),
        "clock_gettime": lambda: (now, round(now * 1e6) * 1000),
    }


def _read() -> Mapping[str, Callable[[], object]]:
    now = datetime.datetime.now
    return {
        "ctime": lambda: time.ctime(),  # noqa: PLW0108 - looked up at each call
        "asctime": lambda: time.asctime(),  # noqa: PLW0108 - looked up at each call
        "localtime": lambda: (time.localtime(), time.localtime().tm_gmtoff, time.localtime().tm_zone),
        "gmtime": lambda: (time.gmtime(), time.gmtime().tm_isdst),
        "strftime": lambda: time.strftime("%c %z %Z"),
        "mktime": lambda: time.mktime(time.localtime()),
        "now": lambda: (now(), now().fold),
        "astimezone": lambda: (now().astimezone(), now().astimezone().utcoffset()),
        "in UTC": lambda: now(datetime.UTC),
        "today": lambda: (datetime.datetime.today(), datetime.date.today()),
        "timestamp": lambda: now().timestamp(),
        "fromtimestamp": lambda: (
            datetime.datetime.fromtimestamp(time.time()),
            datetime.date.fromtimestamp(time.time()),
        ),
        "clock_gettime": lambda: (
            time.clock_gettime(time.CLOCK_REALTIME),
            time.clock_gettime_ns(time.CLOCK_REALTIME),
        ),
    }


@pytest.fixture(params=ZONES.values(), ids=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize("epoch", [SUMMER, WINTER, REPEATED])
def test_every_reading_is_the_frozen_moment_in_the_zone(zone: str, epoch: float) -> None:
    wanted = {name: read() for name, read in _as_of(epoch).items()}
    clock = FrozenClock()
    clock.new_scenario(epoch)
    with clock.frozen():
        got = {name: read() for name, read in _read().items()}
    assert got == wanted, zone


def test_names_that_were_imported_are_frozen_too() -> None:
    clock = FrozenClock()
    globals().update(asctime=time.asctime, sleep=time.sleep)
    try:
        with clock.frozen():
            clock.new_scenario(WINTER)
            assert globals()["asctime"]() == time.ctime(WINTER)
            globals()["sleep"](30)
            assert clock.elapsed() == 30
        assert globals()["sleep"] is time.sleep
    finally:
        del globals()["asctime"], globals()["sleep"]
