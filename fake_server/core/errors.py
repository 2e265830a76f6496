"""Errors of the fake server, and how it reports them.

An invalid script raises ``ScriptError`` where the test writes it. While the server handles requests it raises
nothing: a request that no script expects gets an error reply, and the server records it as a ``Problem``.
``FakeTinker.verify`` then raises one ``ScriptViolation`` that lists all problems.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import Final

MAX_NAMES_COMPARED: Final = 1_000


class FakeServerError(Exception):
    """The base class of this package's errors. Each message says what is wrong and how to fix it."""


class ScriptError(FakeServerError, ValueError):
    """An invalid script; the message names the place and the fix."""


class FileError(FakeServerError, ValueError):
    """A file that cannot be used.

    Attributes:
        problem: What is wrong and how to fix it, without the file's name.
        place: The place in the file, such as ``line 3, column 1``; empty if the problem concerns the whole
            file.
    """

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.place = place

    def of(self, source: str) -> str:
        """Return this error as one sentence that begins with the name of the file.

        Args:
            source: The name of the file.
        """
        return f"{source}, {self.place}: {self.problem}" if self.place else f"{source}: {self.problem}"


class BodyError(FakeServerError, ValueError):
    """A body that cannot be decoded, or a result that cannot be encoded; the message says why."""


class ServerError(FakeServerError, RuntimeError):
    """The server cannot start or stop; the message says why and how to fix it."""


class ScriptViolation(AssertionError):  # noqa: N818 - a verdict on a test, as assertion errors are
    """The scripts and the client's requests did not match; the message lists each difference with its fix."""


class ProblemKind(StrEnum):
    """Why a request is a problem."""

    UNEXPECTED_REQUEST = "unexpected_request"
    UNSCRIPTED_SUBMISSION = "unscripted_submission"
    UNKNOWN_FUTURE = "unknown_future"
    SCRIPT_EXHAUSTED = "script_exhausted"
    UNREADABLE_BODY = "unreadable_body"
    UNEXPECTED_HOST = "unexpected_host"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Problem:
    """One request that no script expects.

    Attributes:
        kind: Why the request is a problem.
        message: What was requested, what was scripted, and the fix.
    """

    kind: ProblemKind
    message: str


_ALMOST_EQUAL: Final = 0.8
"""Similarity (0 to 1) from which an unknown word counts as a misspelling of a known one: ``paused_capactiy``
is one of ``paused_capacity``, but ``paused`` is a different word.
"""
_ALIKE: Final = 0.6
"""Similarity (0 to 1) from which a known name is suggested for an unknown one. With a lower limit, ``tinkr``
would suggest ``twinkle-kit``.
"""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of the first thousand names in ``known``, or None if none is similar."""
    names = list(islice(known, MAX_NAMES_COMPARED))
    found = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    # The beginning of a name is shorter than a misspelt name, and therefore less similar.
    found = found or [each for each in names if name and each.startswith(name)]
    return found[0] if found else None


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """Return the known word of which ``word`` is most likely a misspelling, or None.

    For words that need not be known ones, such as queue states: a word that is merely similar is left alone.
    """
    found = get_close_matches(word, list(known), n=1, cutoff=_ALMOST_EQUAL)
    return found[0] if found and found[0] != word else None


def suggestion(name: str, known: Iterable[str], otherwise: str, *, prefix: str = "") -> str:
    """Return ``did you mean …?`` with the nearest known name, or ``otherwise`` if none is similar.

    Args:
        name: The unknown name.
        known: The known names.
        otherwise: What to say if no known name is similar.
        prefix: Shown before the nearest name, but not compared.
    """
    found = nearest(name, known)
    return f"did you mean {prefix + found!r}?" if found else otherwise


def meant(name: object, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` with the nearest known name, or an empty string if none is similar."""
    hint = suggestion(str(name), known, "")
    return f"; {hint}" if hint else ""
