"""Threads that wait for a future, in a way that the frozen clock can see.

A thread of an SDK that is blocked by `Future.result()` looks as if it were at work, and the clock would
jump only when nothing has happened for a while of real time (`tinker_conformance.clocks.quiet`). It waits on
an event loop instead: when the loop sleeps, the thread is known to.
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
    """Has threads that the clock counts as at work wait so, for the duration of the block.

    Waits with a limit, and of a thread whose own event loop runs, stay as they are.
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
