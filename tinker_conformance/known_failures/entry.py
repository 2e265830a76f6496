"""An entry of a file of known failures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeAlias

from packaging.version import Version

Expiry: TypeAlias = datetime.date | Version
"""The last day on which an entry applies, or the first version of the SDK to which it no longer applies."""


class EntryClass(StrEnum):
    """Why something fails."""

    BUG = "bug"
    """It is to be fixed."""
    UNSUPPORTED = "unsupported"
    """Deliberately unsupported."""
    FLAKY = "flaky"
    """It fails sometimes. The entry is never stale, and must expire."""


class Subject(StrEnum):
    """What the pattern of an entry is matched against."""

    REQUIREMENT = "requirement"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One known failure and its reason.

    Attributes:
        subject: Whether the pattern matches requirements or scenarios.
        pattern: An id; `*`, `?` and `[…]` are wildcards.
        entry_class: Why it fails, in one word.
        reason: Why it fails, in words; shown with each result.
        issue: The issue about it, or None.
        expires: When the entry expires, or None.
        number: Its position in the file, from 1.
    """

    subject: Subject
    pattern: str
    entry_class: EntryClass
    reason: str
    issue: str | None
    expires: Expiry | None
    number: int

    def matches(self, identifier: str) -> bool:
        """Return whether the pattern matches an id."""
        return fnmatchcase(identifier, self.pattern)

    def expired(self, today: datetime.date, sdk_version: Version | None) -> bool:
        """Return whether the entry has expired on a day, for a version of the SDK."""
        match self.expires:
            case None:
                return False
            case Version() as version:
                return sdk_version is not None and sdk_version >= version
            case day:
                return today > day

    def __str__(self) -> str:
        return f"entry {self.number} ({self.subject.value} {self.pattern})"
