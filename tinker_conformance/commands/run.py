"""`tinker-conformance run`: runs the suite against an SDK, with progress and a summary."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path

import click

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands.common import SPEC_HELP, clock_option
from tinker_conformance.commands.guard import undelivered
from tinker_conformance.commands.interruption import ends_with_input, uninterrupted
from tinker_conformance.commands.judging_options import FILE, judging_options, quiet_option, verbose_option
from tinker_conformance.commands.measured_run import (
    MeasuredRun,
    Written,
    print_conclusion,
    print_verdicts,
    write_known_failures,
    write_report,
)
from tinker_conformance.commands.numbers import COUNT, SEED
from tinker_conformance.commands.scripts import (
    drawn_scripts,
    judged_scripts,
    print_scripts,
    replayed_scripts,
    write_scripts,
)
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.generated.judged_scripts import ScriptJudgement
from tinker_conformance.report.records import ScriptsRecord
from tinker_conformance.suite.conformance_run import CORES, RunRequest, open_run


@click.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help=f"The SDK to judge: {SPEC_HELP}.")
@click.option(
    "--profile",
    "named",
    metavar="NAME|FILE",
    help="The profile to judge the SDK by. Default: the one its adapter names, or that of its version.",
)
@judging_options("the requirements")
@click.option(
    "--dialect",
    metavar="NAME",
    help="Let the fake server speak as another server does, such as skyrl or tuft, to see what users of that "
    "server meet. This is information, never conformance, and does not change the exit code.",
)
@click.option(
    "--record",
    type=FILE,
    help="Write what the SDK did in each scenario to this file, to be judged later with --sdk recorded:FILE.",
)
@click.option("--generated", "count", type=COUNT, default=0, help="Also judge this many generated scripts.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the generated scripts.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge the scripts in FILE, and no requirements.",
)
@click.option(
    "--failures",
    default="failed-scripts.yaml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Write minimized failing scripts to this file, if any script fails.",
)
@quiet_option
@verbose_option(
    "Explain every failure with its picture and its events; also known failures, and requirements that the "
    "SDK does not claim."
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
    dialect: str | None,
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
        dialect=dialect,
        second_process=CORES > 1,
    )
    console = Terminal()
    # Report a usage error at once, not after the SDK has started.
    checked = request.checked()
    replayed = replayed_scripts(replay)
    opened = open_run(checked, lambda text: console.print(text, style="dim"))
    with contextlib.ExitStack() as closing:
        closing.callback(opened.close)  # after an interrupt before the first verdict
        measured = MeasuredRun(opened, asked=opened.asked if replay is None else (), folder=folder)
        closing.pop_all()  # from here on, `judge` closes it
    found: list[ScriptJudgement] = []

    def judge_scripts() -> None:
        judge = opened.judge
        scripts = (*replayed, *drawn_scripts(count, seed, judge.sdk.info, strict=strict))
        if scripts:
            found.append(judged_scripts(judge, scripts, console, strict=strict))
            measured.scripts = _scripts_record(found[0])

    measured.judge(console, quiet=quiet, then=judge_scripts)
    written = Written()
    # Write all files before printing anything: a failing terminal must not affect them.
    with uninterrupted():
        write_report(measured, written)
        kept = all(written.attempt(partial(write_scripts, each, failures)) for each in found)
        write_known_failures(measured, written)
    if not quiet:
        print_verdicts(measured, console, verbose=verbose)
    for each in found:
        print_scripts(each, spec, failures if kept else None, console)
    print_conclusion(measured, written, console)
    code = measured.conclusion.exit_code
    sys.exit(undelivered(code) if written.problems else code)


def _scripts_record(found: ScriptJudgement) -> ScriptsRecord:
    return ScriptsRecord(
        judged=found.judged,
        failed=found.failed,
        adapter_errors=found.adapter_errors,
        kit_errors=found.kit_errors,
    )
