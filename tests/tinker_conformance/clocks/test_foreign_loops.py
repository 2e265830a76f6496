"""A loop that a frozen clock cannot reach is named when it begins to run."""

from __future__ import annotations

import asyncio
import importlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.downstream.clock import frozen_clock

EPOCH = 1_750_000_000.0


def _made_class() -> type[asyncio.AbstractEventLoop]:
    """A loop with a clock of its own, as uvloop's: no subclass of asyncio's own loops."""

    class OtherLoop(asyncio.AbstractEventLoop):
        def run_until_complete(self, future: object) -> object:
            return future

        def run_forever(self) -> None: ...

    return OtherLoop


@pytest.mark.parametrize("before", [True, False], ids=["made before", "made under the clock"])
def test_a_loop_with_a_clock_of_its_own_is_named(before: bool) -> None:
    loop_class = _made_class() if before else None
    with frozen_clock(EPOCH):
        loop_class = loop_class or _made_class()
        loop = loop_class()
        for run in (loop.run_forever, lambda: loop.run_until_complete(None)):  # type: ignore[arg-type, func-returns-value]
            with pytest.warns(RuntimeWarning, match="OtherLoop keeps real time .* use a loop"):
                run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop_class().run_forever()


@pytest.mark.parametrize("factory", [None, asyncio.SelectorEventLoop, asyncio.new_event_loop])
def test_loops_of_asyncio_follow_the_clock_without_a_warning(
    factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> None:
    with frozen_clock(EPOCH) as clock, warnings.catch_warnings():
        warnings.simplefilter("error")
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.sleep(60))
        assert clock.elapsed == 60


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not exist for Windows")
def test_uvloop_is_named_and_keeps_real_time() -> None:
    uvloop: Any = importlib.import_module("uvloop")
    with frozen_clock(EPOCH) as clock:
        began = RealTime.monotonic()
        with pytest.warns(RuntimeWarning, match="uvloop.Loop keeps real time"):
            _sleep_on(uvloop.new_event_loop)
        assert RealTime.monotonic() - began >= 0.018
        assert clock.elapsed == 0


def _sleep_on(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.sleep(0.02))
