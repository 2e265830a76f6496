"""Other packages that set the time, beside the frozen clock."""

from __future__ import annotations

import asyncio
import time

import freezegun
import pytest
import time_machine

from tinker_conformance.downstream.clock import frozen_clock
from tinker_conformance.error_families import UserError

EPOCH = 1_750_000_000.0
REFUSAL = "time-machine and fake_tinker_clock both set the time.*use one of them in a test"


def test_a_travel_of_time_machine_under_the_clock_is_refused() -> None:
    with frozen_clock(EPOCH):
        with pytest.raises(UserError, match=REFUSAL), time_machine.travel(0):
            pass
        assert time.time() == EPOCH
    with time_machine.travel(60, tick=False):
        assert time.time() == 60


def test_the_clock_is_refused_during_a_travel_of_time_machine() -> None:
    with time_machine.travel(60, tick=False):
        with pytest.raises(UserError, match=REFUSAL), frozen_clock(EPOCH):
            pass
        assert time.time() == 60


def test_freezegun_may_be_nested_and_only_sets_the_wall_clock() -> None:
    with frozen_clock(EPOCH) as clock:
        with freezegun.freeze_time("2030-01-01"):
            assert time.time() == 1_893_456_000
            monotonic = time.monotonic()
            time.sleep(60)
            assert time.monotonic() - monotonic == 60
        assert time.time() == EPOCH + 60 == clock.wall


def test_freezegun_may_be_around_the_clock() -> None:
    with freezegun.freeze_time("2030-01-01"):
        with frozen_clock(EPOCH):
            assert time.time() == EPOCH
        assert time.time() == 1_893_456_000


def test_loops_follow_the_clock_after_freezegun_has_frozen_all_but_them() -> None:
    with freezegun.freeze_time("2030-01-01", real_asyncio=True):
        pass
    with frozen_clock(EPOCH) as clock:
        asyncio.run(asyncio.sleep(60))
        assert clock.elapsed == 60
