"""Make a wait for a future visible to the frozen clock.

To the clock, a thread that is blocked in `Future.result()` looks as if it worked, so the clock would jump
only after some idle real time (`tinker_conformance.clocks.quiet`). Here such a thread waits on an event loop
instead, and event loops report to the clock when they sleep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from unittest import mock

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop


@contextmanager
def waits_are_seen(clock: FrozenClock) -> Iterator[None]:
    """Replace `Future.result` within the block, for threads inside `FrozenClock.working_here`.

    Waits with a timeout, and waits of a thread whose own event loop is running, stay unchanged.
    """
    result = Future.result

    def seen_result(future: Future[Any], timeout: float | None = None) -> Any:
        if timeout is None and not future.done() and clock.is_worker() and not _has_running_loop():
            _wait(future, clock)
        return result(future, timeout)

    with mock.patch.object(Future, "result", seen_result):
        yield


def _wait(future: Future[Any], clock: FrozenClock) -> None:
    loop = VirtualTimeLoop(clock)
    done: asyncio.Future[None] = loop.create_future()
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set_result, None))
    try:
        loop.run_until_complete(done)
    finally:
        loop.close()


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
