"""The report of a pytest run: results travel on pytest's own reports, from xdist's workers too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.excuses import Judged, KnownFailures
from tinker_conformance.known_failures.reading import load_known_failures
from tinker_conformance.known_failures.recording import record
from tinker_conformance.report.reading import ReportError
from tinker_conformance.report.records import Result, Start, decode
from tinker_conformance.report.writing import JUNIT, ReportFolder

START: Final = "tinker_conformance_start"
RESULT: Final = "tinker_conformance_result"
"""Attributes of a pytest report: records, as text."""

REPORTER: Final = "tinker-conformance-report"


def directs_junit(config: pytest.Config, folder: Path) -> None:
    """Makes pytest's own JUnit XML part of the report, unless it was asked for elsewhere."""
    if not getattr(config.option, "xmlpath", None):
        config.option.xmlpath = str(folder / JUNIT)


class Reporter:
    """Gathers the results of a session, writes them as was asked, and finds stale entries."""

    def __init__(self, folder: Path | None, known: Path | None, recorded: Path | None) -> None:
        """Writes nothing yet.

        Args:
            folder: `--report`.
            known: `--known-failures`.
            recorded: `--record-known-failures`.
        """
        self._folder = folder
        self._known = known
        self._recorded = recorded
        self._start: Start | None = None
        self._report: ReportFolder | None = None
        self._results: dict[str, Result] = {}
        self._asked: frozenset[str] = frozenset()
        self._sentences: list[str] = []

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the records off a report, here or from a worker."""
        text = getattr(report, RESULT, None)
        if text is None:
            return
        start, result = decode(getattr(report, START)), decode(text)
        if not isinstance(start, Start) or not isinstance(result, Result):
            return
        self._start = start
        self._asked = frozenset(start.asked)
        self._results[result.id] = result
        if self._folder is not None:
            if self._report is None:
                try:
                    self._report = ReportFolder(self._folder, start, own_junit=False)
                except ReportError as error:
                    raise pytest.UsageError(str(error)) from error
            self._report.add(result)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Closes the report, and fails the session where an entry of known failures is stale as a whole."""
        if self._known is not None and self._results and self._asked <= set(self._results):
            known = KnownFailures(load_known_failures(self._known), source=str(self._known))
            self._sentences = list(known.stale(judged_of(self._results.values())))
        if self._recorded is not None and self._start is not None:
            sdk, profile = self._start.sdk, self._start.profile.name
            name = f"{sdk.name} {sdk.version}"
            strict = self._start.strict
            record(self._results.values(), self._recorded, sdk=name, profile=profile, strict=strict)
        if self._sentences and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._report is not None:
            left = len(self._asked) - len(self._results)
            stopped = str(session.shouldstop or session.shouldfail or "interrupted")
            early = f"{stopped}, {left} requirements were not judged" if left else None
            self._report.close(int(session.exitstatus), early=early, stale=self._sentences)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says where the report is, and which entries are stale."""
        for sentence in self._sentences:
            terminalreporter.write_line(f"stale: {sentence}", red=True)
        if self._recorded is not None and self._start is not None:
            terminalreporter.write_line(f"known failures: {self._recorded}; edit the reasons")
        if self._report is not None:
            terminalreporter.write_line(f"conformance report: {self._folder}")


def judged_of(results: Iterable[Result]) -> Iterable[Judged]:
    """As much of each result as staleness depends on."""
    for result in results:
        differing = frozenset(mismatch.scenario for mismatch in result.mismatches)
        yield Judged(result.id, result.asked, Verdict(result.verdict), differing)
