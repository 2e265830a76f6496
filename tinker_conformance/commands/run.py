"""`tinker-conformance run`: the suite against an SDK, with progress and a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.progress import track

from fake_server.core.visible_text import visible, visible_lines
from tinker_conformance.commands.common import clock_option, opened_beside_reference
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
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.judging.profile_choice import check_as_asked, choose_profile
from tinker_conformance.known_failures.command_options import check_files, excuses
from tinker_conformance.known_failures.excuses import judged
from tinker_conformance.known_failures.first_file import record, recordable
from tinker_conformance.report.conclusion import conclude
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.record_making import end_record, result_record, start_record
from tinker_conformance.report.records import Result, ScriptsRecord
from tinker_conformance.report.report_folder import ReportFolder
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements.as_of import asked_of
from tinker_conformance.scenario.library import shipped_scenarios

_SILENT: Final = frozenset({Verdict.PASSED, Verdict.NOT_CLAIMED})
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
LOOK_AHEAD: Final = 2
"""Requirements whose scenarios run while one is judged."""
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help="The SDK under test.")
@click.option("--profile", "named", metavar="NAME|FILE", help="What it is judged by.")
@click.option("--strict", is_flag=True, help="Count quirks as failures.")
@click.option("--as-of", metavar="VERSION", help="Only what this version of the kit asked already.")
@click.option("--known-failures", "known", type=_FILE, help="What is known to fail, and why (TOML or YAML).")
@click.option("--record-known-failures", "recorded", type=_FILE, help="Write such a file, to be edited.")
@click.option("--report", "folder", type=_FOLDER, help="Write JSON, JUnit, Markdown, badge and page there.")
@click.option("--generated", "count", type=COUNT, default=0, help="Judge as many generated scripts besides.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another seed gives other scripts.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge the scripts of FILE alone.",
)
@click.option(
    "--failures",
    default="failed-scripts.yaml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the smallest failing scripts are written, if there are any.",
)
@click.option("-q", "--quiet", is_flag=True, help="The last line alone.")
@click.option("-v", "--verbose", is_flag=True, help="Explain known failures, too, and what is not claimed.")
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
    clock: str | None,
    count: int,
    seed: int,
    replay: Path | None,
    failures: Path,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Runs the suite against an SDK, and prints the result by requirement."""
    console = Terminal()
    # A mistake in what was asked for is told at once, not once the SDK has started.
    check_as_asked(named, as_of)
    check_files(known, recorded)
    scripts = asked_scripts(count, seed, replay, strict=strict)
    sdk, reference = opened_beside_reference(spec, console, clock=clock)
    profile = choose_profile(named, sdk.info)
    every = asked_of(profile, as_of)
    excused = excuses(known, recorded, every, sdk.info.version)
    asked = every if replay is None else ()
    start = start_record(sdk, profile, asked, strict=strict, as_of=as_of, seed=seed if count else None)
    report = None if folder is None else ReportFolder(folder, start)
    judge = Judge(sdk, reference.ready, profile, shipped_scenarios())
    notes: list[str] = []
    judgements: list[Judgement] = []
    results: list[Result] = []
    lived: list[ScriptJudgement] = []

    def judge_all() -> None:
        steps = track(
            asked, "judging", console=console, transient=True, disable=quiet or not console.is_terminal
        )
        for number, required in enumerate(steps, 1):
            then = asked[number : number + LOOK_AHEAD]
            judgements.append(excused.applied(judge.judge(required, then)))
            results.append(result_record(judgements[-1], spec, profile.name))
            if report is not None:
                report.add(results[-1])
        if scripts:
            lived.append(judged_scripts(judge, scripts, console, strict=strict))

    early = _until_the_end(judge, judge_all)
    name = visible(f"{sdk.info.name} {sdk.info.version}")
    of = f"after {len(judgements)} of {len(asked)} requirements"
    stale = () if early or len(judgements) < len(asked) else tuple(excused.stale(map(judged, judgements)))
    end = end_record(
        start,
        results,
        early=None if early is None else f"{early.reason}, {of}",
        early_code=Exit.KIT if early is None else early.code,
        stale=stale,
        scripts=_scripts_record(lived),
    )
    found = conclude(Report(start, tuple(results), end))
    problems: list[str] = []
    # All that others read is written before anything is printed: a terminal that fails changes none of it.
    with uninterrupted():
        if report is not None:
            report.close(end)
            problems += [] if report.problem is None else [str(report.problem)]
        scripts_written = bool(lived) and _attempted(lambda: write_scripts(lived[0], failures), problems)
        if recorded is not None and _attempted(
            lambda: record(results, recorded, sdk=name, profile=profile.name, strict=strict), problems
        ):
            number = len(recordable(results, strict=strict))
            notes.append(f"{recorded}: {number} known failures; edit the reasons")
    if not quiet:
        console.print(visible(f"{name} against {profile.name}"))
        _print(console, judgements, spec, profile.name, verbose=verbose)
    for each in lived:
        print_scripts(each, spec, failures if scripts_written else None, console)
    notes += [f"stale: {sentence}" for sentence in stale]
    notes.append(f"ended early, {of}: {early.reason}" if early else str(found))
    for note in notes:
        console.print(visible_lines(f"\n{note}"), soft_wrap=True)
    for problem in problems:
        click.echo(visible_lines(f"Error: {problem}"), err=True)
    sys.exit(undelivered(found.exit_code) if problems else found.exit_code)


def _attempted(write: Callable[[], object], problems: list[str]) -> bool:
    """Write a file; return whether that was possible, and note in `problems` what was not."""
    try:
        write()
    except OSError as error:
        problems.append(described(error)[0].removeprefix("Error: "))
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Early:
    """Why a run ended before all was judged.

    Attributes:
        code: The exit code.
        reason: In words.
    """

    code: int
    reason: str


def _scripts_record(lived: Sequence[ScriptJudgement]) -> ScriptsRecord | None:
    """How many scripts were judged, and how many failed."""
    found = (
        ScriptsRecord(
            judged=each.judged,
            failed=each.failed,
            adapter_errors=each.adapter_errors,
            kit_errors=each.kit_errors,
        )
        for each in lived
    )
    return next(found, None)


def _until_the_end(judge: Judge, judge_all: Callable[[], None]) -> _Early | None:
    """Judges, and ends the SDK; says why where not all could be judged."""
    try:
        judge_all()
    except Interrupted as error:
        ended_while_killing(judge.close)
        return _Early(error.exit_code, f"interrupted by {error.name}")
    except Exception as error:  # noqa: BLE001 - what was measured is reported, whatever the kit did wrong
        ended_while_killing(judge.close)
        reason, code = described(error)
        return _Early(code, reason.removeprefix("Error: "))
    judge.close()
    return None


def _print(
    console: Terminal, judgements: Sequence[Judgement], spec: str, profile: str, *, verbose: bool
) -> None:
    """Prints the table, and what is to be explained."""
    if judgements:
        console.print(table(judgements))
    silent = {Verdict.PASSED} if verbose else {*_SILENT, Verdict.KNOWN_FAILURE}
    for judgement in judgements:
        if judgement.verdict not in silent:
            console.print()
            console.print(explain(judgement, spec, profile), soft_wrap=True)
