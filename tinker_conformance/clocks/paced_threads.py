"""Waits of threads that follow the frozen clock: all that `threading.Condition` and `Thread.join` are behind.

Events, semaphores, barriers, queues, timers and futures wait on a condition. `threading.Lock.acquire` and
`queue.SimpleQueue.get` wait in C, in real time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from unittest import mock

from tinker_conformance.clocks.pacing import Pacer
from tinker_conformance.clocks.real_clock import RealClock


@contextlib.contextmanager
def threads_paced(pacer: Pacer) -> Iterator[None]:
    """Make timed waits that begin within the block follow the clock of a pacer."""
    real_wait, real_join = threading.Condition.wait, threading.Thread.join

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if timeout is None or timeout <= 0 or not pacer.governs_this_thread():
            return real_wait(condition, timeout)
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
