"""What a report says in one line, and whether what it found is bad: the same for every form."""

from __future__ import annotations

from typing import Final

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.records import Result
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
"""Verdicts that a person has to look at."""

QUIRKS: Final = "quirk not shared"
"""What failures of quirks are called where quirks do not count."""


def forgiven(result: Result, *, strict: bool) -> bool:
    """Whether it is a quirk that the SDK does not share, and quirks do not count."""
    return result.verdict is Verdict.FAILED and result.level is Level.QUIRK and not strict


def quirks_not_shared(report: Report) -> int:
    """How many failures are of quirks, which do not count."""
    return sum(forgiven(result, strict=report.start.strict) for result in report.results)


def to_look_at(report: Report) -> tuple[Result, ...]:
    """The results that a person has to look at, in order."""
    strict = report.start.strict
    return tuple(r for r in report.results if r.verdict in BROKEN and not forgiven(r, strict=strict))


def counted(report: Report) -> str:
    """Every count that is not zero, and how many requirements were never judged."""
    quirks = quirks_not_shared(report)
    counts = report.counts
    counts[Verdict.FAILED] -= quirks
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    parts += [f"{quirks} {QUIRKS}"] if quirks else []
    if report.end is not None and (scripts := report.end.scripts) is not None:
        parts.append(f"{scripts.failed} of {scripts.judged} scripts failed")
    left = len(report.start.asked) - len(report.results)
    if left > 0:
        parts.append(f"{left} not judged")
    return ", ".join(parts) or "nothing was judged"


def conclusion(report: Report) -> str:
    """Whether the SDK conforms."""
    against = report.start.profile.name
    if report.cut_off is not None:
        return f"{report.name} against {against}: {report.cut_off}"
    if to_look_at(report) or report.end is None or report.end.exit_code != 0:
        return f"{report.name} does not conform to {against}"
    return f"{report.name} conforms to {against}"
