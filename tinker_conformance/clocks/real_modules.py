"""The modules that keep real time under a freeze.

A module that waits in real time must also measure in real time, or its timeout never comes. freezegun
compares names by prefix, so that its ``gi`` would match a module ``github_client``; here a name matches only
itself and the modules below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

WAIT_IN_REAL_TIME: Final = (
    "asyncio",
    "faulthandler",
    "multiprocessing",
    "selectors",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "trio",
)
"""Modules of the standard library, and trio, that wait in C: on a descriptor, a process or a semaphore."""
SLEEP_IN_REAL_TIME: Final = ("multiprocessing", "subprocess")
"""Those that wait by `time.sleep`. Others only pass it on: `trio.to_thread.run_sync(time.sleep, 1)`."""
WAIT_ON_LOCKS: Final = ("concurrent", "queue", "threading")
"""Modules whose waits all end in `threading.Condition.wait` or `threading.Thread.join`."""
FREEZEGUN_LEAVES: Final = (
    "_pytest.runner",
    "_pytest.terminal",
    "gi",
    "google.gax",
    "nose.plugins",
    "prompt_toolkit",
    "selenium",
    "six.moves",
)
"""Modules that freezegun keeps on real time by default, besides those above (freezegun 1.5.5)."""

OfModule = Callable[[str], bool]
"""Whether something holds for the module of that name."""


def among(names: Iterable[str]) -> OfModule:
    """Return a function that says whether a module is one of these, or inside one of them."""
    whole = frozenset(names)
    dotted = tuple(f"{name}." for name in whole)
    return lambda module: module in whole or module.startswith(dotted)


def keeps_real_time(*also: str) -> OfModule:
    """Return whether a module keeps real time when nothing paces the waits of threads.

    Args:
        also: Names of more modules.
    """
    return among((*WAIT_IN_REAL_TIME, *WAIT_ON_LOCKS, *FREEZEGUN_LEAVES, *also))
