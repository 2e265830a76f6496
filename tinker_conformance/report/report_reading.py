"""Read reports, complete or not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import read_bytes
from fake_server.core.errors import FileError
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.records import FORMAT, End, Record, Result, Start, VerbRecord, decode

FILE: Final = "report.jsonl"
MOST_BYTES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """The records of one run.

    Attributes:
        start: The opening record.
        results: The results, in order.
        end: The closing record; None if the report is incomplete.
        verbs: In a report of a server, how releases of the official SDK fared with each verb, in order.
        folder: The folder from which the report was read; empty if it was not read from a file.
        build: A name that tells this report from another one of the same SDK version; empty if none is
            needed.
    """

    start: Start
    results: tuple[Result, ...] = ()
    end: End | None = None
    verbs: tuple[VerbRecord, ...] = ()
    folder: str = field(default="", compare=False)
    build: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Return the SDK's name and version, or the server's name, and the build if it is set."""
        name = f"{self.start.sdk.name} {self.start.sdk.version}".rstrip()
        return f"{name} ({self.build})" if self.build else name

    @property
    def counts(self) -> Counter[Verdict]:
        """Return the number of results by verdict."""
        return Counter(result.verdict for result in self.results)

    @property
    def cut_off(self) -> str | None:
        """Return why the report is incomplete, or None."""
        if self.end is None:
            return "incomplete: the run ended without a closing record"
        return self.end.early


def load_report(path: Path) -> Report:
    """Return the report in a file.

    A truncated last line is not an error: the run was interrupted there.

    Args:
        path: The file, or the folder of `--report`.

    Raises:
        UserError: If the file cannot be read, has another format, or is not a report.
    """
    file = path / FILE if path.is_dir() else path
    try:
        raw = read_bytes(file, most=MOST_BYTES)
    except FileError as error:
        what = error.of(str(file)).removesuffix("; give the path of a readable file")
        raise UserError(f"{what}; name a folder that --report wrote") from error
    lines = raw.split(b"\n")
    records: list[Record] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            records.append(decode(line))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            if number == len(lines) and records:
                break
            message = f"{file}, line {number}: {error}; name a {FILE} of format {FORMAT}"
            raise UserError(message) from error
    return _ordered(records, file)


def _ordered(records: list[Record], file: Path) -> Report:
    match records:
        case [Start() as start, *rest]:
            if start.format != FORMAT:
                kit = f"written by kit {start.kit}"
                raise UserError(f"{file}: format {start.format}, {kit}; this kit reads format {FORMAT}")
            end = rest[-1] if rest and isinstance(rest[-1], End) else None
            body = rest if end is None else rest[:-1]
            results = tuple(record for record in body if isinstance(record, Result))
            verbs = tuple(record for record in body if isinstance(record, VerbRecord))
            if len(results) + len(verbs) == len(body):
                folder = file.parent if file.name == FILE else file
                return Report(start, results, end, verbs, folder=str(folder))
        case _:
            pass
    raise UserError(
        f"{file}: expected one start, then requirements, then one end; write the report again with --report"
    )
