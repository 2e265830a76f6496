"""A run of `run` or `server`: judge with progress, write every file, then print the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic

import click
from rich.progress import track

from fake_server.core.visible_text import visible, visible_lines
from tinker_conformance.commands.fix_first import fix_first
from tinker_conformance.commands.guard import described
from tinker_conformance.commands.interruption import Interrupted
from tinker_conformance.commands.outcome import table
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.judging.causes import Cause, causes
from tinker_conformance.judging.explanation import explain, is_unshared_quirk
from tinker_conformance.judging.judge import UNTESTED, Judgement, Verdict
from tinker_conformance.known_failures.first_file import record
from tinker_conformance.report.conclusion import Conclusion, conclude, forgiven
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import End, Result, ScriptsRecord, Start, VerbRecord
from tinker_conformance.report.report_folder import ReportFolder
from tinker_conformance.report.report_reading import Report
from tinker_conformance.suite.open_run import OpenRun, R

_SILENT: Final = frozenset({Verdict.PASSED}) | UNTESTED
_SHORTENED: Final = "quirks that are not shared do not count; -v shows their pictures and events"


@dataclass(frozen=True, slots=True)
class Early:
    """Why a run ended before everything was judged.

    Attributes:
        code: The exit code.
        reason: The reason, in words.
    """

    code: int
    reason: str


class MeasuredRun(Generic[R]):
    """The results of a run so far, and its conclusion once it has ended.

    Attributes:
        scripts: The results of generated or replayed scripts, which belong to no requirement; None if none
            ran.
        verbs: For a server: how each release of the official SDK fared with each verb (connect, sample,
            train, …).
        releases: For a server: a sentence about the releases with which everything works.
    """

    def __init__(self, run: OpenRun[R], *, asked: Sequence[R], folder: Path | None) -> None:
        """Create the results, and begin the report if `folder` is not None."""
        self.run = run
        self.asked = tuple(asked)
        self.start: Start = run.start(self.asked)
        self.report = None if folder is None else ReportFolder(folder, self.start)
        # Pairs, because an interrupt may come between any two statements.
        self._judged: list[tuple[Judgement, Result]] = []
        self.scripts: ScriptsRecord | None = None
        self.verbs: list[VerbRecord] = []
        self.releases = ""
        self.early: Early | None = None

    @property
    def judgements(self) -> list[Judgement]:
        """Return the judgements so far, in order."""
        return [judgement for judgement, _ in self._judged]

    @property
    def results(self) -> list[Result]:
        """Return the records of the judgements so far, in order, as a report has them."""
        return [result for _, result in self._judged]

    @property
    def progress(self) -> str:
        """Return how far the run got, in words."""
        return f"after {len(self.judgements)} of {len(self.asked)} requirements"

    @property
    def stale(self) -> tuple[str, ...]:
        """Return a sentence for each outdated entry of known failures; none unless everything was judged."""
        if self.early or len(self.judgements) < len(self.asked):
            return ()
        return self.run.stale(self.judgements)

    @property
    def end(self) -> End:
        """Return the closing record of the report."""
        return end_record(
            self.start,
            self.results,
            early=None if self.early is None else f"{self.early.reason}, {self.progress}",
            early_code=Exit.KIT if self.early is None else self.early.code,
            stale=self.stale,
            scripts=self.scripts,
            releases=self.releases,
        )

    @property
    def conclusion(self) -> Conclusion:
        """Return what the run found, and its exit code."""
        return conclude(Report(self.start, tuple(self.results), self.end, tuple(self.verbs)))

    def judge(self, console: Terminal, *, quiet: bool, then: Callable[[], None] | None = None) -> None:
        """Judge every requirement, then close the run; note the reason if the run ends early.

        Args:
            console: The terminal that shows the progress.
            quiet: Whether to show no progress.
            then: Called after the last requirement, before the run is closed; None calls nothing.
        """
        try:
            steps = track(
                self.run.ask_all(self.asked),
                "judging",
                total=len(self.asked),
                console=console,
                transient=True,
                disable=quiet or not console.is_terminal,
            )
            for judgement in steps:
                self._add(judgement)
            if then is not None:
                then()
        except Interrupted as error:
            self.run.kill()
            self.early = Early(error.exit_code, f"interrupted by {error.name}")
        except Exception as error:  # noqa: BLE001 - report the results so far, even after a bug of the kit
            self.run.kill()
            reason, code = described(error)
            self.early = Early(code, reason.removeprefix("Error: "))
        finally:
            self.run.close()

    def add_verb(self, verb: VerbRecord) -> None:
        """Add the outcome of one verb with one release to the results and the report."""
        self.verbs.append(verb)
        if self.report is not None:
            self.report.add(verb)

    def _add(self, judgement: Judgement) -> None:
        result = self.run.result(judgement)
        self._judged.append((judgement, result))
        if self.report is not None:
            self.report.add(result)


@dataclass(slots=True)
class Written:
    """Collects which files of a run were written, and which could not be.

    Attributes:
        notes: A line about each file that was written.
        problems: A line about each file that could not be written, with the reason.
    """

    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attempt(self, write: Callable[[], object]) -> bool:
        """Write a file and return whether that worked; note the problem if not."""
        try:
            write()
        except OSError as error:
            self.problems.append(described(error)[0].removeprefix("Error: "))
            return False
        return True


def write_report(measured: MeasuredRun[R], written: Written) -> None:
    """Complete the report, if the run has one; note a problem in `written`."""
    report = measured.report
    if report is not None:
        report.close(measured.end)
        written.problems += [] if report.problem is None else [str(report.problem)]


def write_known_failures(measured: MeasuredRun[R], written: Written) -> None:
    """Write the file of `--record-known-failures`, if the option was given; note the file in `written`."""
    run, recorded = measured.run, measured.run.recorded
    if recorded is None:
        return

    def write() -> None:
        name, profile = visible(run.name), run.judged_by
        done = record(measured.results, recorded, sdk=name, profile=profile, strict=run.strict)
        written.notes.append(f"{recorded}: {done}")

    written.attempt(write)


def print_verdicts(measured: MeasuredRun[R], console: Terminal, *, verbose: bool) -> None:
    """Print the table of verdicts and explain each failure; with `verbose`, excused failures too."""
    console.print(visible(f"{measured.run.name} against {measured.run.judged_by}"))
    if measured.judgements:
        console.print(table(measured.judgements, strict=measured.run.strict))
    silent = {Verdict.PASSED} if verbose else {*_SILENT, Verdict.KNOWN_FAILURE}
    # A quirk that does not count is no cause: it has no place in "fix first", and comes last.
    grouped = causes(_against(measured))
    in_full = {cause.first for cause in grouped}
    run = measured.run
    shortened = False
    for judgement in _by_cause(measured.judgements, grouped):
        if judgement.verdict not in silent:
            brief = not verbose and judgement.verdict is Verdict.FAILED
            brief = brief and judgement.requirement.id not in in_full
            shortened |= brief and is_unshared_quirk(judgement, strict=run.strict)
            console.print()
            text = explain(
                judgement,
                run.rerun(judgement),
                releases=run.releases(judgement),
                brief=brief,
                strict=run.strict,
            )
            console.print(text, soft_wrap=True)
    if shortened:
        console.print(f"\n{_SHORTENED}", style="dim", soft_wrap=True)


def _by_cause(judgements: Sequence[Judgement], grouped: Sequence[Cause]) -> Sequence[Judgement]:
    """Return the judgements with those first whose causes are to be fixed first, and the rest last."""
    order = [identifier for cause in grouped for identifier in (cause.first, *cause.others)]
    place = {identifier: number for number, identifier in enumerate(order)}
    return sorted(judgements, key=lambda judgement: place.get(judgement.requirement.id, len(order)))


def _against(measured: MeasuredRun[R]) -> list[Judgement]:
    """Return the judgements, without failed quirks if these do not count in the run."""
    return [
        judgement
        for judgement, result in zip(measured.judgements, measured.results, strict=True)
        if not forgiven(result, strict=measured.run.strict)
    ]


def print_conclusion(
    measured: MeasuredRun[R], written: Written, console: Terminal, *, with_causes: bool = True
) -> None:
    """Print which files were written, which known failures are outdated, and the conclusion.

    Args:
        measured: The run.
        written: What was written.
        console: Where to print.
        with_causes: Whether to print what to fix first.
    """
    notes = [*written.notes, *(f"stale: {sentence}" for sentence in measured.stale)]
    for line in fix_first(_against(measured)) if with_causes else ():
        console.print(visible_lines(line), soft_wrap=True)
    early = measured.early
    notes.append(f"ended early, {measured.progress}: {early.reason}" if early else str(measured.conclusion))
    for note in notes:
        console.print(visible_lines(f"\n{note}"), soft_wrap=True)
    for problem in written.problems:
        click.echo(visible_lines(f"Error: {problem}"), err=True)
