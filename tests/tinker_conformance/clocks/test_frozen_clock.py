"""The frozen clock and the loops on it."""

from __future__ import annotations

import asyncio
import datetime
import math
import threading
import time
from collections.abc import Coroutine

import pytest

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop


def test_everything_that_tells_the_time_stands_still_and_moves_with_the_clock() -> None:
    clock = FrozenClock()
    with clock.frozen():
        before = time.time(), time.monotonic(), time.time_ns(), time.monotonic_ns(), datetime.datetime.now()
        assert time.time() == before[0]
        clock.advance(1_500_000, 1_500_000)
        assert time.time() - before[0] == 1.5
        assert time.monotonic() - before[1] == 1.5
        assert abs(time.time_ns() - before[2] - 1_500_000_000) < 1_000
        assert time.monotonic_ns() - before[3] == 1_500_000_000
        assert datetime.datetime.now() - before[4] == datetime.timedelta(seconds=1.5)


def test_wall_and_monotonic_clocks_move_apart() -> None:
    clock = FrozenClock()
    with clock.frozen():
        wall, monotonic = time.time(), time.monotonic()
        clock.advance(-5_000_000, 1_000)
        assert time.time() == wall - 5
        assert time.monotonic() == pytest.approx(monotonic + 0.001, abs=1e-9)


def test_the_monotonic_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="move the wall clock alone"):
        FrozenClock().advance(0, -1)


def test_a_background_thread_sees_the_same_clock() -> None:
    clock = FrozenClock()
    seen: list[float] = []
    with clock.frozen():
        clock.advance(7_000_000, 7_000_000)
        thread = threading.Thread(target=lambda: seen.append(time.time()))
        thread.start()
        thread.join()
        assert seen == [time.time()]


def test_nothing_is_left_frozen() -> None:
    originals = time.time, time.monotonic, time.sleep, datetime.datetime
    with FrozenClock().frozen():
        pass
    assert (time.time, time.monotonic, time.sleep, datetime.datetime) == originals


def _run(clock: FrozenClock) -> tuple[VirtualTimeLoop, list[int], list[str]]:
    return VirtualTimeLoop(clock), [], []


def test_a_sleeping_loop_jumps_to_its_next_timer_exactly() -> None:
    clock = FrozenClock()
    loop, jumps, stalls = _run(clock)

    async def back_off() -> None:
        for seconds in (1, 2, 4, 30):
            await asyncio.sleep(seconds)

    with clock.frozen(), clock.jumping(limit_seconds=3600, on_stall=stalls.append, on_jump=jumps.append):
        clock.new_scenario()
        wall = time.time()
        loop.run_until_complete(back_off())
        assert time.time() - wall == 37
    loop.close()
    assert jumps == [1_000_000, 2_000_000, 4_000_000, 30_000_000]
    assert stalls == []


def test_two_loops_in_two_threads_share_one_time() -> None:
    clock = FrozenClock()
    order: list[str] = []
    other = VirtualTimeLoop(clock)

    async def note(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    thread = threading.Thread(target=other.run_forever)
    loop = VirtualTimeLoop(clock)

    async def both() -> None:
        with clock.jumping(limit_seconds=3600, on_stall=order.append):
            thread.start()
            far = asyncio.run_coroutine_threadsafe(note("second", 2), other)
            await asyncio.gather(note("first", 1), note("third", 3), asyncio.wrap_future(far))

    with clock.frozen():
        loop.run_until_complete(both())
        other.call_soon_threadsafe(other.stop)
        thread.join()
    loop.close()
    other.close()
    assert order == ["first", "second", "third"]


def test_a_thread_that_works_holds_the_clock() -> None:
    clock = FrozenClock()
    loop, jumps, stalls = _run(clock)
    release = threading.Event()

    async def wait_for_thread() -> float:
        working = asyncio.ensure_future(asyncio.to_thread(release.wait))
        loop.call_soon_threadsafe(release.set)
        await working
        return clock.elapsed()

    with clock.frozen(), clock.jumping(limit_seconds=3600, on_stall=stalls.append, on_jump=jumps.append):
        clock.new_scenario()
        assert loop.run_until_complete(wait_for_thread()) == 0
        loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert jumps == []


def _on_a_loop_of_its_own(clock: FrozenClock, waiting: Coroutine[None, None, object]) -> None:
    loop = VirtualTimeLoop(clock)
    loop.run_until_complete(waiting)
    loop.close()


def test_a_thread_that_sleeps_on_a_loop_of_its_own_is_seen_to_sleep() -> None:
    """Nobody looks for quiet here: a thread that could not be seen would hold the clock for ever."""
    clock = FrozenClock()
    loop, jumps, stalls = _run(clock)

    async def wait_for_threads() -> float:
        sleeps = [asyncio.to_thread(_on_a_loop_of_its_own, clock, asyncio.sleep(5 + n)) for n in range(3)]
        await asyncio.wait_for(asyncio.gather(*sleeps), 60)
        return clock.elapsed()

    with clock.frozen(), clock.jumping(limit_seconds=3600, on_stall=stalls.append, on_jump=jumps.append):
        clock.new_scenario()
        assert loop.run_until_complete(wait_for_threads()) == 7
    # Its thread is the executor's own: the clock would take the wait for it for a stall.
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert sum(jumps) == 7_000_000
    assert stalls == []


def test_a_wait_without_end_on_a_threads_own_loop_is_reported() -> None:
    clock = FrozenClock()
    loop, _, stalls = _run(clock)
    threads_loop, ended = VirtualTimeLoop(clock), asyncio.Event()

    def on_stall(why: str) -> None:
        stalls.append(why)
        threads_loop.call_soon_threadsafe(ended.set)

    with clock.frozen(), clock.jumping(limit_seconds=10, on_stall=on_stall):
        loop.run_until_complete(asyncio.to_thread(threads_loop.run_until_complete, ended.wait()))
        loop.run_until_complete(loop.shutdown_default_executor())
    threads_loop.close()
    loop.close()
    assert stalls == ["every event loop waits without a timer and no reply is pending"]


def test_a_wait_without_end_is_reported() -> None:
    clock = FrozenClock()
    loop, _, stalls = _run(clock)

    async def for_ever() -> None:
        task = asyncio.current_task()
        assert task is not None
        with clock.jumping(
            limit_seconds=10,
            on_stall=lambda why: (stalls.append(why), loop.call_soon_threadsafe(task.cancel)),
        ):
            await asyncio.Event().wait()

    with clock.frozen(), pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(for_ever())
    loop.close()
    assert stalls == ["every event loop waits without a timer and no reply is pending"]


def test_a_timer_a_hair_after_a_microsecond_falls_due_however_far_the_clock_has_gone() -> None:
    """Among floats of this size neighbours are almost a nanosecond apart: asyncio's own allowance."""
    clock = FrozenClock()
    clock.advance(0, 4_500_000 * 1_000_000)
    moment = math.nextafter(clock.monotonic() + 1, math.inf)

    async def wait() -> None:
        loop = asyncio.get_running_loop()
        due = loop.create_future()
        loop.call_at(moment, due.set_result, None)
        await asyncio.wait_for(due, 5)

    with clock.frozen(), clock.jumping(limit_seconds=100, on_stall=pytest.fail):
        loop = VirtualTimeLoop(clock)
        try:
            loop.run_until_complete(wait())
        finally:
            loop.close()
    assert clock.monotonic() == pytest.approx(moment, abs=1e-6)
