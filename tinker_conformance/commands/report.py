"""`tinker-conformance report`: combines reports, compares two, and writes the HTML page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from fake_server.core.visible_text import visible
from tinker_conformance.commands.guard import Listed
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.builds import with_builds
from tinker_conformance.report.changes import Change, Changed, changes
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.page import page
from tinker_conformance.report.report_folder import write_whole
from tinker_conformance.report.report_reading import Report, load_report
from tinker_conformance.report.sdk_matrix import LEGEND, markdown_matrix, matrix, table_matrix

_REPORT: Final = click.Path(path_type=Path)
_FORMS: Final = {".html": page, ".md": markdown_matrix}


@click.group(cls=Listed)
def report() -> None:
    """Combine, compare and show reports that `run --report` wrote."""


@report.command()
@click.argument("reports", nargs=-1, required=True, type=_REPORT)
@click.option(
    "--out",
    "outs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the matrix to this file: .html, .md or .json. Repeatable.",
)
@click.option(
    "--all", "every", is_flag=True, help="Also print requirements with the same result for every SDK."
)
def combine(reports: tuple[Path, ...], outs: tuple[Path, ...], *, every: bool) -> None:
    """Print a matrix of requirements by SDK from any number of reports."""
    loaded = with_builds(_loaded(reports))
    for out in outs:
        write_combined(loaded, out)
    console = Terminal()
    console.print(table_matrix(loaded, only_different=not every))
    console.print(LEGEND, style="dim", soft_wrap=True)
    for each in loaded:
        if each.cut_off is not None:
            console.print(visible(f"{each.name}: {each.cut_off}"), soft_wrap=True)


@report.command()
@click.argument("before", type=_REPORT)
@click.argument("after", type=_REPORT)
def diff(before: Path, after: Path) -> None:
    """List what got better or worse from BEFORE to AFTER. Exits with code 1 if the SDK got worse."""
    first, second = with_builds(_loaded([before, after]))
    for path, compared in ((before, first), (after, second)):
        if compared.cut_off is not None:
            judged = f"{len(compared.results)} of {len(compared.start.asked)} requirements"
            message = (
                f"{path}: {compared.cut_off} (after {judged}); requirements that were not judged cannot be "
                "compared, so compare reports of complete runs"
            )
            raise click.UsageError(message)
    console = Terminal()
    found = sorted(changes(first, second), key=lambda each: list(Change).index(each.change))
    for each in found:
        line = f"{each.change.value}: {each.requirement}: {each.before} -> {each.after}"
        console.print(visible(line), soft_wrap=True)
    counts = Counter(each.change for each in found)
    parts = [f"{counts[change]} {change.value}" for change in Change if counts[change]]
    names = f"{first.name} ({first.start.profile.name}) -> {second.name} ({second.start.profile.name})"
    console.print(visible(f"{names}: {', '.join(parts) or 'nothing changed'}"), soft_wrap=True)
    sys.exit(_exit_code(each for each in found if each.change is Change.WORSE))


def _exit_code(worse: Iterable[Changed]) -> Exit:
    """Return the exit code for requirements that got worse; one that an error left open is not a failure."""
    now = {each.after for each in worse}
    if Verdict.KIT_ERROR.value in now:
        return Exit.KIT
    if Verdict.ADAPTER_ERROR.value in now:
        return Exit.ADAPTER
    return Exit.SDK_FAILED if now else Exit.HELD


@report.command()
@click.argument("reports", nargs=-1, required=True, type=_REPORT)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file.",
)
def html(reports: tuple[Path, ...], out: Path) -> None:
    """Write the HTML page of one report, or of several side by side."""
    write_combined(with_builds(_loaded(reports)), out.with_suffix(".html"))


def write_combined(reports: Sequence[Report], out: Path) -> None:
    """Write reports side by side, in the format that the file suffix names.

    Raises:
        click.UsageError: If the suffix names no format, or the file cannot be written.
    """
    if out.suffix == ".json":
        rows = {chapter.name: chapter.rows for chapter in matrix(reports)}
        names = [each.name for each in reports]
        data = {"reports": [each.start for each in reports], "names": names, "matrix": rows}
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"
    elif out.suffix in _FORMS:
        text = _FORMS[out.suffix](reports)
    else:
        raise click.UsageError(f"--out {out}: the suffix names no known format; use .html, .md or .json")
    try:
        write_whole(out, text)
    except OSError as error:
        raise click.UsageError(f"--out {out}: cannot be written ({error}); name another file") from error


def _loaded(paths: Sequence[Path]) -> list[Report]:
    return [load_report(path) for path in paths]
