"""Replace the real clocks of this process by two that can be moved.

freezegun replaces `time.time`, `time.monotonic`, `datetime.now` and the like in every module. By itself it
derives the monotonic clock from the wall clock. Its two private helpers for the monotonic clock are replaced,
so that the clocks can be moved apart. `tests/tinker_conformance/clocks/test_frozen_clock.py` fails if a
release of freezegun no longer calls them.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from unittest import mock

import freezegun
import freezegun.api

from tinker_conformance.clocks.frozen_names import FrozenNames
from tinker_conformance.clocks.two_clocks import TwoClocks

_NAMES: Final = FrozenNames()


@contextmanager
def frozen_time(
    clocks: TwoClocks,
    *,
    sleep: Callable[[float], None],
    before_read: Callable[[], None],
    real: tuple[str, ...] = (),
) -> Iterator[Callable[[], None]]:
    """Replace the clocks of the process; everything is as before afterwards.

    Args:
        clocks: What the process reads instead.
        sleep: Replaces `time.sleep`.
        before_read: Called before each reading of a clock, on the thread that reads.
        real: Prefixes of the names of modules that stay on real time.

    Yields:
        A function that shows the process where `clocks` stand; call it after moving them.
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

    # real_asyncio: loops that are not ours (an SDK's uvloop, a debugger's) go on in real time.
    freezer = freezegun.freeze_time(clocks.wall_datetime(), ignore=list(real), real_asyncio=True)
    with (
        mock.patch.object(freezegun.api, "_get_fake_monotonic", read_monotonic),
        mock.patch.object(freezegun.api, "_get_fake_monotonic_ns", read_monotonic_ns),
        mock.patch.object(freezegun.api, "get_current_time", read_wall),
        # By default a read is real when a frame of `threading` is among the five callers: in a background
        # thread it would depend on the depth of the stack. Looking at the caller alone keeps `threading`
        # itself on real time.
        mock.patch.object(freezegun.api, "call_stack_inspection_limit", 1),
        mock.patch.object(time, "sleep", sleep),
        _NAMES.in_place_of(freezer) as factory,
    ):
        yield lambda: factory.move_to(clocks.wall_datetime())
