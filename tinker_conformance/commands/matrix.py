"""`tinker-conformance matrix`: many SDKs, or releases of one, judged in turn and put side by side."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from tinker_conformance.commands.report import write_combined
from tinker_conformance.commands.versions import asked_versions, spec_of
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.report_reading import Report, ReportError, load_report
from tinker_conformance.report.sdk_matrix import LEGEND, table_matrix
from tinker_conformance.sdk.spec import check_spec


@click.command()
@click.option("--sdk", "specs", multiple=True, metavar="SPEC", help="An SDK; may be given more than once.")
@click.option("--versions", metavar="LIST|observers|revisions|all", help="Releases of the official SDK.")
@click.option("--profile", metavar="NAME|FILE", help="What all are judged by; else each by its own.")
@click.option(
    "--report",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a report for each there, and matrix.html, matrix.md and matrix.json.",
)
def matrix(*, specs: tuple[str, ...], versions: str | None, profile: str | None, folder: Path) -> None:
    """Judges several SDKs, and makes the matrix of requirements by SDK."""
    console = Console(highlight=False)
    asked = [*specs, *(spec_of(v) for v in (asked_versions(versions) if versions else ()))]
    if not asked:
        raise click.UsageError("nothing to judge; add --sdk SPEC or --versions observers")
    for spec in asked:
        check_spec(spec)
    reports: list[Report] = []
    for spec in track(asked, "judging", console=console, transient=True, disable=not console.is_terminal):
        made = _judged(spec, profile, folder / re.sub(r"[^A-Za-z0-9.=-]+", "_", spec)[:80], console)
        if made is not None:
            reports.append(made)
    if not reports:
        sys.exit(Exit.NOTHING_TESTED)
    for suffix in ("html", "md", "json"):
        write_combined(reports, folder / f"matrix.{suffix}")
    console.print(table_matrix(reports, only_different=True))
    console.print(LEGEND, style="dim", soft_wrap=True)
    sys.exit(Exit.HELD if len(reports) == len(asked) else Exit.ADAPTER)


def _judged(spec: str, profile: str | None, folder: Path, console: Console) -> Report | None:
    """Runs `tinker-conformance run` for one SDK, in a process of its own."""
    command = [sys.executable, "-m", "tinker_conformance", "run", "-q", "--sdk", spec]
    command += ["--report", str(folder), *(["--profile", profile] if profile else [])]
    with subprocess.Popen(  # noqa: S603 - this kit, and a SPEC that the user gave
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    console.print(escape(output.decode(errors="replace").strip()), soft_wrap=True)
    try:
        return load_report(folder)
    except ReportError:
        console.print(escape(f"{spec}: could not be judged (exit code {process.returncode})"), soft_wrap=True)
        return None
