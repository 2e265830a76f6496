"""The output of `tinker-conformance parity`: a line per release, the table, the differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from fake_server.core.number_words import counted
from tinker_conformance.parity.campaign import ReleaseReport
from tinker_conformance.parity.comparison import Finding
from tinker_conformance.parity.difference import FAULT
from tinker_conformance.report.exit_codes import Exit


def line(report: ReleaseReport) -> str:
    """Return the result of one release in one line."""
    if report.comparison is None:
        return f"{report.version} could not be run: {report.note}"
    compared = sum(report.comparison.compared.values())
    different = sum(report.comparison.different.values())
    counts = f"{different} of {compared} scripts differ"
    if report.comparison.adapter_errors:
        counts += f" ({report.comparison.adapter_errors} with an adapter error)"
    return f"{report.version} under {report.profile}: {counts}, {report.seconds} s"


def table(asked: Sequence[str], reports: Mapping[str, ReleaseReport]) -> Table:
    """Return a table of releases by chapter: how many scripts were compared, and how many differ."""
    compared = [r.comparison for r in reports.values() if r.comparison is not None]
    chapters = list(dict.fromkeys(chapter for comparison in compared for chapter in comparison.compared))
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("version", no_wrap=True)
    made.add_column("profile", no_wrap=True, min_width=12)
    for chapter in chapters:
        made.add_column(chapter.replace("_", " "), justify="right", overflow="fold", min_width=3)
    for version in asked:
        report = reports.get(version)
        cells = ["?" if report is None else _cell(report, chapter) for chapter in chapters]
        made.add_row(version, "not compared yet" if report is None else report.profile, *cells)
    return made


def _cell(report: ReleaseReport, chapter: str) -> Text:
    if report.comparison is None or chapter not in report.comparison.compared:
        return Text("none", style="dim")
    compared, different = report.comparison.compared[chapter], report.comparison.different.get(chapter, 0)
    if different:
        return Text(f"{different}/{compared}", style="bold red")
    return Text(str(compared), style="green")


def description(report: ReleaseReport, folder: Path) -> str:
    """Return the differences and notes of one release; empty if there are none.

    Writes the minimized scripts and a draft profile to `folder`.
    """
    parts = [f"\n{report.version}: {report.note}"] if report.note else []
    if report.comparison is not None and report.comparison.findings:
        folder.mkdir(parents=True, exist_ok=True)
        parts += _differences(report, report.comparison.findings, folder)
        if any(finding.kind != FAULT for finding in report.comparison.findings):
            parts += _news(report, folder)
    return "\n".join(parts)


def _differences(report: ReleaseReport, findings: Sequence[Finding], folder: Path) -> Iterator[str]:
    path = folder / f"tinker-{report.version}.yaml"
    texts = [f.script.replace(f"id: {f.scenario}", f"id: {f.scenario}-smallest", 1) for f in findings]
    path.write_text("\n".join(texts), encoding="utf-8")
    yield f"\n{report.version} differs from {report.profile}; the minimized scripts are in {path}"
    for finding in findings:
        yield f"  {finding.scenario} ({finding.chapter}), shrunk to {counted(finding.steps, 'step')}:"
        yield f"    expected: {finding.expected}"
        yield f"    observed: {finding.observed}"
        yield from (f"      {text}" for text in finding.script.splitlines())


def _news(report: ReleaseReport, folder: Path) -> Iterator[str]:
    news = report.news
    if news is None:
        yield "  it matches another known profile; run tinker-conformance identify"
        return
    path = folder / f"tinker-{report.version}.toml"
    path.write_text(news.draft, encoding="utf-8")
    yield f"  new behaviour; the nearest profile is {news.nearest}"
    if news.changed:
        yield "  requirements that changed:"
        yield from (f"    {each.id}: {each.sentence}" for each in news.changed)
    else:
        yield "  no requirement changed: none covers what differs"
    explained = f"{news.explained} of {news.total} scripts that differ from it"
    yield f"  a draft profile is in {path}; it explains {explained}"


def exit_code(reports: Sequence[ReleaseReport]) -> Exit:
    """Return the exit code of `parity` for the reports of all releases."""
    if any(report.comparison is None or report.comparison.adapter_errors for report in reports):
        return Exit.ADAPTER
    if not all(report.agrees for report in reports):
        return Exit.SDK_FAILED
    compared = any(report.comparison.compared for report in reports if report.comparison)
    return Exit.HELD if compared else Exit.NOTHING_TESTED


def conclusion(reports: Sequence[ReleaseReport], code: Exit) -> Text:
    """Return the last line: how many releases agree with the reference."""
    agree = sum(report.agrees for report in reports)
    releases = "release agrees" if len(reports) == 1 else "releases agree"
    seconds = f"{sum(report.seconds for report in reports):.0f} s in total"
    text = f"\n{agree} of {len(reports)} {releases} with the reference, event by event ({seconds})"
    errors = sum(report.comparison.adapter_errors for report in reports if report.comparison)
    if errors:
        text += f"; {counted(errors, 'script')} ended in an adapter error, which says nothing about a release"
    return Text(text, style="" if code is Exit.HELD else "bold red")
