"""Tell which threads of this process can do nothing until another thread or a timer wakes them.

The kit moves a frozen clock only while all threads wait. It looks at each thread's Python frames
(`sys._current_frames`) to find that out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

from tinker_conformance.clocks.real_modules import OfModule

_BLOCKED_IN: Final = frozenset(
    {
        ("threading", "wait"),
        ("threading", "join"),
        ("threading", "_wait_for_tstate_lock"),
        ("concurrent.futures.thread", "_worker"),
        ("multiprocessing.pool", "worker"),
        ("trio._core._thread_cache", "_work"),
    }
)
"""Module and function of the innermost Python frame of a thread that waits for another thread."""
_OUTERMOST_FRAMES: Final = 4
"""How many of a thread's outermost frames show who started it: three of `threading`, and the one called."""


def waits_for_a_thread(frame: FrameType) -> bool:
    """Return whether a thread with this innermost frame waits for another thread."""
    return (_module(frame), frame.f_code.co_name) in _BLOCKED_IN


def started_by(frame: FrameType, modules: OfModule) -> bool:
    """Return whether the function that this frame's thread runs belongs to one of the modules."""
    outermost = list(_callers(frame))[-_OUTERMOST_FRAMES:]
    return any(modules(_module(each)) for each in outermost)


def this_thread_works_for(modules: OfModule) -> bool:
    """Return whether the function that this thread runs belongs to one of the modules.

    A `threading.Timer` counts by the function that it calls.
    """
    thread = threading.current_thread()
    if isinstance(thread, threading.Timer) and modules(thread.function.__module__):
        return True
    return started_by(sys._getframe(), modules)  # noqa: SLF001 - documented in sys


def _module(frame: FrameType) -> str:
    name: str = frame.f_globals.get("__name__", "")
    return name


def _callers(frame: FrameType) -> Iterator[FrameType]:
    each: FrameType | None = frame
    while each is not None:
        yield each
        each = each.f_back
