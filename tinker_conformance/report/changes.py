"""What became better or worse from one report to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import forgiven
from tinker_conformance.report.report_reading import Report


class Change(StrEnum):
    """Which way a requirement went."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "changed"
    """Neither: as from a failure to an adapter's error."""
    ADDED = "newly asked"
    """Asked by the second report alone: the kit or the profile is another."""
    REMOVED = "no longer asked"


@dataclass(frozen=True, slots=True)
class Changed:
    """One requirement that went another way.

    Attributes:
        requirement: Its id.
        change: Which way.
        before: What became of it in the first report, in words.
        after: The same in the second.
    """

    requirement: str
    change: Change
    before: str
    after: str


_NOT_ASKED: Final = "not asked"
_NOT_JUDGED: Final = "not judged"
_QUIRK: Final = "quirk that it does not share"
_WORTH: Final = {
    Verdict.PASSED.value: 2,
    Verdict.STALE_KNOWN_FAILURE.value: 2,
    Verdict.NOT_CLAIMED.value: 1,
    _QUIRK: 1,
}
"""How good each end is; what is not here is worth nothing, so a cut-off report is never the better one."""


def changes(before: Report, after: Report) -> Iterator[Changed]:
    """Every requirement that went another way, in the order of the second report."""
    first, second = _ends(before), _ends(after)
    for identifier in dict.fromkeys([*second, *first]):
        was, is_now = first.get(identifier, _NOT_ASKED), second.get(identifier, _NOT_ASKED)
        if was != is_now:
            yield Changed(identifier, _change(was, is_now), was, is_now)


def _ends(report: Report) -> dict[str, str]:
    ends = dict.fromkeys(report.start.asked, _NOT_JUDGED)
    strict = report.start.strict
    for result in report.results:
        ends[result.id] = _QUIRK if forgiven(result, strict=strict) else result.verdict.value
    return ends


def _change(was: str, is_now: str) -> Change:
    if was == _NOT_ASKED:
        return Change.ADDED
    if is_now == _NOT_ASKED:
        return Change.REMOVED
    worth = _WORTH.get(is_now, 0) - _WORTH.get(was, 0)
    if worth == 0:
        return Change.OTHER
    return Change.WORSE if worth < 0 else Change.BETTER
