"""The options about known failures (see `KnownFailures`), shared by the command and the pytest plugin."""

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
    """Check the files of both options before the SDK starts, and return the known failures.

    Args:
        known: The file of known failures to read; None reads no file.
        recorded: The file of known failures to write after the run; None writes no file.

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
    """Known failures of an SDK of the catalogue (the packages that the kit knows), listed there.

    Attributes:
        entries: The known failures.
        source: The file of the catalogue, named in messages.
        complete: Whether the run has neither `--profile` nor `--as-of`, so that it asks every requirement for
            which the known failures were written. If not, those of other requirements are left out.
    """

    entries: tuple[KnownFailure, ...]
    source: str
    complete: bool

    def for_run(self, asked: Iterable[AnyRequirement]) -> tuple[KnownFailure, ...]:
        """Return the known failures that apply to a run of these requirements."""
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
    """Read the files of the options and return the known failures of a run (`check_files`, `excuses_of`).

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
        known: The file, named in messages; None if there is no file.
        asked: The requirements of the run.
        sdk_version: The SDK's version, as its adapter reports it.
        own: The known failures that the catalogue lists for this SDK, used if there is no file; None if none.

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
