"""`tinker-conformance run`: runs the suite against an SDK, with progress and a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from rich.progress import track

from fake_server.core.visible_text import visible, visible_lines
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands.common import clock_option
from tinker_conformance.commands.fix_first import fix_first
from tinker_conformance.commands.guard import described, undelivered
from tinker_conformance.commands.interruption import (
    Interrupted,
    ended_while_killing,
    ends_with_input,
    uninterrupted,
)
from tinker_conformance.commands.numbers import COUNT, SEED
from tinker_conformance.commands.outcome import table
from tinker_conformance.commands.scripts import asked_scripts, judged_scripts, print_scripts, write_scripts
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.generated.judged_scripts import ScriptJudgement
from tinker_conformance.judging.causes import Cause, causes
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.known_failures.first_file import record as write_known_failures
from tinker_conformance.known_failures.first_file import recordable
from tinker_conformance.report.conclusion import Conclusion, conclude, forgiven
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import End, Result, ScriptsRecord, Start
from tinker_conformance.report.report_folder import ReportFolder
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import Requirement
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.suite.conformance_run import ConformanceRun, RunRequest, open_run

_SILENT: Final = frozenset({Verdict.PASSED, Verdict.NOT_CLAIMED})
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help="The SDK to judge.")
@click.option(
    "--profile",
    "named",
    metavar="NAME|FILE",
    help="The profile to judge the SDK by. Default: the one its adapter names, or that of its version.",
)
@click.option("--strict", is_flag=True, help="Count quirks as failures.")
@click.option("--as-of", metavar="VERSION", help="Judge only the requirements that existed in kit VERSION.")
@click.option(
    "--known-failures", "known", type=_FILE, help="Excuse the failures that this TOML or YAML file lists."
)
@click.option(
    "--record-known-failures",
    "recorded",
    type=_FILE,
    help="Write the failures of this run to a new file of known failures.",
)
@click.option(
    "--report",
    "folder",
    type=_FOLDER,
    help="Write JSON, JUnit XML, Markdown, a badge and an HTML page to this folder.",
)
@click.option(
    "--record",
    type=_FILE,
    help="Write what the SDK did in each scenario to this file, to be judged later with --sdk recorded:FILE.",
)
@click.option("--generated", "count", type=COUNT, default=0, help="Also judge this many generated scripts.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the generated scripts.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge only the scripts in FILE.",
)
@click.option(
    "--failures",
    default="failed-scripts.yaml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Write minimized failing scripts to this file, if any script fails.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only what to fix first, and the last line.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also explain known failures and requirements that the SDK does not claim.",
)
@ends_with_input
@clock_option
def run(
    *,
    spec: str,
    named: str | None,
    as_of: str | None,
    known: Path | None,
    recorded: Path | None,
    folder: Path | None,
    record: Path | None,
    clock: str | None,
    count: int,
    seed: int,
    replay: Path | None,
    failures: Path,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run the suite against an SDK and print the verdict of each requirement."""
    request = RunRequest(
        spec=spec,
        profile=named,
        as_of=as_of,
        known=known,
        recorded=recorded,
        strict=strict,
        clock=None if clock is None else SdkClock(clock),
        seed=seed if count else None,
        record=record,
    )
    console = Terminal()
    # Report a usage error at once, not after the SDK has started.
    request.check()
    scripts = asked_scripts(count, seed, replay, strict=strict)
    opened = open_run(request, lambda text: console.print(text, style="dim"))
    measured = _Measured(opened, asked=opened.asked if replay is None else (), folder=folder)
    measured.judge(scripts, console, quiet=quiet)
    # Write all files before printing anything: a failing terminal must not affect them.
    with uninterrupted():
        written = _written(measured, failures)
    _print(measured, written, console, quiet=quiet, verbose=verbose)
    code = measured.conclusion.exit_code
    sys.exit(undelivered(code) if written.problems else code)


@dataclass(frozen=True, slots=True)
class _Early:
    """Why a run ended before everything was judged.

    Attributes:
        code: The exit code.
        reason: In words.
    """

    code: int
    reason: str


class _Measured:
    """The results of a run so far, and its conclusion once it has ended."""

    def __init__(self, run: ConformanceRun, *, asked: Sequence[Requirement], folder: Path | None) -> None:
        self.run = run
        self.asked = tuple(asked)
        self.start: Start = run.start(self.asked)
        self.report = None if folder is None else ReportFolder(folder, self.start)
        self.judgements: list[Judgement] = []
        self.results: list[Result] = []
        self.scripts: ScriptJudgement | None = None
        self.early: _Early | None = None

    @property
    def name(self) -> str:
        """The SDK's name and version, safe to print."""
        info = self.run.judge.sdk.info
        return visible(f"{info.name} {info.version}")

    @property
    def progress(self) -> str:
        """How far the run got, in words."""
        return f"after {len(self.judgements)} of {len(self.asked)} requirements"

    @property
    def stale(self) -> tuple[str, ...]:
        """One sentence per outdated entry of known failures; empty unless everything was judged."""
        if self.early or len(self.judgements) < len(self.asked):
            return ()
        return self.run.stale(self.judgements)

    @property
    def end(self) -> End:
        """The closing record."""
        return end_record(
            self.start,
            self.results,
            early=None if self.early is None else f"{self.early.reason}, {self.progress}",
            early_code=Exit.KIT if self.early is None else self.early.code,
            stale=self.stale,
            scripts=None if self.scripts is None else _scripts_record(self.scripts),
        )

    @property
    def conclusion(self) -> Conclusion:
        """What the run found, and its exit code."""
        return conclude(Report(self.start, tuple(self.results), self.end))

    def judge(self, scripts: Sequence[Scenario], console: Terminal, *, quiet: bool) -> None:
        """Judge everything, then close the SDK; note the reason if the run ends early."""
        judge = self.run.judge
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
            if scripts:
                self.scripts = judged_scripts(judge, scripts, console, strict=self.run.request.strict)
        except Interrupted as error:
            ended_while_killing(judge.close)
            self.early = _Early(error.exit_code, f"interrupted by {error.name}")
        except Exception as error:  # noqa: BLE001 - report the results so far, even after a bug of the kit
            ended_while_killing(judge.close)
            reason, code = described(error)
            self.early = _Early(code, reason.removeprefix("Error: "))
        else:
            judge.close()

    def _add(self, judgement: Judgement) -> None:
        self.judgements.append(judgement)
        self.results.append(self.run.result(judgement))
        if self.report is not None:
            self.report.add(self.results[-1])


@dataclass(slots=True)
class _Written:
    """The files that were written.

    Attributes:
        failures: The file of failing scripts, or None if it could not be written.
        notes: Lines about what was written.
        problems: What could not be written, and why.
    """

    failures: Path | None = None
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


def _written(measured: _Measured, failures: Path) -> _Written:
    """Write the report, the failing scripts and the known failures, as requested."""
    written = _Written()
    request, report, scripts = measured.run.request, measured.report, measured.scripts
    if report is not None:
        report.close(measured.end)
        written.problems += [] if report.problem is None else [str(report.problem)]
    if scripts is not None and written.attempt(lambda: write_scripts(scripts, failures)):
        written.failures = failures
    if (recorded := request.recorded) is not None:
        profile = measured.run.judge.profile.name
        strict = request.strict
        if written.attempt(
            lambda: write_known_failures(
                measured.results, recorded, sdk=measured.name, profile=profile, strict=strict
            )
        ):
            number = len(recordable(measured.results, strict=strict))
            written.notes.append(f"{recorded}: {number} known failures; edit the reasons")
    return written


def _scripts_record(found: ScriptJudgement) -> ScriptsRecord:
    return ScriptsRecord(
        judged=found.judged,
        failed=found.failed,
        adapter_errors=found.adapter_errors,
        kit_errors=found.kit_errors,
    )


def _print(measured: _Measured, written: _Written, console: Terminal, *, quiet: bool, verbose: bool) -> None:
    """Print the table, the explanations and the conclusion."""
    spec, profile = measured.run.request.spec, measured.run.judge.profile.name
    if not quiet:
        console.print(visible(f"{measured.name} against {profile}"))
        _print_judgements(console, measured.judgements, spec, profile, verbose=verbose)
    if measured.scripts is not None:
        print_scripts(measured.scripts, spec, written.failures, console)
    notes = [*written.notes, *(f"stale: {sentence}" for sentence in measured.stale)]
    for line in fix_first(_against(measured)):
        console.print(visible_lines(line), soft_wrap=True)
    early = measured.early
    notes.append(f"ended early, {measured.progress}: {early.reason}" if early else str(measured.conclusion))
    for note in notes:
        console.print(visible_lines(f"\n{note}"), soft_wrap=True)
    for problem in written.problems:
        click.echo(visible_lines(f"Error: {problem}"), err=True)


def _against(measured: _Measured) -> list[Judgement]:
    """Return the judgements with forgiven quirks left out."""
    strict = measured.run.request.strict
    return [
        judgement
        for judgement, result in zip(measured.judgements, measured.results, strict=True)
        if not forgiven(result, strict=strict)
    ]


def _print_judgements(
    console: Terminal, judgements: Sequence[Judgement], spec: str, profile: str, *, verbose: bool
) -> None:
    if judgements:
        console.print(table(judgements))
    silent = {Verdict.PASSED} if verbose else {*_SILENT, Verdict.KNOWN_FAILURE}
    grouped = causes(judgements)
    in_full = {cause.first for cause in grouped}
    for judgement in _by_cause(judgements, grouped):
        if judgement.verdict not in silent:
            brief = not verbose and judgement.verdict is Verdict.FAILED
            brief = brief and judgement.requirement.id not in in_full
            console.print()
            console.print(explain(judgement, spec, profile, brief=brief), soft_wrap=True)


def _by_cause(judgements: Sequence[Judgement], grouped: Sequence[Cause]) -> Sequence[Judgement]:
    """Return the judgements in the order in which their causes are to be fixed; the rest last."""
    order = [identifier for cause in grouped for identifier in (cause.first, *cause.others)]
    place = {identifier: number for number, identifier in enumerate(order)}
    return sorted(judgements, key=lambda judgement: place.get(judgement.requirement.id, len(order)))
