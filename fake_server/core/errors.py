"""What can go wrong, and how it is told.

Writing a script fails with ``ScriptError`` at once. While requests are answered nothing is raised: what no
script expects becomes an error reply and a ``Problem``, and ``FakeTinker.verify`` raises one
``ScriptViolation`` for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import Final

MAX_NAMES_COMPARED: Final = 1_000


class ScriptError(ValueError):
    """A script that cannot be served; the text names the place and the mend."""


class ScriptViolation(AssertionError):  # noqa: N818 - a verdict on a test, as assertion errors are
    """What was asked and what was scripted differ; the text lists every difference, each with its mend."""


class ProblemKind(StrEnum):
    """What came that no script expects."""

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
        kind: Which kind of surprise it was.
        message: What came, what was scripted, and the mend.
    """

    kind: ProblemKind
    message: str


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The name most like ``name`` among the first thousand ``known`` ones, or None if none resembles it."""
    found = get_close_matches(name, list(islice(known, MAX_NAMES_COMPARED)), n=1, cutoff=0.5)
    return found[0] if found else None


def meant(name: object, known: Iterable[str]) -> str:
    """``; did you mean …?`` for the nearest known name, or nothing."""
    found = nearest(str(name), known)
    return f"; did you mean {str(found)!r}?" if found else ""
