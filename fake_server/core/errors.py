"""Errors of the fake server, and how it reports them.

Writing an invalid script raises ``ScriptError`` at once. While the server handles requests it raises nothing:
a request that no script expects gets an error reply and is recorded as a ``Problem``. ``FakeTinker.verify``
then raises one ``ScriptViolation`` that lists all of them.
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
    """The root of the errors of this package. Each says what is wrong and how to fix it."""


class ScriptError(FakeServerError, ValueError):
    """An invalid script; the message names the place and the fix."""


class ScriptViolation(AssertionError):  # noqa: N818 - a verdict on a test, as assertion errors are
    """Requests and scripts did not match; the message lists every difference with its fix."""


class ProblemKind(StrEnum):
    """In which way a request was unexpected."""

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
        kind: In which way it was unexpected.
        message: What was requested, what was scripted, and the fix.
    """

    kind: ProblemKind
    message: str


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of the first thousand names in ``known``, or None if none is similar."""
    found = get_close_matches(name, list(islice(known, MAX_NAMES_COMPARED)), n=1, cutoff=0.5)
    return found[0] if found else None


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
