"""The options about known failures, shared by the command and the pytest plugin."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from tinker_conformance.known_failures.entry_reading import KnownFailuresError, load_known_failures
from tinker_conformance.known_failures.excuses import KnownFailures, known_failures_for
from tinker_conformance.known_failures.first_file import check_place
from tinker_conformance.requirements import AnyRequirement


def check_files(known: Path | None, recorded: Path | None) -> None:
    """Check the files of both options, before the SDK starts.

    Args:
        known: The file of entries, or None.
        recorded: The file to write, or None.

    Raises:
        KnownFailuresError: If a file cannot be used.
    """
    if known is not None and recorded is not None:
        raise KnownFailuresError(
            "--known-failures and --record-known-failures exclude each other; give only one of them"
        )
    if recorded is not None:
        check_place(recorded)
    if known is not None:
        load_known_failures(known)


def excuses(
    known: Path | None, recorded: Path | None, asked: Iterable[AnyRequirement], sdk_version: str
) -> KnownFailures:
    """Return the known failures of the options, checked before anything runs.

    Args:
        known: The file of entries, or None.
        recorded: The file to write, or None.
        asked: The requirements of the run.
        sdk_version: The version that the adapter reports.

    Raises:
        UnmatchedEntryError: If an entry matches no requirement or scenario of the run.
        KnownFailuresError: If a file cannot be used.
    """
    check_files(known, recorded)
    if known is None:
        return KnownFailures()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return known_failures_for(
        load_known_failures(known), asked, sdk_version=sdk_version, today=today, source=str(known)
    )
