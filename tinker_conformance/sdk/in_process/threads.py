"""Futures on threads of their own, in this process.

The futures of a round begin together, each on a new thread, and the interpreter changes from one thread to
another far more often than usual: an SDK that looks at a shared value and then changes it is caught between
the two sooner here than in years of use.
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
"""Real seconds for all threads of a round to be there."""
_SWITCH_SECONDS: Final = 1e-5
"""Real seconds that a thread may keep the interpreter while others wait for it; usually it is 5 ms."""


class Threads:
    """The threads of one round."""

    def __init__(self, adapter: RunsOnThreads, count: int) -> None:
        """Starts none yet.

        Args:
            adapter: The SDK.
            count: How many operations the round has; none begins before all have been asked for.
        """
        self._adapter = adapter
        self._together = threading.Barrier(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="future")

    async def run(self, client: object, call: OperationCall) -> None:
        """Runs one operation of the round on a thread; an error of the SDK is raised as it is."""
        context = contextvars.copy_context()

        def alone() -> None:
            self._together.wait(_START_SECONDS)
            self._adapter.run_on_thread(client, call)

        await asyncio.get_running_loop().run_in_executor(self._pool, context.run, alone)

    def close(self) -> None:
        """Waits for the threads, which have ended."""
        self._pool.shutdown(wait=True)

    def give_up(self) -> None:
        """Lets the threads go; one that is stuck in the SDK is not waited for."""
        self._together.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def threads_of(adapter: RunsOnThreads, count: int) -> Iterator[Threads]:
    """The threads of a round, and the interpreter in a hurry meanwhile."""
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
