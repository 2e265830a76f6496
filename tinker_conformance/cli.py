"""The command `tinker-conformance`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from tinker_conformance._version import __version__
from tinker_conformance.commands.check_adapter import check_adapter
from tinker_conformance.commands.common import Exit, clock_option, opened
from tinker_conformance.commands.identify import identify
from tinker_conformance.commands.interruption import Interrupted, ended_while_killing, ends_on_signals
from tinker_conformance.commands.parity import parity
from tinker_conformance.commands.record_goldens import record_goldens
from tinker_conformance.commands.scripts import asked_scripts, judged_scripts, print_scripts
from tinker_conformance.judging.choice import UsageProblem, choose_profile
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import AdapterLostError, Judge, Judgement, Verdict
from tinker_conformance.library import shipped_scenarios
from tinker_conformance.parity.judged_scripts import ScriptJudgement
from tinker_conformance.profile_files import ProfileError, load_profile
from tinker_conformance.requirements import REQUIREMENTS, Level
from tinker_conformance.scenario import ScenarioError, load_scenarios
from tinker_conformance.sdk.spec import open_sdk


@click.group()
@click.version_option(__version__, prog_name="tinker-conformance")
def main() -> None:
    """Judges SDKs of the Tinker fine-tuning API."""


@main.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help="The SDK under test.")
@click.option("--profile", "named", metavar="NAME|FILE", help="What it is judged by.")
@click.option("--strict", is_flag=True, help="Count quirks as failures.")
@click.option("--generated", "count", default=0, help="Judge as many generated scripts besides.")
@click.option("--seed", default=0, show_default=True, help="Another seed gives other scripts.")
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
@clock_option
@ends_on_signals
def run(
    spec: str,
    named: str | None,
    *,
    clock: str | None,
    count: int,
    seed: int,
    replay: Path | None,
    failures: Path,
    strict: bool,
) -> None:
    """Runs the suite against an SDK, and prints the result by requirement."""
    console = Console(highlight=False)
    scripts = asked_scripts(count, seed, replay, strict=strict)
    sdk = opened(spec, console, clock=clock)
    try:
        profile = choose_profile(named, sdk.info)
    except UsageProblem as error:
        raise click.UsageError(str(error)) from error
    judge = Judge(sdk, lambda: open_sdk("reference"), profile, shipped_scenarios())
    asked = [required for required in REQUIREMENTS if required.holds(profile) and replay is None]
    judgements: list[Judgement] = []
    lived: ScriptJudgement | None = None
    early: tuple[int, str] | None = None
    try:
        steps = track(asked, "judging", console=console, transient=True, disable=not console.is_terminal)
        judgements.extend(judge.judge(required) for required in steps)
        lived = judged_scripts(judge, scripts, console, strict=strict) if scripts else None
        judge.close()
    except Interrupted as error:
        early = (error.exit_code, f"interrupted by {error.name}")
        ended_while_killing(judge.close)
    except AdapterLostError as error:
        early = (Exit.ADAPTER, str(error))
        judge.close()
    console.print(f"{sdk.info.name} {sdk.info.version} against {profile.name}")
    if judgements:
        console.print(_table(judgements))
    for judgement in judgements:
        if judgement.verdict not in {Verdict.PASSED, Verdict.NOT_CLAIMED}:
            console.print()
            console.print(escape(explain(judgement, spec, profile.name)))
    if lived is not None:
        print_scripts(lived, spec, failures, console)
    if early is not None:
        judged = f"{len(judgements)} of {len(asked)} requirements"
        console.print(escape(f"\nended early, after {judged}: {early[1]}"))
        sys.exit(early[0])
    code = exit_code(judgements, strict=strict)
    if lived is not None and code in {Exit.HELD, Exit.NOTHING_TESTED}:
        code = Exit.SDK_FAILED if lived.failed else Exit.HELD if lived.judged else code
    console.print(_summary(judgements, code, f"{sdk.info.name} {sdk.info.version}", profile.name))
    sys.exit(code)


def exit_code(judgements: Iterable[Judgement], *, strict: bool) -> Exit:
    """The exit code that fits: the worst of what was found."""
    verdicts = Counter(
        judgement.verdict
        for judgement in judgements
        if strict or judgement.requirement.level is Level.CONTRACT
    )
    if verdicts[Verdict.KIT_ERROR]:
        return Exit.KIT
    if verdicts[Verdict.ADAPTER_ERROR]:
        return Exit.ADAPTER
    if verdicts[Verdict.FAILED] or verdicts[Verdict.NOT_TESTABLE]:
        return Exit.SDK_FAILED
    return Exit.HELD if verdicts[Verdict.PASSED] else Exit.NOTHING_TESTED


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--profile", "named", required=True, metavar="NAME|FILE", help="The reference's profile.")
@click.option(
    "--sdk", "spec", default="reference", metavar="SPEC", help="Whose timelines; by default the reference's."
)
@clock_option
@ends_on_signals
def trace(file: Path, named: str, spec: str, clock: str | None) -> None:
    """Runs the scenarios of FILE and prints {scenario id: [events]} as JSON."""
    console = Console(stderr=True, highlight=False)
    try:
        scenarios = load_scenarios(file)
        profile = load_profile(named)
    except (ScenarioError, ProfileError) as error:
        raise click.UsageError(str(error)) from error
    sdk = opened(spec, console, clock=clock)
    code = Exit.HELD
    try:
        traces = {}
        for scenario in scenarios:
            result = sdk.run(scenario, profile)
            traces[scenario.id] = result.timeline
            if result.fault is not None:
                console.print(escape(f"{scenario.id}: {result.fault}"))
                code = Exit.ADAPTER
    finally:
        sdk.close()
    click.echo(msgspec.json.format(msgspec.json.encode(traces), indent=2).decode())
    sys.exit(code)


def _table(judgements: list[Judgement]) -> Table:
    table = Table("requirement", "level", "verdict", box=None, pad_edge=False)
    for judgement in judgements:
        table.add_row(
            judgement.requirement.id,
            judgement.requirement.level.value,
            f"[{_STYLES[judgement.verdict]}]{judgement.verdict.value}[/]",
        )
    return table


_STYLES = {
    Verdict.PASSED: "green",
    Verdict.NOT_CLAIMED: "dim",
    Verdict.FAILED: "bold red",
    Verdict.NOT_TESTABLE: "bold red",
    Verdict.ADAPTER_ERROR: "bold magenta",
    Verdict.KIT_ERROR: "bold magenta",
}


def _summary(judgements: list[Judgement], code: Exit, sdk: str, profile: str) -> str:
    counts = Counter(judgement.verdict for judgement in judgements)
    parts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    conforms = "conforms" if code is Exit.HELD else "does not conform"
    return f"\n{sdk} {conforms} to {profile}: {parts}"


main.add_command(identify)
main.add_command(check_adapter)
main.add_command(parity)
main.add_command(record_goldens)

if __name__ == "__main__":
    main()
