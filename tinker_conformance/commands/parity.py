"""`tinker-conformance parity`: compares published releases with the reference, event by event."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tinker_conformance.commands.hypothesis_storage import keep_hypothesis_out_of_the_working_folder
from tinker_conformance.commands.interruption import Interrupted
from tinker_conformance.commands.numbers import COUNT, JOBS, SEED
from tinker_conformance.commands.parity_report import conclusion, description, exit_code, line, table
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.commands.versions import asked_versions, spec_of
from tinker_conformance.parity.campaign import Campaign, ReleaseReport, all_scenarios
from tinker_conformance.parity.store import Store
from tinker_conformance.sdk.official.environments import cache_folder


@click.command()
@click.option(
    "--versions",
    default="latest",
    show_default=True,
    metavar="LIST|all|revisions|latest|installed",
    help="Releases: X.Y.Z,…; all published; one per revision; the newest; the one importable here.",
)
@click.option(
    "--generated",
    "count",
    type=COUNT,
    default=200,
    show_default=True,
    help="Number of generated scripts to run on each release.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the generated scripts.")
@click.option(
    "--jobs",
    type=JOBS,
    default=os.cpu_count() or 1,
    show_default="number of CPU cores",
    help="Number of releases to compare in parallel.",
)
@click.option(
    "--findings",
    "folder",
    default="parity-findings",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write minimized scripts and draft profiles to this folder if a release differs.",
)
def parity(versions: str, count: int, seed: int, jobs: int, folder: Path) -> None:
    """Compare releases of tinker with the reference, event by event.

    If you interrupt it, run the same command again to resume.
    """
    console = Terminal()
    asked = asked_versions(versions)
    keep_hypothesis_out_of_the_working_folder()
    scenarios = all_scenarios(count, seed)
    store = Store(cache_folder() / "parity", f"{count} {seed}", ReleaseReport)
    reports = {report.version: report for report in store.results if report.version in asked}
    if reports:
        console.print(
            f"resuming: {len(reports)} of {len(asked)} releases were compared before the interruption"
        )
    rest = [version for version in asked if version not in reports]
    try:
        campaign = Campaign(scenarios)
        with _progress(console, campaign, len(rest)) as advance:

            def done(report: ReleaseReport) -> None:
                reports[report.version] = report
                store.add(report)
                advance()
                if not console.is_terminal:
                    text = f"{len(reports)} of {len(asked)}: {line(report)}"
                    console.print(text, soft_wrap=True)

            campaign.run([(version, spec_of(version)) for version in rest], jobs, done)
    except Interrupted as error:
        console.print("interrupted; run the same command to resume")
        console.print(table(asked, reports))
        sys.stdout.flush()
        os._exit(error.exit_code)  # a thread that downloads a release would delay the exit
    store.complete()
    console.print(table(asked, reports))
    for version in asked:
        if text := description(reports[version], folder):
            console.print(text, soft_wrap=True)
    code = exit_code(list(reports.values()))
    console.print(conclusion(list(reports.values()), code))
    sys.exit(code)


@contextlib.contextmanager
def _progress(console: Terminal, campaign: Campaign, releases: int) -> Iterator[Callable[[], None]]:
    """Show how many releases of a campaign are done; yield the function to call after each release."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        releases_task = progress.add_task("releases", total=releases)
        scripts_task = progress.add_task("scripts", total=releases * len(campaign.scenarios))
        campaign.tick = lambda: progress.advance(scripts_task)
        campaign.say = lambda text: progress.console.print(text, style="dim", soft_wrap=True)
        yield lambda: progress.advance(releases_task)
