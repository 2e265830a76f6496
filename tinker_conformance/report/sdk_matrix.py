"""The table of requirements by SDK: as values, as Markdown and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from fake_server.core.visible_text import visible
from tinker_conformance.judging.judge import UNTESTED, Verdict
from tinker_conformance.report.conclusion import forgiven
from tinker_conformance.report.markdown import literal
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import REQUIREMENTS

SIGNS: Final = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✗",
    Verdict.NOT_TESTABLE: "?",
    Verdict.NOT_CLAIMED: "·",
    Verdict.NOT_OFFERED: "-",
    Verdict.KNOWN_FAILURE: "k",
    Verdict.STALE_KNOWN_FAILURE: "s",
    Verdict.ADAPTER_ERROR: "!",
    Verdict.KIT_ERROR: "!!",
}
_QUIRK: Final = "q"
_NOT_ASKED: Final = ""
_CUT: Final = "…"
LEGEND: Final = (
    "✓ passed, ✗ failed, q quirk not shared, k known failure, s stale known failure, ? not testable, "
    "· not claimed, - not offered, ! adapter error, !! kit error, … not judged, "
    "empty: not a requirement of its profile"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of one requirement for one SDK.

    Attributes:
        sign: The result in one or two characters.
        word: The result in words.
        look: The result as a CSS class: the verdict with dashes, `quirk`, `cut` or `none`.
    """

    sign: str
    word: str
    look: str


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement, with its result for each SDK.

    Attributes:
        id: The requirement's id.
        sentence: What must hold; empty if no report has the sentence.
        level: `contract` or `quirk`; empty if no report has the level.
        cells: The results, one per SDK.
    """

    id: str
    sentence: str
    level: str
    cells: tuple[Cell, ...]

    @property
    def linked(self) -> bool:
        """Return whether the HTML page has a section about the requirement."""
        return any(
            cell.look in {"failed", "quirk", "not-testable", "adapter-error", "kit-error"}
            or cell.look.endswith("known-failure")
            for cell in self.cells
        )


@dataclass(frozen=True, slots=True)
class ChapterRows:
    """The requirements of one chapter.

    Attributes:
        name: The chapter.
        rows: The requirements of the chapter.
        totals: For each SDK, how many requirements passed, and how many were claimed and judged.
    """

    name: str
    rows: tuple[Row, ...]
    totals: tuple[tuple[int, int], ...]


def matrix(reports: Sequence[Report]) -> tuple[ChapterRows, ...]:
    """Return the table by chapter, in the kit's order; requirements unknown to this kit come last."""
    results = [{result.id: result for result in report.results} for report in reports]
    asked = [frozenset(report.start.asked) for report in reports]
    order = {required.id: place for place, required in enumerate(REQUIREMENTS)}
    union = dict.fromkeys(identifier for report in reports for identifier in report.start.asked)
    ids = sorted(union, key=lambda identifier: order.get(identifier, len(order)))
    chapters: dict[str, list[str]] = {}
    for identifier in ids:
        chapters.setdefault(identifier.split(".", 1)[0], []).append(identifier)
    return tuple(
        ChapterRows(
            name,
            tuple(_row(identifier, reports, results, asked) for identifier in members),
            tuple(_total(members, found) for found in results),
        )
        for name, members in chapters.items()
    )


def _row(
    identifier: str,
    reports: Sequence[Report],
    results: Sequence[dict[str, Result]],
    asked: Sequence[frozenset[str]],
) -> Row:
    known = next((found[identifier] for found in results if identifier in found), None)
    cells = tuple(
        _cell(found.get(identifier), asked=identifier in ids, strict=report.start.strict)
        for report, found, ids in zip(reports, results, asked, strict=True)
    )
    return Row(
        identifier,
        known.sentence if known else "",
        known.level.value if known else "",
        cells,
    )


def _cell(result: Result | None, *, asked: bool, strict: bool) -> Cell:
    if result is None:
        return Cell(_CUT, "not judged", "cut") if asked else Cell(_NOT_ASKED, "not asked", "none")
    if forgiven(result, strict=strict):
        return Cell(_QUIRK, "quirk not shared", "quirk")
    return Cell(SIGNS[result.verdict], result.verdict.value, result.verdict.value.replace(" ", "-"))


def _total(members: Sequence[str], found: dict[str, Result]) -> tuple[int, int]:
    judged = [found[identifier].verdict for identifier in members if identifier in found]
    return judged.count(Verdict.PASSED), sum(verdict not in UNTESTED for verdict in judged)


def markdown_matrix(reports: Sequence[Report]) -> str:
    """Return the matrix as a Markdown table."""
    names = " | ".join(f"{literal(r.name)}<br>{literal(r.start.profile.name)}" for r in reports)
    lines = [f"| requirement | {names} |", "|---|" + ":---:|" * len(reports)]
    for chapter in matrix(reports):
        totals = " | ".join(f"{passed}/{of}" for passed, of in chapter.totals)
        lines.append(f"| **{chapter.name}** | {totals} |")
        lines += [f"| `{row.id}` | {' | '.join(cell.sign for cell in row.cells)} |" for row in chapter.rows]
    return "\n".join([*lines, "", LEGEND, ""])


def table_matrix(reports: Sequence[Report], *, only_different: bool) -> Table:
    """Return the matrix as a table for a terminal.

    Args:
        reports: The reports.
        only_different: Whether to leave out requirements with the same result for every SDK that claims them.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("requirement", no_wrap=True)
    for report in reports:
        made.add_column(visible(_short_name(report) if _same(reports) else report.name), min_width=6)
    for chapter in matrix(reports):
        made.add_row(
            Text(visible(chapter.name), style="bold"), *(f"{passed}/{of}" for passed, of in chapter.totals)
        )
        for row in chapter.rows:
            if (
                not only_different
                or len({cell.look for cell in row.cells} - {"not-claimed", "not-offered"}) > 1
            ):
                signs = (Text(cell.sign, style=_STYLES.get(cell.look, "")) for cell in row.cells)
                made.add_row(f"  {visible(row.id)}", *signs)
    return made


def _short_name(report: Report) -> str:
    """Return the SDK's version, and the build if it is set."""
    version = report.start.sdk.version
    return f"{version} ({report.build})" if report.build else version


def _same(reports: Sequence[Report]) -> bool:
    return len({report.start.sdk.name for report in reports}) == 1


_STYLES: Final = {
    "passed": "green",
    "failed": "bold red",
    "not-testable": "bold red",
    "quirk": "dim",
    "known-failure": "yellow",
    "stale-known-failure": "bold yellow",
    "adapter-error": "bold magenta",
    "kit-error": "bold magenta",
    "not-claimed": "dim",
    "not-offered": "dim",
    "cut": "dim",
    "none": "dim",
}
