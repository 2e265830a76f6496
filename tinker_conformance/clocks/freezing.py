"""Replace the real clocks of this process by two clocks that the kit can move.

freezegun replaces `time.time`, `time.monotonic`, `datetime.now` and the like in every module, but derives the
monotonic clock from the wall clock. So that the two can be moved apart, this module replaces freezegun's two
private helpers for the monotonic clock. `tests/tinker_conformance/clocks/test_frozen_clock.py` fails if a
release of freezegun no longer calls these helpers.
"""

from __future__ import annotations

import contextlib
import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from unittest import mock

import freezegun
import freezegun.api

from tinker_conformance.clocks.frozen_names import FrozenNames
from tinker_conformance.clocks.local_time import LocalTime
from tinker_conformance.clocks.real_modules import SLEEP_IN_REAL_TIME, OfModule, among
from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.clocks.two_clocks import TwoClocks

_NAMES: Final = FrozenNames()
_SLEEPS: Final = among(SLEEP_IN_REAL_TIME)


@contextmanager
def frozen_time(
    clocks: TwoClocks,
    *,
    sleep: Callable[[float], None],
    before_read: Callable[[], None],
    keeps_names: OfModule,
    is_real: OfModule,
    real_asyncio: bool,
) -> Iterator[Callable[[], None]]:
    """Make the process read `clocks` within the block, and the real clocks again afterwards.

    Args:
        clocks: The two clocks to read.
        sleep: Replaces `time.sleep`.
        before_read: Called before each reading of a clock, on the thread that reads the clock.
        keeps_names: Takes a module's name. True: functions such as `time`, imported by name, stay real in it.
        is_real: Takes a module's name. True: code of this module reads real time. Called at each reading.
        real_asyncio: Whether asyncio's own event loops keep real time.

    Yields:
        A function to call after `clocks` were moved, so that the process sees the new time.
    """
    read_frozen_wall = freezegun.api.get_current_time

    def read_wall() -> datetime.datetime:
        before_read()
        return read_frozen_wall()

    def read_monotonic() -> float:
        before_read()
        return clocks.monotonic()

    def read_monotonic_ns() -> int:
        before_read()
        return clocks.monotonic_us * 1000

    def reads_real_time() -> bool:
        # The caller of freezegun's function, which called this one.
        return is_real(sys._getframe(2).f_globals.get("__name__", ""))  # noqa: SLF001 - documented in sys

    def frozen_sleep(seconds: float) -> None:
        if _SLEEPS(sys._getframe(1).f_globals.get("__name__", "")):  # noqa: SLF001 - documented in sys
            RealTime.sleep(seconds)
        else:
            sleep(seconds)

    freezer = freezegun.freeze_time(clocks.wall_datetime(), real_asyncio=real_asyncio)
    local = LocalTime(read_monotonic_ns, is_real)
    more = {**local.more_fakes, RealTime.sleep: frozen_sleep}
    with (
        mock.patch.object(freezegun.api, "_get_fake_monotonic", read_monotonic),
        mock.patch.object(freezegun.api, "_get_fake_monotonic_ns", read_monotonic_ns),
        mock.patch.object(freezegun.api, "get_current_time", read_wall),
        # By default a read is real when a frame of `threading` is among the five callers: in a background
        # thread it would depend on the depth of the stack.
        mock.patch.object(freezegun.api, "_should_use_real_time", reads_real_time),
        local.replacing(),
        contextlib.ExitStack() as stack,
    ):
        for real, fake in more.items():
            stack.enter_context(mock.patch.object(time, real.__name__, fake))
        with _NAMES.in_place_of(freezer, more, keeps_names) as factory:
            yield lambda: factory.move_to(clocks.wall_datetime())
