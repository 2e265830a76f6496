"""The interface of a fuzz target, and the error that reports a finding."""

from __future__ import annotations

from typing import Protocol

from hypothesis.strategies import SearchStrategy


class FindingError(AssertionError):
    """An input for which something does not hold; the text says what."""


def hold(condition: bool, text: str) -> None:
    """Checks something.

    Raises:
        FindingError: It does not hold.
    """
    if not condition:
        raise FindingError(text)


class Target(Protocol):
    """A parser under test."""

    name: str
    # Often nearly right.
    inputs: SearchStrategy[bytes]

    def check(self, data: bytes) -> None:
        """Reads it; whatever is raised is a finding."""
