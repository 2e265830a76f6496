"""`tinker-conformance matrix`: judges several SDKs or releases, and compares their results."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

import click
import msgspec
from rich.progress import track

from tinker_conformance.commands.common import SPEC_HELP
from tinker_conformance.commands.report import write_combined
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.commands.versions import asked_versions, spec_of
from tinker_conformance.error_families import UserError
from tinker_conformance.report.builds import with_builds
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.record_making import is_unjudged, unjudged
from tinker_conformance.report.report_reading import FILE, Report, load_report
from tinker_conformance.report.sdk_matrix import LEGEND, table_matrix
from tinker_conformance.sdk.catalogue.catalogue_files import catalogue
from tinker_conformance.sdk.spec import check_spec


@click.command()
@click.option(
    "--sdk",
    "specs",
    multiple=True,
    metavar="SPEC",
    help=f"An SDK to judge: {SPEC_HELP}. Repeatable.",
)
@click.option(
    "--versions", metavar="LIST|observers|revisions|all", help="Releases of the official SDK to judge."
)
@click.option(
    "--catalogue",
    "whole_catalogue",
    is_flag=True,
    help="Judge every SDK of the catalogue, and official==latest unless --sdk or --versions is given.",
)
@click.option(
    "--profile", metavar="NAME|FILE", help="Judge every SDK by this profile. Default: each by its own."
)
@click.option(
    "--report",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a report of each SDK to this folder, with matrix.html, matrix.md and matrix.json.",
)
def matrix(
    *, specs: tuple[str, ...], versions: str | None, whole_catalogue: bool, profile: str | None, folder: Path
) -> None:
    """Judge several SDKs and write a matrix of requirements by SDK."""
    console = Terminal()
    asked = [*specs, *(spec_of(v) for v in (asked_versions(versions) if versions else ()))]
    if whole_catalogue:
        asked = [*(f"package:{name}" for name in catalogue()), *(asked or ["official==latest"])]
    if not asked:
        raise click.UsageError("nothing to judge; add --sdk SPEC, --catalogue or --versions observers")
    for spec in asked:
        check_spec(spec)
    made: list[Report] = []
    steps = track(asked, "judging", console=console, transient=True, disable=not console.is_terminal)
    for place, spec in _places(steps, folder):
        made.append(_judged(spec, profile, place, console))
    reports = with_builds(_side_by_side(made))
    for suffix in ("html", "md", "json"):
        write_combined(reports, folder / f"matrix.{suffix}")
    console.print(table_matrix(reports, only_different=True))
    console.print(LEGEND, style="dim", soft_wrap=True)
    unjudged = [report for report in reports if is_unjudged(report)]
    for report in unjudged:
        console.print(f"{report.start.sdk.spec}: {report.cut_off}", soft_wrap=True)
    if len(unjudged) == len(reports):
        sys.exit(Exit.NOTHING_TESTED)
    sys.exit(Exit.ADAPTER if unjudged else Exit.HELD)


def _places(specs: Iterable[str], folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the report folder for each SPEC, with the SPEC."""
    taken: set[str] = set()
    for spec in specs:
        name = re.sub(r"[^A-Za-z0-9.=-]+", "_", spec)[:80]
        free = next(each for each in chain([name], (f"{name}-{n}" for n in count(2))) if each not in taken)
        taken.add(free)
        yield folder / free, spec


def _judged(spec: str, profile: str | None, folder: Path, console: Terminal) -> Report:
    """Run `tinker-conformance run` for one SDK in a subprocess, which ends when this process does."""
    command = [sys.executable, "-m", "tinker_conformance", "run", "-q", "--end-with-input", "--sdk", spec]
    command += ["--report", str(folder), *(["--profile", profile] if profile else [])]
    if (folder / FILE).is_file():
        (folder / FILE).unlink()  # or an old report would be mistaken for the result of this run
    end_of_input, held = os.pipe()
    try:
        with subprocess.Popen(  # noqa: S603 - runs this kit with a SPEC from the user
            command, stdin=end_of_input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                process.terminate()
                process.wait()
                raise
    finally:
        os.close(end_of_input)
        os.close(held)
    text = output.decode(errors="replace").strip()
    console.print(text, soft_wrap=True)
    try:
        return load_report(folder)
    except UserError:
        reason = text.splitlines()[-1].removeprefix("Error: ") if text else "it printed nothing"
        report = unjudged(spec, profile, f"could not be judged (exit code {process.returncode}): {reason}")
        return dataclasses.replace(report, folder=str(folder))


def _side_by_side(reports: Sequence[Report]) -> list[Report]:
    """Return the reports; one of an SDK that could not be judged lists the requirements of the others."""
    asked = tuple(dict.fromkeys(name for report in reports for name in report.start.asked))
    return [
        dataclasses.replace(report, start=msgspec.structs.replace(report.start, asked=asked))
        if is_unjudged(report)
        else report
        for report in reports
    ]
