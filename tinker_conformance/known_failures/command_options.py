"""The options about known failures, shared by the command and the pytest plugin."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures.entry import KnownFailure
from tinker_conformance.known_failures.entry_reading import load_known_failures
from tinker_conformance.known_failures.excuses import KnownFailures, known_failures_for
from tinker_conformance.known_failures.first_file import check_place
from tinker_conformance.requirements import AnyRequirement


def check_files(known: Path | None, recorded: Path | None) -> tuple[KnownFailure, ...]:
    """Check the files of both options before the SDK starts, and return the entries; none without a file.

    Args:
        known: The file of entries, or None.
        recorded: The file to write, or None.

    Raises:
        UserError: If a file cannot be used.
    """
    if known is not None and recorded is not None:
        raise UserError(
            "--known-failures and --record-known-failures exclude each other; give only one of them"
        )
    if recorded is not None:
        check_place(recorded)
    return () if known is None else load_known_failures(known)


@dataclass(frozen=True, slots=True)
class OwnKnownFailures:
    """Known failures that come with the SDK, in its entry of the catalogue.

    Attributes:
        entries: The entries.
        source: The file of the catalogue, for messages.
        complete: Whether the run asks everything that the entries were written for. If not, entries about
            something else are left out instead of being an error.
    """

    entries: tuple[KnownFailure, ...]
    source: str
    complete: bool

    def for_run(self, asked: Iterable[AnyRequirement]) -> tuple[KnownFailure, ...]:
        """Return the entries that a run on some requirements uses."""
        if self.complete:
            return self.entries
        names = {name for required in asked for name in (required.id, *required.scenarios)}
        return tuple(entry for entry in self.entries if any(map(entry.matches, names)))


def excuses(
    known: Path | None,
    recorded: Path | None,
    asked: Iterable[AnyRequirement],
    sdk_version: str,
    own: OwnKnownFailures | None = None,
) -> KnownFailures:
    """Return the known failures of the options; `excuses_of` after `check_files`.

    Raises:
        UserError: If an entry matches no requirement or scenario of the run.
        UserError: If a file cannot be used.
    """
    return excuses_of(check_files(known, recorded), known, asked, sdk_version, None if recorded else own)


def excuses_of(
    entries: tuple[KnownFailure, ...],
    known: Path | None,
    asked: Iterable[AnyRequirement],
    sdk_version: str,
    own: OwnKnownFailures | None = None,
) -> KnownFailures:
    """Return the known failures of a run, checked before anything is judged.

    Args:
        entries: The entries of the file.
        known: The file, for messages; None if there is none.
        asked: The requirements of the run.
        sdk_version: The version that the adapter reports.
        own: The known failures that come with the SDK, where no file replaces them; or None.

    Raises:
        UserError: If an entry matches no requirement or scenario of the run.
        UserError: If the entries cannot be used.
    """
    asked = tuple(asked)
    if known is not None:
        source = str(known)
    elif own is not None:
        entries, source = own.for_run(asked), own.source
    else:
        return KnownFailures()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return known_failures_for(entries, asked, sdk_version=sdk_version, today=today, source=source)
