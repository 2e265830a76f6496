"""The modules whose code keeps real time while the clocks are frozen.

A module that waits in real time must also measure in real time, or its timeout never ends. freezegun compares
names by prefix, so that its ``gi`` would match a module ``github_client``; here a name matches only the
module itself and the modules inside it.
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
"""The modules among these that wait by `time.sleep`. Others only pass it on:
`trio.to_thread.run_sync(time.sleep, 1)`.
"""
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
"""Further modules that freezegun keeps on real time by default (freezegun 1.5.5)."""

OfModule = Callable[[str], bool]
"""A function that takes the name of a module and says whether a rule applies to that module."""


def among(names: Iterable[str]) -> OfModule:
    """Return a function that tells whether a module is one of `names`, or inside one of them."""
    whole = frozenset(names)
    dotted = tuple(f"{name}." for name in whole)
    return lambda module: module in whole or module.startswith(dotted)


def keeps_real_time(*also: str) -> OfModule:
    """Return a function that tells which modules keep real time when the waits of threads are not paced.

    Args:
        also: Names of further modules that keep real time.
    """
    return among((*WAIT_IN_REAL_TIME, *WAIT_ON_LOCKS, *FREEZEGUN_LEAVES, *also))
