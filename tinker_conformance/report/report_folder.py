"""Write the report folder while a run goes on, so that a killed run leaves its results so far."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from tinker_conformance.error_families import UserError
from tinker_conformance.report.badge import badge
from tinker_conformance.report.junit import junit
from tinker_conformance.report.markdown import step_summary
from tinker_conformance.report.page import page
from tinker_conformance.report.records import End, Result, Start, VerbRecord, encode
from tinker_conformance.report.report_reading import FILE, Report
from tinker_conformance.sdk.file_locks import try_lock

SUMMARY: Final = "summary.md"
BADGE: Final = "badge.json"
JUNIT: Final = "junit.xml"
PAGE: Final = "index.html"
FORMS: Final[Mapping[str, Callable[[Report], str]]] = {
    SUMMARY: step_summary,
    BADGE: badge,
    JUNIT: junit,
    PAGE: lambda report: page([report]),
}
"""The function that renders each file from the records."""

_SECONDS: Final = 1.0
"""The minimum time between two updates of the files other than the records."""


class ReportFolder:
    """Writes the files of one report. Not thread-safe.

    Attributes:
        problem: Why the report is incomplete, such as a full disk, which does not stop the run; None if it is
            not.
    """

    def __init__(
        self,
        folder: Path,
        start: Start,
        *,
        own_junit: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the folder and write the opening record.

        Args:
            folder: The folder, created if missing. A report in it is replaced, unless another run is writing
                there.
            start: The opening record.
            own_junit: Whether to write JUnit XML; False if pytest writes it.
            clock: Returns the time in seconds, by which updates of the files are spaced.

        Raises:
            UserError: If the folder cannot be written, another run is writing there, or the report file is
                a link or otherwise not a regular file.
        """
        self.problem: UserError | None = None
        self._folder = folder
        self._report = Report(start)
        self._forms = {name: form for name, form in FORMS.items() if own_junit or name != JUNIT}
        self._clock = clock
        self._renewed = clock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as opened:
                self._file = opened.enter_context(_opened(folder / FILE))
                self._append(encode(start))
                self._renew()
                opened.pop_all()
        except OSError as error:
            raise UserError(f"{folder}: cannot be written ({error}); name another folder") from error

    @property
    def report(self) -> Report:
        """Return the report so far."""
        return self._report

    def add(self, result: Result | VerbRecord) -> None:
        """Write one result, or set `problem`."""
        report = self._report
        self._report = (
            dataclasses.replace(report, results=(*report.results, result))
            if isinstance(result, Result)
            else dataclasses.replace(report, verbs=(*report.verbs, result))
        )

        def write() -> None:
            self._append(encode(result))
            if self._clock() - self._renewed >= _SECONDS:
                self._renew()

        self._attempt(write)

    def close(self, end: End) -> None:
        """Write the closing record and every report format, or set `problem`."""
        self._report = dataclasses.replace(self._report, end=end)

        def write() -> None:
            self._append(encode(end))
            self._file.close()
            (self._folder / FILE).stat()  # the folder may have been removed, and the open file with it
            self._renew()

        self._attempt(write)

    def _attempt(self, write: Callable[[], None]) -> None:
        """Call `write`, unless a problem occurred before."""
        if self.problem is not None:
            return
        try:
            write()
        except OSError as error:
            why = error.strerror or str(error)
            what = (
                f"the report is incomplete ({why}); free some space or name another folder, and run it again"
            )
            self.problem = UserError(f"{self._folder}: {what}")
            with contextlib.suppress(OSError):
                self._file.close()

    def _append(self, record: bytes) -> None:
        self._file.write(record + b"\n")
        self._file.flush()

    def _renew(self) -> None:
        for name, form in self._forms.items():
            write_whole(self._folder / name, form(self._report))
        self._renewed = self._clock()


def _opened(path: Path) -> BinaryIO:
    """Open the file of the records empty, and lock it until it is closed or the process ends."""
    found = path.lstat().st_mode if os.path.lexists(path) else stat.S_IFREG
    if not stat.S_ISREG(found):
        what = "a link" if stat.S_ISLNK(found) else "not a regular file"
        raise UserError(
            f"{path}: is {what}, and a report would overwrite it; remove it or name another folder"
        )
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags, 0o666), "r+b")
    if not try_lock(file.fileno()):
        file.close()
        raise UserError(f"{path}: another run is writing it; wait for that run, or name another folder")
    file.truncate(0)
    return file


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically; an existing link is replaced, not followed.

    Raises:
        OSError: If the file cannot be written; the error names `path`, and not the temporary file.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is not None:
            error.filename, error.filename2 = str(path), None
        raise
