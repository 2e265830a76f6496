"""One entry of a file of known failures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeAlias

from packaging.version import Version

Expiry: TypeAlias = datetime.date | Version
"""The last day on which an entry excuses, or the first version of the SDK for which it no longer does."""


class EntryClass(StrEnum):
    """Why something fails."""

    BUG = "bug"
    """It is to be mended."""
    UNSUPPORTED = "unsupported"
    """The SDK means to be without it."""
    FLAKY = "flaky"
    """It fails now and then: never stale, and it must expire."""


class Subject(StrEnum):
    """What an entry's pattern is matched against."""

    REQUIREMENT = "requirement"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """What is known to fail, and why.

    Attributes:
        subject: Whether the pattern is of requirements or of scenarios.
        pattern: An id; `*`, `?` and `[…]` are wildcards.
        entry_class: Why it fails, in one word.
        reason: Why it fails, in words; shown with each result.
        issue: Where it is being worked on.
        expires: When the entry ends, or None.
        number: Its place in the file, from 1.
    """

    subject: Subject
    pattern: str
    entry_class: EntryClass
    reason: str
    issue: str | None
    expires: Expiry | None
    number: int

    def matches(self, identifier: str) -> bool:
        """Whether the pattern is of this id."""
        return fnmatchcase(identifier, self.pattern)

    def expired(self, today: datetime.date, sdk_version: Version | None) -> bool:
        """Whether the entry excuses no longer."""
        match self.expires:
            case None:
                return False
            case Version() as version:
                return sdk_version is not None and sdk_version >= version
            case day:
                return today > day

    def __str__(self) -> str:
        return f"entry {self.number} ({self.subject.value} {self.pattern})"
