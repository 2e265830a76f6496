"""Run each future on its own thread, in this process.

The futures of a round, a group of futures of a scenario that start together, each get a new thread and start
at the same time. The interpreter switches threads far more often than usual, so that a race condition between
reading and changing a shared value shows quickly.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from tinker_conformance.sdk.adapter import OperationCall, RunsOnThreads

_START_SECONDS: Final = 10.0
"""How long the threads of a round may take to start, in real seconds."""
_SWITCH_SECONDS: Final = 1e-5
"""The interpreter's thread switch interval, in real seconds. Its default is 5 ms."""


class Threads:
    """The threads on which the futures of one round run."""

    def __init__(self, adapter: RunsOnThreads, count: int) -> None:
        """Prepare the threads; none starts yet.

        Args:
            adapter: The adapter of the SDK.
            count: How many operations the round has. All of them start at the same time.
        """
        self._adapter = adapter
        self._together = threading.Barrier(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="future")

    async def run(self, client: object, call: OperationCall) -> None:
        """Run one operation of the round on a thread.

        Raises:
            Exception: The SDK's own error, unchanged.
        """
        context = contextvars.copy_context()

        def run_on_this_thread() -> None:
            self._together.wait(_START_SECONDS)
            self._adapter.run_on_thread(client, call)

        await asyncio.get_running_loop().run_in_executor(self._pool, context.run, run_on_this_thread)

    def close(self) -> None:
        """Wait for the threads to end."""
        self._pool.shutdown(wait=True)

    def give_up(self) -> None:
        """Abandon the threads, without waiting for one that is stuck in the SDK."""
        self._together.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def threads_of(adapter: RunsOnThreads, count: int) -> Iterator[Threads]:
    """Yield the threads of a round, with a short thread switch interval in this block."""
    threads, usual = Threads(adapter, count), sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield threads
    except BaseException:
        threads.give_up()
        raise
    else:
        threads.close()
    finally:
        sys.setswitchinterval(usual)
