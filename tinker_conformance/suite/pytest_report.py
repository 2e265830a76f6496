"""Write the kit's report of a pytest run.

The results reach the reporter in attributes of pytest's own test reports, also from workers of pytest-xdist.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from fake_server.core.number_words import counted
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.entry_reading import load_known_failures
from tinker_conformance.known_failures.excuses import Judged, KnownFailures
from tinker_conformance.known_failures.first_file import record
from tinker_conformance.report.conclusion import NEVER_UNCLAIMED, Conclusion, conclude, exit_code
from tinker_conformance.report.exit_codes import INTERRUPTED, Exit
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import Result, Start, decode
from tinker_conformance.report.report_reading import Report
from tinker_conformance.suite.outlets import usage_error, write_line

if TYPE_CHECKING:
    from tinker_conformance.report.report_folder import ReportFolder

START: Final = "tinker_conformance_start"
RESULT: Final = "tinker_conformance_result"
SUBJECT: Final = "tinker_conformance_subject"
KNOWN: Final = "tinker_conformance_known"
"""The names of attributes of a pytest test report.

Two are records of the kit's report, as JSON. The others are the test class of the result, empty for the suite
itself, and the file of known failures, empty for none.
"""

REPORTER: Final = "tinker-conformance-report"


def _problem_of(folder: Path) -> str:
    """Return why a folder can be neither created nor written; empty if it can."""
    try:
        nearest = next(
            each for each in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(each)
        )
        if not nearest.is_dir():
            return f"{nearest} is not a folder"
        return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} must not be written"
    except (OSError, ValueError) as error:
        return str(error)


def directs_junit(config: pytest.Config, folder: Path) -> None:
    """Make pytest write its JUnit XML into the report folder, unless the user named another file.

    pytest writes the XML at the end of the session, and would fail then with a traceback if the folder could
    not be created. So this is checked now. The folder is created later, because pytest-xdist would take its
    name among the arguments for a path.

    Raises:
        pytest.UsageError: The folder cannot be created.
    """
    from tinker_conformance.report.report_folder import JUNIT  # noqa: PLC0415 - heavy: the page's templates

    if not config.option.collectonly and (problem := _problem_of(folder)):
        raise usage_error(f"{folder}: cannot be written ({problem}); name another folder")
    if not getattr(config.option, "xmlpath", None):
        config.option.xmlpath = str(folder / JUNIT)


def _folder(folder: Path, start: Start) -> ReportFolder:
    from tinker_conformance.report.report_folder import ReportFolder  # noqa: PLC0415 - heavy: the page's templates

    return ReportFolder(folder, start, own_junit=False)


class _Subject:
    """The results of one SDK in a session: from the suite itself, or from one class."""

    def __init__(self, start: Start, folder: Path | None, known: str) -> None:
        self.start = start
        self.folder = folder
        self.results: dict[str, Result] = {}
        self._known = known
        try:
            self._report = None if folder is None else _folder(folder, start)
        except UserError as error:
            raise usage_error(str(error)) from error

    def add(self, result: Result) -> None:
        self.results[result.id] = result
        if self._report is not None:
            self._report.add(result)

    def stale(self) -> tuple[str, ...]:
        """Return a sentence for each entry of known failures that excused nothing in a complete run."""
        if not self._known or not set(self.start.asked) <= set(self.results):
            return ()
        known = KnownFailures(load_known_failures(Path(self._known)), source=self._known)
        return tuple(known.stale(judged_of(self.results.values())))

    def record(self, path: Path) -> None:
        sdk, profile = self.start.sdk, self.start.profile.name
        name, strict = f"{sdk.name} {sdk.version}", self.start.strict
        record(tuple(self.results.values()), path, sdk=name, profile=profile, strict=strict)

    def close(self, session: pytest.Session, stale: Iterable[str]) -> Conclusion:
        """Complete the report, if there is one, and return the conclusion."""
        results = tuple(self.results.values())
        left = len(self.start.asked) - len(results)
        stopped = str(session.shouldstop or session.shouldfail or "interrupted")
        early = f"{stopped}; not judged: {counted(left, 'requirement')}" if left else None
        code = self._early_code(session, results)
        end = end_record(self.start, results, early=early, early_code=code, stale=stale)
        if self._report is not None:
            self._report.close(end)
        return conclude(Report(self.start, results, end))

    def _early_code(self, session: pytest.Session, results: Sequence[Result]) -> int:
        if session.shouldstop:
            return Exit.ADAPTER
        return exit_code(self.start, results) if session.shouldfail else INTERRUPTED

    @property
    def is_whole(self) -> bool:
        """Return whether the session judges every chapter that an SDK must claim."""
        return {name.partition(".")[0] for name in self.start.asked} >= set(NEVER_UNCLAIMED[self.start.kind])

    @property
    def problem(self) -> str | None:
        """Return why the report is incomplete, or None."""
        problem = None if self._report is None else self._report.problem
        return None if problem is None else str(problem)


class Reporter:
    """A pytest plugin that collects results, writes reports, and finds outdated entries of known failures."""

    def __init__(self, folder: Path | None, recorded: Path | None) -> None:
        """Create a reporter without writing anything.

        Args:
            folder: The folder of `--report`, with a subfolder for each test class; None writes no report.
            recorded: The file of `--record-known-failures`, one for each of several test classes; None writes
                none.
        """
        self._folder = folder
        self._recorded = recorded
        self._subjects: dict[str, _Subject] = {}
        self._sentences: list[str] = []
        self._written: list[Path] = []

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the records of a pytest report, local or from a worker."""
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
        """Close the reports; fail the session if an entry of known failures is outdated."""
        stale = {name: subject.stale() for name, subject in self._subjects.items()}
        distinct = dict.fromkeys(line for lines in stale.values() for line in lines)
        self._sentences = [f"stale: {line}" for line in distinct]
        if self._sentences and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for name, subject in self._subjects.items():
            if self._recorded is not None:
                path = self._recorded
                if len(self._subjects) > 1 and name:
                    path = path.with_name(f"{path.stem}.{name}{path.suffix}")
                subject.record(path)
                self._written.append(path)
            found = subject.close(session, stale[name])
            if found.exit_code == Exit.NOTHING_TESTED and subject.is_whole:
                self._sentences.append(str(found))
                if exitstatus == pytest.ExitCode.OK:
                    session.exitstatus = pytest.ExitCode.TESTS_FAILED
            if subject.problem is not None:
                self._sentences.append(subject.problem)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print where the reports are, and which entries of known failures are outdated."""
        for sentence in self._sentences:
            write_line(terminalreporter, sentence, red=True)
        for path in self._written:
            write_line(terminalreporter, f"known failures: {path}; edit the reasons")
        for subject in self._subjects.values():
            if subject.folder is not None:
                write_line(terminalreporter, f"conformance report: {subject.folder}")


def judged_of(results: Iterable[Result]) -> Iterable[Judged]:
    """Yield, for each result, what is needed to find outdated entries of known failures."""
    for result in results:
        differing = frozenset(mismatch.scenario for mismatch in result.mismatches)
        yield Judged(result.id, result.asked, Verdict(result.verdict), differing)
