"""Waits of threads that follow the frozen clock: all that `threading.Condition` and `Thread.join` are behind.

Events, semaphores, barriers, queues, timers and futures wait on a condition. `threading.Lock.acquire` and
`queue.SimpleQueue.get` wait in C, in real time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final
from unittest import mock

from tinker_conformance.clocks.pacing import Pacer
from tinker_conformance.clocks.real_clock import RealClock

_SPINNING_PASSES: Final = 100
"""How many waits of no length in a row move the clock by a microsecond."""


class _Spinning(threading.local):
    """Waits of no length by one thread, while the clock stands.

    `concurrent.futures.as_completed` waits until its time limit has *passed*; a clock that stands exactly at
    the limit would keep it there for ever.
    """

    at_us = -1
    passes = 0

    def pass_at(self, pacer: Pacer) -> bool:
        now_us = pacer.clock.monotonic_us
        self.passes = self.passes + 1 if now_us == self.at_us else 1
        self.at_us = now_us
        if self.passes >= _SPINNING_PASSES:
            pacer.clock.move_to(now_us + 1)
        return False


@contextlib.contextmanager
def threads_paced(pacer: Pacer) -> Iterator[None]:
    """Make timed waits that begin within the block follow the clock of a pacer."""
    real_wait, real_join = threading.Condition.wait, threading.Thread.join
    spinning = _Spinning()

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if timeout is None or not pacer.governs_this_thread():
            return real_wait(condition, timeout)
        if timeout <= 0:
            return real_wait(condition, timeout) or spinning.pass_at(pacer)
        with pacer.waiting(timeout) as paced:
            while (seconds := pacer.next_look(paced)) is not None:
                if real_wait(condition, seconds):
                    return True
        if not pacer.active:
            return real_wait(condition, max(0.0, paced.due_real - RealClock.monotonic()))
        return False

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        if timeout is None or timeout <= 0 or not pacer.governs_this_thread():
            return real_join(thread, timeout)
        with pacer.waiting(timeout, ready=lambda: not thread.is_alive()) as paced:
            while (seconds := pacer.next_look(paced)) is not None:
                real_join(thread, seconds)
                if not thread.is_alive():
                    return None
        if not pacer.active:
            real_join(thread, max(0.0, paced.due_real - RealClock.monotonic()))
        return None

    with (
        mock.patch.object(threading.Condition, "wait", wait),
        mock.patch.object(threading.Thread, "join", join),
    ):
        yield
