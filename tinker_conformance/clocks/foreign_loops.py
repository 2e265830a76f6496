"""Warn about event loops that a frozen clock cannot move: loops with their own clock, such as uvloop's."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock


@contextlib.contextmanager
def foreign_loops_named(governs_this_thread: Callable[[], bool]) -> Iterator[None]:
    """Issue a ``RuntimeWarning`` within the block when an event loop that is not asyncio's starts to run.

    Classes of such loops that are imported within the block are found, too.

    Args:
        governs_this_thread: Returns whether waits of the current thread follow the frozen clock.
    """
    with contextlib.ExitStack() as patched:

        def name(loop_class: type[asyncio.AbstractEventLoop]) -> None:
            forever, until_complete = loop_class.run_forever, loop_class.run_until_complete
            for method, real in (("run_forever", forever), ("run_until_complete", until_complete)):
                warning = _warning(real, governs_this_thread)
                patched.enter_context(mock.patch.object(loop_class, method, warning))

        for loop_class in _foreign():
            name(loop_class)

        def subclassed(loop_class: type[asyncio.AbstractEventLoop], /, **_: object) -> None:
            if not issubclass(loop_class, asyncio.BaseEventLoop):
                name(loop_class)

        patched.enter_context(
            mock.patch.object(
                asyncio.AbstractEventLoop, "__init_subclass__", classmethod(subclassed), create=True
            )
        )
        yield


def _foreign() -> Iterator[type[asyncio.AbstractEventLoop]]:
    left = asyncio.AbstractEventLoop.__subclasses__()
    while left:
        loop_class = left.pop()
        if not issubclass(loop_class, asyncio.BaseEventLoop):
            yield loop_class
            left += loop_class.__subclasses__()


def _warning(real: Callable[..., Any], governs_this_thread: Callable[[], bool]) -> Callable[..., Any]:
    def run(loop: asyncio.AbstractEventLoop, *arguments: object) -> object:
        if governs_this_thread():
            name = f"{type(loop).__module__}.{type(loop).__qualname__}"
            warnings.warn(
                f"the event loop {name} keeps real time under fake_tinker_clock; use a loop of asyncio: "
                "asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)",
                RuntimeWarning,
                stacklevel=2,
            )
        return real(loop, *arguments)

    return run
