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
    """Why an SDK fails: the class of an entry."""

    BUG = "bug"
    """The SDK has a fault, which is to be fixed."""
    UNSUPPORTED = "unsupported"
    """The SDK deliberately does not support what the requirement is about."""
    FLAKY = "flaky"
    """The SDK fails only sometimes. Such an entry is never stale, and needs an expiry date or version."""


class Subject(StrEnum):
    """What the pattern of an entry is matched against: ids of requirements or of scenarios."""

    REQUIREMENT = "requirement"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One known failure and its reason.

    Attributes:
        subject: Whether the pattern matches requirements or scenarios.
        pattern: An id; `*`, `?` and `[…]` are wildcards.
        entry_class: Why the SDK fails, in one word.
        reason: Why the SDK fails, in a sentence that is shown with each result.
        issue: The address of an issue about the failure, or None.
        expires: When the entry expires, or None.
        number: The entry's position in the file, from 1.
    """

    subject: Subject
    pattern: str
    entry_class: EntryClass
    reason: str
    issue: str | None
    expires: Expiry | None
    number: int

    def matches(self, identifier: str) -> bool:
        """Return whether the pattern matches the id of a requirement or scenario."""
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
