"""The conclusion of a run: whether the SDK conforms, for every report format, the terminal and the exit code.

No other module decides whether an SDK conforms; a report format calls `conclude`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fake_server.core import number_words
from tinker_conformance.judging.judge import UNTESTED, Verdict
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.records import JudgedKind, Result, ScriptsRecord, Start
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import Level

BROKEN: Final = frozenset(
    {
        Verdict.FAILED,
        Verdict.NOT_TESTABLE,
        Verdict.ADAPTER_ERROR,
        Verdict.KIT_ERROR,
        Verdict.STALE_KNOWN_FAILURE,
    }
)
"""Verdicts that need somebody's attention."""

QUIRKS: Final = "quirk not shared"
"""The word for a failed quirk in a run where quirks do not count."""

NEVER_UNCLAIMED: Final[Mapping[JudgedKind, tuple[str, ...]]] = {
    JudgedKind.SDK: ("parsing", "trigger", "reasons", "messages", "debounce"),
    JudgedKind.SERVER: ("session", "submission", "polling", "ends"),
}
"""The chapters (groups of requirements) that every SDK must claim, or every server offer."""

_PLURALS: Final[Mapping[str, str]] = {
    Verdict.KNOWN_FAILURE: "known failures",
    Verdict.STALE_KNOWN_FAILURE: "stale known failures",
    Verdict.ADAPTER_ERROR: "adapter errors",
    Verdict.KIT_ERROR: "kit errors",
    QUIRKS: "quirks not shared",
}
"""The plural of each verdict that is a noun; the others, such as "passed", have none."""
_CLAIM: Final = (
    "claim the operations that the SDK has: `info.operations` of an adapter in Python, `operations` in "
    "`started` over stdio"
)
"""The fix where an adapter claims too little for its SDK to be judged."""
_FOUND: Final = frozenset({Verdict.PASSED, Verdict.KNOWN_FAILURE, Verdict.STALE_KNOWN_FAILURE})
_AGAINST: Final = frozenset({Verdict.FAILED, Verdict.NOT_TESTABLE})


class Standing(StrEnum):
    """Whether an SDK, or a server, conforms to a profile, in words."""

    CONFORMS = "conforms to {profile}"
    CONFORMS_AS_KNOWN = "conforms to {profile} except for known failures"
    STALE = "conforms to {profile}, but the known failures are stale"
    DOES_NOT_CONFORM = "does not conform to {profile}"
    NOT_JUDGED = "could not be judged against {profile}"
    CUT_OFF = "was only partly judged against {profile}"
    INFORMATIVE = (
        "was run against the dialect {dialect}; this is information only, and says nothing about {profile}"
    )


class Color(StrEnum):
    """The colour for a standing, named as in shields.io."""

    GOOD = "brightgreen"
    KNOWN = "yellow"
    BAD = "red"
    CUT_OFF = "lightgrey"


_COLORS: Final = {
    Standing.CONFORMS: Color.GOOD,
    Standing.CONFORMS_AS_KNOWN: Color.KNOWN,
    Standing.CUT_OFF: Color.CUT_OFF,
    Standing.INFORMATIVE: Color.CUT_OFF,
}
"""The colours of standings; all others are `Color.BAD`."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The conclusion of a run.

    Attributes:
        standing: Whether the SDK conforms.
        sentence: The standing with the names of SDK and profile.
        counted: The number of results by verdict, in words, without zeros.
        exit_code: The exit code of `tinker-conformance run`; after a signal, 128 plus its number.
        color: The colour of the badge.
    """

    standing: Standing
    sentence: str
    counted: str
    exit_code: int
    color: Color

    def __str__(self) -> str:
        return f"{self.sentence}: {self.counted}"


def conclude(report: Report) -> Conclusion:
    """Return the conclusion of a report, complete or not."""
    standing, code = _standing(report)
    # `replace` and not `format`: a name from an adapter may contain braces.
    statement = standing.value.replace("{profile}", report.start.profile.name)
    sentence = f"{report.name} {statement.replace('{dialect}', report.start.dialect or '')}"
    if standing is Standing.CUT_OFF:
        sentence += f" ({report.cut_off})"
    return Conclusion(standing, sentence, counted(report), code, _COLORS.get(standing, Color.BAD))


def exit_code(
    start: Start, results: Sequence[Result], *, stale: bool = False, scripts: ScriptsRecord | None = None
) -> Exit:
    """Return the exit code of a run, which follows from its worst result.

    Args:
        start: The opening record of the report: the requirements, and whether quirks count.
        results: The results, with known failures excused.
        stale: Whether an entry of known failures is outdated in all that it lists.
        scripts: The results of generated or replayed scripts, or None.
    """
    verdicts = {result.verdict for result in results}
    ran = ScriptsRecord(judged=0, failed=0) if scripts is None else scripts
    tested = any(r.verdict in _FOUND for r in results if start.strict or r.level is Level.CONTRACT)
    tested = tested or (not start.asked and ran.judged > 0)
    if Verdict.KIT_ERROR in verdicts or ran.kit_errors:
        return Exit.KIT
    if Verdict.ADAPTER_ERROR in verdicts or ran.adapter_errors:
        return Exit.ADAPTER
    if start.dialect is not None:
        return Exit.HELD
    against = [result for result in results if _is_against(result, strict=start.strict)]
    if ran.failed or any(map(_is_failure, against)):
        return Exit.SDK_FAILED
    if not tested or against or untested_chapters(results, start.kind):
        return Exit.NOTHING_TESTED
    return Exit.STALE if stale or Verdict.STALE_KNOWN_FAILURE in verdicts else Exit.HELD


def forgiven(result: Result, *, strict: bool) -> bool:
    """Return whether a result is a failed quirk in a run where quirks do not count."""
    return result.verdict is Verdict.FAILED and result.level is Level.QUIRK and not strict


def to_look_at(report: Report) -> tuple[Result, ...]:
    """Return the results that need attention, in order."""
    return tuple(r for r in report.results if is_broken(r, strict=report.start.strict))


def is_broken(result: Result, *, strict: bool) -> bool:
    """Return whether a result needs attention, because it fails the run or leaves a question open."""
    if result.verdict in _AGAINST:
        return _is_against(result, strict=strict)
    return result.verdict in BROKEN


def untested_chapters(results: Iterable[Result], kind: JudgedKind) -> tuple[str, ...]:
    """Return the mandatory chapters without a single requirement that the SDK claims or the server offers."""
    judged = tuple(results)
    asked = {result.chapter for result in judged}
    claimed = {result.chapter for result in judged if result.verdict not in UNTESTED}
    return tuple(chapter for chapter in NEVER_UNCLAIMED[kind] if chapter in asked - claimed)


def counted(report: Report) -> str:
    """Return the number of results by verdict, in words, and the chapters that were not tested."""
    quirks = sum(forgiven(result, strict=report.start.strict) for result in report.results)
    counts = report.counts
    counts[Verdict.FAILED] -= quirks
    parts = [
        number_of(counts[verdict], verdict.value)
        + (_until(report.results) if verdict is Verdict.NOT_TESTABLE else "")
        for verdict in Verdict
        if counts[verdict]
    ]
    parts += [number_of(quirks, QUIRKS)] if quirks else []
    if report.end is not None and report.end.scripts is not None:
        parts += _scripts(report.end.scripts)
    left = len(report.start.asked) - len(report.results)
    if left > 0:
        parts.append(f"{left} not judged")
    if report.end is not None and report.end.stale:
        stale = number_words.counted(len(report.end.stale), "stale entry", "stale entries")
        parts.append(f"{stale} of known failures")
    unclaimed = untested_chapters(report.results, report.start.kind)
    chapters = "the chapter" if len(unclaimed) == 1 else "the chapters"
    never = f"; nothing was tested of {chapters} {' and '.join(unclaimed)}" if unclaimed else ""
    if unclaimed and report.start.kind is JudgedKind.SDK:
        never += f"; {_CLAIM}"
    return (", ".join(parts) or "nothing was judged") + never


def number_of(count: int, verdict: str) -> str:
    """Return a number of results with one verdict (or `QUIRKS`) in words: "3 passed", "2 known failures"."""
    return number_words.counted(count, verdict, _PLURALS.get(verdict, verdict))


def _is_against(result: Result, *, strict: bool) -> bool:
    """Return whether a result keeps the SDK from conforming."""
    return result.verdict in _AGAINST and (strict or result.level is Level.CONTRACT)


def _is_failure(result: Result) -> bool:
    """Return whether a result that counts against the SDK shows that the SDK fails.

    "Not testable" shows a failure if another requirement must hold first. Otherwise something else is
    missing, such as a scenario in a recording, and nobody knows how the SDK behaves there.
    """
    return result.verdict is Verdict.FAILED or bool(result.fix_first)


def _standing(report: Report) -> tuple[Standing, int]:
    end = report.end
    if end is None or end.early is not None:
        return Standing.CUT_OFF, Exit.KIT if end is None else end.exit_code
    code = exit_code(report.start, report.results, stale=bool(end.stale), scripts=end.scripts)
    failed = any(
        _is_against(each, strict=report.start.strict) and _is_failure(each) for each in report.results
    )
    match code:
        case Exit.HELD if report.start.dialect is not None:
            return Standing.INFORMATIVE, code
        case Exit.HELD:
            known = report.counts[Verdict.KNOWN_FAILURE]
            return Standing.CONFORMS_AS_KNOWN if known else Standing.CONFORMS, code
        case Exit.STALE:
            return Standing.STALE, code
        case _ if failed or (end.scripts is not None and end.scripts.failed):
            return Standing.DOES_NOT_CONFORM, code
        case _:
            return Standing.NOT_JUDGED, code


def _scripts(scripts: ScriptsRecord) -> list[str]:
    parts = [f"{scripts.failed} of {scripts.judged} scripts failed"]
    parts += (
        [f"{number_words.counted(scripts.adapter_errors, 'script')} with an adapter error"]
        if scripts.adapter_errors
        else []
    )
    parts += (
        [f"{number_words.counted(scripts.kit_errors, 'script')} with a kit error"]
        if scripts.kit_errors
        else []
    )
    return parts


def _until(results: Iterable[Result]) -> str:
    """Return a text about the requirements that must hold before others can be tested."""
    first = dict.fromkeys(name for result in results for name in result.fix_first)
    return f" until {' and '.join(first)} {'hold' if len(first) > 1 else 'holds'}" if first else ""
