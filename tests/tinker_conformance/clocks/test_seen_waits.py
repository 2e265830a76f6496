"""A thread that waits for a future does not hold the clock; one that is at work does."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.seen_waits import waits_are_seen
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop

REAL_SECONDS = 2.0
"""After which a clock that is held is let go, so that a test fails rather than hangs."""


def elapsed_while_a_thread_waits(
    promise: Future[str], *, end: BaseException | None = None
) -> tuple[float, object]:
    """A thread waits for what is promised in seven virtual seconds; how many passed, and what it got.

    Nobody looks for quiet here: a thread that could not be seen would hold the clock for ever.
    """
    clock = FrozenClock()
    loop = VirtualTimeLoop(clock)
    stalls: list[str] = []

    def keep() -> None:
        if not promise.done():
            promise.set_result("kept") if end is None else promise.set_exception(end)

    async def wait() -> tuple[float, object]:
        loop.call_later(7, keep)
        (got,) = await asyncio.gather(asyncio.to_thread(promise.result), return_exceptions=True)
        return clock.elapsed(), got

    rescue = threading.Timer(REAL_SECONDS, lambda: loop.call_soon_threadsafe(keep))
    rescue.start()
    with (
        clock.frozen(),
        waits_are_seen(clock),
        clock.jumping(limit_seconds=3600, on_stall=stalls.append),
    ):
        result = loop.run_until_complete(wait())
    # Its thread is the executor's own: the clock would take the wait for it for a stall.
    loop.run_until_complete(loop.shutdown_default_executor())
    rescue.cancel()
    loop.close()
    assert stalls == []
    return result


def test_the_clock_moves_on_while_a_thread_waits_for_a_future() -> None:
    assert elapsed_while_a_thread_waits(Future()) == (7.0, "kept")


def test_an_error_that_a_thread_waits_for_is_raised_there() -> None:
    error = KeyError("broken")
    assert elapsed_while_a_thread_waits(Future(), end=error) == (7.0, error)


def test_what_is_there_already_is_not_waited_for() -> None:
    promise: Future[str] = Future()
    promise.set_result("early")
    assert elapsed_while_a_thread_waits(promise) == (0.0, "early")


def test_waits_with_a_limit_and_of_other_threads_are_as_ever() -> None:
    promise: Future[str] = Future()
    clock = FrozenClock()
    with waits_are_seen(clock):
        with clock.working_here(), pytest.raises(TimeoutError):
            promise.result(0.001)
        threading.Timer(0.001, promise.set_result, ["kept"]).start()
        assert promise.result() == "kept"


def test_nothing_is_left_in_place_of_the_wait() -> None:
    usual = Future.result
    with waits_are_seen(FrozenClock()):
        assert Future.result is not usual
    assert Future.result is usual
