"""Make timed waits of threads follow the frozen clock, by replacing `Condition.wait` and `Thread.join`.

Events, semaphores, barriers, queues, timers and futures all wait on a `threading.Condition`. Not covered:
`threading.Lock.acquire` and `queue.SimpleQueue.get`, which wait in C, in real time. `pacing.Pacer` decides
when a wait is over.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Self
from unittest import mock

from tinker_conformance.clocks.pacing import Pacer
from tinker_conformance.clocks.real_time import RealTime


class _Notice:
    """One waiting thread of a condition, which may block several times until it is notified.

    `Condition.wait` loses a `notify` that comes just as its timeout ends. Usually the caller then checks what
    it waited for; here nothing checks between two looks at the clock. So this class uses private parts of
    `Condition` (Python 3.11 to 3.14).
    """

    def __init__(self, condition: threading.Condition) -> None:
        self._parts: Any = condition
        self._waiter = threading.Lock()

    def __enter__(self) -> Self:
        self._waiter.acquire()
        self._parts._waiters.append(self._waiter)  # noqa: SLF001 - see the class
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(ValueError):
            self._parts._waiters.remove(self._waiter)  # noqa: SLF001 - see the class

    def came(self, seconds: float) -> bool:
        """Release the condition for at most `seconds` real seconds; return whether a notification came."""
        saved = self._parts._release_save()  # noqa: SLF001 - see the class
        try:
            came = self._waiter.acquire(timeout=seconds)
        finally:
            self._parts._acquire_restore(saved)  # noqa: SLF001 - see the class
        return came or self._waiter not in self._parts._waiters  # noqa: SLF001 - see the class


@contextlib.contextmanager
def threads_paced(pacer: Pacer) -> Iterator[None]:
    """Make timed waits of threads that begin within the block follow the frozen clock of a pacer."""
    real_wait, real_join = threading.Condition.wait, threading.Thread.join

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if timeout is None or timeout <= 0 or not pacer.governs_this_thread():
            return real_wait(condition, timeout)
        if not condition._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - see _Notice
            return real_wait(condition, timeout)  # which raises the error for a lock that is not held
        with _Notice(condition) as notice, pacer.waiting(timeout) as paced:
            while (seconds := pacer.next_look(paced)) is not None:
                if notice.came(seconds):
                    return True
            if not pacer.active:
                return notice.came(max(0.0, paced.due_real - RealTime.monotonic()))
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
            real_join(thread, max(0.0, paced.due_real - RealTime.monotonic()))
        return None

    with (
        mock.patch.object(threading.Condition, "wait", wait),
        mock.patch.object(threading.Thread, "join", join),
    ):
        yield
