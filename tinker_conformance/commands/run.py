"""`tinker-conformance run`: the suite against an SDK, with progress and a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from tinker_conformance.commands.common import Exit, clock_option, opened
from tinker_conformance.commands.interruption import Interrupted, ended_while_killing, ends_on_signals
from tinker_conformance.commands.outcome import exit_code, summary, table
from tinker_conformance.judging.choice import UsageProblem, choose_profile
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import AdapterLostError, Judge, Judgement, Verdict
from tinker_conformance.known_failures.excuses import KnownFailures, judged
from tinker_conformance.known_failures.options import excuses
from tinker_conformance.known_failures.reading import KnownFailuresError, UnmatchedEntryError
from tinker_conformance.known_failures.recording import record
from tinker_conformance.library import shipped_scenarios
from tinker_conformance.report.reading import ReportError
from tinker_conformance.report.recording import result_record, start_record
from tinker_conformance.report.writing import ReportFolder
from tinker_conformance.requirements import Requirement
from tinker_conformance.requirements.as_of import AsOfError, asked_of
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.visible import visible, visible_lines

_SILENT: Final = frozenset({Verdict.PASSED, Verdict.NOT_CLAIMED})
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help="The SDK under test.")
@click.option("--profile", "named", metavar="NAME|FILE", help="What it is judged by.")
@click.option("--strict", is_flag=True, help="Count quirks as failures.")
@click.option("--as-of", metavar="VERSION", help="Only what this version of the kit asked already.")
@click.option("--known-failures", "known", type=_FILE, help="What is known to fail, and why (TOML or YAML).")
@click.option("--record-known-failures", "recorded", type=_FILE, help="Write such a file, to be edited.")
@click.option("-q", "--quiet", is_flag=True, help="The last line alone.")
@click.option("-v", "--verbose", is_flag=True, help="Explain known failures, too, and what is not claimed.")
@click.option("--report", "folder", type=_FOLDER, help="Write JSON, JUnit, Markdown, badge and page there.")
@clock_option
@ends_on_signals
def run(
    *,
    spec: str,
    named: str | None,
    as_of: str | None,
    known: Path | None,
    recorded: Path | None,
    folder: Path | None,
    clock: str | None,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Runs the suite against an SDK, and prints the result by requirement."""
    console = Console(highlight=False)
    sdk = opened(spec, console, clock=clock)
    try:
        profile = choose_profile(named, sdk.info)
        asked = asked_of(profile, as_of)
        excused = excuses(known, recorded, asked, sdk.info.version)
        start = start_record(sdk, profile, asked, strict=strict, as_of=as_of)
        report = None if folder is None else ReportFolder(folder, start)
    except UnmatchedEntryError as error:
        console.print(escape(str(error)), soft_wrap=True)
        sys.exit(Exit.STALE)
    except (UsageProblem, AsOfError, KnownFailuresError, ReportError) as error:
        raise click.UsageError(str(error)) from error
    judge = Judge(sdk, lambda: open_sdk("reference"), profile, shipped_scenarios())
    judgements: list[Judgement] = []

    def judge_all() -> None:
        steps = track(
            asked, "judging", console=console, transient=True, disable=quiet or not console.is_terminal
        )
        for required in steps:
            judgements.append(excused.applied(judge.judge(required)))
            if report is not None:
                report.add(result_record(judgements[-1], spec, profile.name))

    early = _until_the_end(judge, judge_all)
    name = visible(f"{sdk.info.name} {sdk.info.version}")
    if not quiet:
        console.print(escape(f"{name} against {profile.name}"))
        console.print(table(judgements))
        _explain(console, judgements, spec, profile.name, verbose=verbose)
    if recorded is not None:
        results = (result_record(judgement, spec, profile.name) for judgement in judgements)
        number = record(results, recorded, sdk=name, profile=profile.name, strict=strict)
        console.print(escape(f"\n{recorded}: {number} known failures; edit the reasons"), soft_wrap=True)
    if early is not None:
        of = f"{len(judgements)} of {len(asked)} requirements"
        console.print(escape(visible_lines(f"\nended early, after {of}: {early[1]}")))
        if report is not None:
            report.close(early[0], early=f"{early[1]}, after {of}")
        sys.exit(early[0])
    stale = _stale(console, excused, judgements, asked)
    code = exit_code(judgements, strict=strict, stale=bool(stale))
    if report is not None:
        report.close(code, stale=stale)
    console.print(escape(summary(judgements, code, name, profile.name, strict=strict)))
    sys.exit(code)


def _until_the_end(judge: Judge, judge_all: Callable[[], None]) -> tuple[int, str] | None:
    """Judges, and ends the SDK; gives the exit code and the reason where not all could be judged."""
    try:
        judge_all()
    except Interrupted as error:
        ended_while_killing(judge.close)
        return error.exit_code, f"interrupted by {error.name}"
    except AdapterLostError as error:
        judge.close()
        return Exit.ADAPTER, str(error)
    judge.close()
    return None


def _explain(
    console: Console, judgements: Sequence[Judgement], spec: str, profile: str, *, verbose: bool
) -> None:
    silent = {Verdict.PASSED} if verbose else {*_SILENT, Verdict.KNOWN_FAILURE}
    for judgement in judgements:
        if judgement.verdict not in silent:
            console.print()
            console.print(escape(explain(judgement, spec, profile)), soft_wrap=True)


def _stale(
    console: Console, excused: KnownFailures, judgements: Sequence[Judgement], asked: Sequence[Requirement]
) -> list[str]:
    """Tells, and gives, what is to be said of entries that excused nothing, once all is judged."""
    if len(judgements) < len(asked):
        return []
    sentences = list(excused.stale(judged(judgement) for judgement in judgements))
    for sentence in sentences:
        console.print(escape(f"\nstale: {sentence}"), soft_wrap=True)
    return sentences
