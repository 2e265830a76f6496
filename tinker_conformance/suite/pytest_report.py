"""The report of a pytest run: results travel on pytest's own reports, from xdist's workers too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.entry_reading import load_known_failures
from tinker_conformance.known_failures.excuses import Judged, KnownFailures
from tinker_conformance.known_failures.first_file import record
from tinker_conformance.report.records import Result, Start, decode
from tinker_conformance.report.report_reading import ReportError

if TYPE_CHECKING:
    from tinker_conformance.report.report_folder import ReportFolder

START: Final = "tinker_conformance_start"
RESULT: Final = "tinker_conformance_result"
SUBJECT: Final = "tinker_conformance_subject"
KNOWN: Final = "tinker_conformance_known"
"""Attributes of a pytest report: two records as text; whose they are, empty for the suite itself; and the
file of known failures, empty for none."""

REPORTER: Final = "tinker-conformance-report"


def directs_junit(config: pytest.Config, folder: Path) -> None:
    """Makes pytest's own JUnit XML part of the report, unless it was asked for elsewhere."""
    from tinker_conformance.report.report_folder import JUNIT  # noqa: PLC0415 - heavy: the page's templates

    if not getattr(config.option, "xmlpath", None):
        config.option.xmlpath = str(folder / JUNIT)


def _folder(folder: Path, start: Start) -> ReportFolder:
    from tinker_conformance.report.report_folder import ReportFolder  # noqa: PLC0415 - heavy: the page's templates

    return ReportFolder(folder, start, own_junit=False)


class _Subject:
    """The results of one SDK of a session: of the suite itself, or of one class."""

    def __init__(self, start: Start, folder: Path | None, known: str) -> None:
        self.start = start
        self.folder = folder
        self.results: dict[str, Result] = {}
        self._known = known
        try:
            self._report = None if folder is None else _folder(folder, start)
        except ReportError as error:
            raise pytest.UsageError(str(error)) from error

    def add(self, result: Result) -> None:
        self.results[result.id] = result
        if self._report is not None:
            self._report.add(result)

    def stale(self) -> tuple[str, ...]:
        """A sentence for each entry of known failures that excused nothing, once all was judged."""
        if not self._known or not set(self.start.asked) <= set(self.results):
            return ()
        known = KnownFailures(load_known_failures(Path(self._known)), source=self._known)
        return tuple(known.stale(judged_of(self.results.values())))

    def record(self, path: Path) -> None:
        sdk, profile = self.start.sdk, self.start.profile.name
        name, strict = f"{sdk.name} {sdk.version}", self.start.strict
        record(self.results.values(), path, sdk=name, profile=profile, strict=strict)

    def close(self, exit_code: int, stopped: str, stale: Iterable[str]) -> None:
        if self._report is not None:
            left = len(self.start.asked) - len(self.results)
            early = f"{stopped}, {left} requirements were not judged" if left else None
            self._report.close(exit_code, early=early, stale=stale)


class Reporter:
    """Gathers the results of a session, writes them as was asked, and finds stale entries."""

    def __init__(self, folder: Path | None, recorded: Path | None) -> None:
        """Writes nothing yet.

        Args:
            folder: `--report`; the results of a class have a folder of their own in it.
            recorded: `--record-known-failures`; where several classes are judged, their names are put in.
        """
        self._folder = folder
        self._recorded = recorded
        self._subjects: dict[str, _Subject] = {}
        self._sentences: list[str] = []
        self._written: list[Path] = []

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the records off a report, here or from a worker."""
        text = getattr(report, RESULT, None)
        if text is None:
            return
        start, result = decode(getattr(report, START)), decode(text)
        if not isinstance(start, Start) or not isinstance(result, Result):
            return
        name = getattr(report, SUBJECT)
        subject = self._subjects.get(name)
        if subject is None:
            folder = None if self._folder is None else self._folder / name
            subject = self._subjects[name] = _Subject(start, folder, getattr(report, KNOWN))
        subject.add(result)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Closes the reports, and fails the session where an entry of known failures is stale as a whole."""
        stale = {name: subject.stale() for name, subject in self._subjects.items()}
        self._sentences = list(dict.fromkeys(line for lines in stale.values() for line in lines))
        if self._sentences and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        stopped = str(session.shouldstop or session.shouldfail or "interrupted")
        for name, subject in self._subjects.items():
            if self._recorded is not None:
                path = self._recorded
                if len(self._subjects) > 1 and name:
                    path = path.with_name(f"{path.stem}.{name}{path.suffix}")
                subject.record(path)
                self._written.append(path)
            subject.close(int(session.exitstatus), stopped, stale[name])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says where the reports are, and which entries are stale."""
        for sentence in self._sentences:
            terminalreporter.write_line(f"stale: {sentence}", red=True)
        for path in self._written:
            terminalreporter.write_line(f"known failures: {path}; edit the reasons")
        for subject in self._subjects.values():
            if subject.folder is not None:
                terminalreporter.write_line(f"conformance report: {subject.folder}")


def judged_of(results: Iterable[Result]) -> Iterable[Judged]:
    """As much of each result as staleness depends on."""
    for result in results:
        differing = frozenset(mismatch.scenario for mismatch in result.mismatches)
        yield Judged(result.id, result.asked, Verdict(result.verdict), differing)
