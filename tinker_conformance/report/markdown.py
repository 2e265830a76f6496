"""Write the step summary of a run as Markdown, with text from an SDK escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fake_server.core.number_words import counted
from fake_server.core.visible_text import visible
from fake_server.core.wanted_got import wanted_got
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import QUIRKS, conclude, forgiven, to_look_at
from tinker_conformance.report.records import Result, noun
from tinker_conformance.report.release_matrix import (
    RELEASE_LEGEND,
    ReleaseMatrix,
    matrix_of_releases,
    sign_of,
)
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements.sources import readable_source

_MARKS: Final = re.compile(
    r"""
    [\\`*\[\]<>|~$&\#^]           # formats, wherever it stands
    | (?<![^\W_])_ | _(?![^\W_])   # emphasis begins or ends at the edge of a word
    | :(?=//|[\w+-]+:)             # a link, an emoji
    | (?<=www)\.                   # a link
    | ^[-+=](?=[-+=\s]|$)          # a list, a heading
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Matches a character that would format text in GitHub's Markdown."""
_NUMBERED: Final = re.compile(r"^(\d+)([.)])(?=\s|$)")
_MOST_RESULTS: Final = 60
_MOST_MISMATCHES: Final = 5
_MOST_CHARACTERS: Final = 300
"""The longest text in a summary; this and the next limit keep it far below GitHub's limit of 1 MiB."""


def literal(text: str) -> str:
    """Return Markdown that shows a text literally; backslashes keep the Markdown itself readable."""
    return _NUMBERED.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", visible(text)))


def step_summary(report: Report) -> str:
    """Return the summary that a CI service shows for a run."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    broken = to_look_at(report)
    found = conclude(report)
    yield f"## {literal(found.sentence)}"
    yield ""
    sdk = report.start.sdk
    if written := ", ".join(literal(each) for each in (sdk.language, sdk.runtime) if each):
        yield f"SDK: {written}. Kit: {report.start.kit}, {literal(report.start.interpreter)}."
    else:
        yield f"Kit: {report.start.kit}, {literal(report.start.interpreter)}."
    yield ""
    yield f"{found.counted}."
    if report.end is not None:
        for sentence in report.end.stale:
            yield f"\nStale: {literal(sentence)}"
    yield ""
    yield "| verdict | contract | quirk |"
    yield "|---|---:|---:|"
    unshared = [result for result in report.results if forgiven(result, strict=report.start.strict)]
    for verdict in Verdict:
        of = [r.level.value for r in report.results if r.verdict is verdict and r not in unshared]
        if of:
            yield f"| {verdict.value} | {of.count('contract')} | {of.count('quirk')} |"
        if verdict is Verdict.FAILED and unshared:
            yield f"| {QUIRKS} | 0 | {len(unshared)} |"
    for result in broken[:_MOST_RESULTS]:
        yield from _failure(result)
    if len(broken) > _MOST_RESULTS:
        more = counted(len(broken) - _MOST_RESULTS, "more result")
        yield f"\n{more} in the HTML page and in report.jsonl."
    yield from _others(report)
    if report.verbs:
        yield ""
        yield "### Releases of the official SDK"
        yield ""
        yield from markdown_releases(matrix_of_releases(report.verbs))


def markdown_releases(matrix: ReleaseMatrix) -> Iterator[str]:
    """Yield the lines of a table of releases and verbs as Markdown, with its notes and its conclusion."""
    columns = matrix.columns()
    yield f"| verb | {' | '.join(literal(column.title) for column in columns)} |"
    yield "|---|" + ":---:|" * len(columns)
    for verb in matrix.verbs:
        signs = (sign_of(column.outcomes.get(verb)) for column in columns)
        yield f"| {literal(verb)} | {' | '.join(signs)} |"
    yield ""
    yield RELEASE_LEGEND
    notes = matrix.notes()
    if notes:
        yield ""
        yield from (f"- {_cut(str(note))}" for note in notes[:_MOST_RESULTS])
    yield ""
    yield f"**{literal(matrix.conclusion)}**"


def _failure(result: Result) -> Iterator[str]:
    yield ""
    yield f"### `{result.id}` ({result.level.value}): {result.verdict.value}"
    yield ""
    needing = f" Releases that rely on it: {literal(result.releases)}." if result.releases else ""
    yield f"{literal(result.sentence)} *Source: {literal(readable_source(result.source))}.{needing}*"
    yield ""
    if result.note:
        yield f"- {_cut(result.note)}"
    for mismatch in result.mismatches[:_MOST_MISMATCHES]:
        at = f"{literal(mismatch.scenario)}, **at {mismatch.at:.3f} s**"
        yield f"- {at}: {wanted_got(_cut(mismatch.wanted), _cut(mismatch.got))}"
    if len(result.mismatches) > _MOST_MISMATCHES:
        more = counted(len(result.mismatches) - _MOST_MISMATCHES, "more mismatch", "more mismatches")
        yield f"- and {more}"


def _others(report: Report) -> Iterator[str]:
    quirks = [r for r in report.results if forgiven(r, strict=report.start.strict)]
    for title, results in (
        ("Known failures", [r for r in report.results if r.verdict is Verdict.KNOWN_FAILURE]),
        (f"Quirks that the {noun(report.start.kind)} does not share", quirks),
        ("Not claimed", [r for r in report.results if r.verdict is Verdict.NOT_CLAIMED]),
        ("Not offered", [r for r in report.results if r.verdict is Verdict.NOT_OFFERED]),
    ):
        if results:
            yield from _folded(title, results)


def _folded(title: str, results: Sequence[Result]) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{title}: {len(results)}</summary>"
    yield ""
    for result in results:
        yield f"- `{result.id}`" + (f": {_cut(result.note)}" if result.note else "")
    yield ""
    yield "</details>"


def _cut(text: str) -> str:
    return literal(text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…")
