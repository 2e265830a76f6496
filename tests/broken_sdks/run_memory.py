"""What a broken SDK remembers from one session to the next, within one run of the kit.

One worker process serves all broken SDKs and all tests. A run of a real SDK has a process of its own, so
each run of a broken one begins without memories.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_ALL: Final[list[RunMemory[Any, Any]]] = []


class RunMemory(dict[_K, _V]):
    """A dictionary that is empty at the beginning of each run."""

    def __init__(self) -> None:
        super().__init__()
        _ALL.append(self)


def forget_the_run_before() -> None:
    """Empty every memory."""
    for memory in _ALL:
        memory.clear()
