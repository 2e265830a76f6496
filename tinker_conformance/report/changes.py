"""Find what got better or worse from one report to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import forgiven
from tinker_conformance.report.report_reading import Report


class Change(StrEnum):
    """How the result of a requirement changed from one report to another."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "changed"
    """The result is neither better nor worse: for example, an adapter error in place of a failure."""
    ADDED = "newly asked"
    """The requirement is in the second report only, because the kit or the profile differs."""
    REMOVED = "no longer asked"


@dataclass(frozen=True, slots=True)
class Changed:
    """One requirement whose result changed.

    Attributes:
        requirement: The requirement's id.
        change: How the result changed.
        before: The result in the first report, in words.
        after: The result in the second report, in words.
    """

    requirement: str
    change: Change
    before: str
    after: str


_NOT_ASKED: Final = "not asked"
_NOT_JUDGED: Final = "not judged"
_QUIRK: Final = "quirk not shared"
_SCORES: Final = {
    Verdict.PASSED.value: 2,
    Verdict.STALE_KNOWN_FAILURE.value: 2,
    Verdict.NOT_CLAIMED.value: 1,
    Verdict.NOT_OFFERED.value: 1,
    _QUIRK: 1,
}
"""How good each result is; all others score 0, so that an incomplete report never counts as better."""


def changes(before: Report, after: Report) -> Iterator[Changed]:
    """Yield every requirement whose result changed, in the order of the second report."""
    first, second = _results(before), _results(after)
    for identifier in dict.fromkeys([*second, *first]):
        was, is_now = first.get(identifier, _NOT_ASKED), second.get(identifier, _NOT_ASKED)
        if was != is_now:
            yield Changed(identifier, _change(was, is_now), was, is_now)


def _results(report: Report) -> dict[str, str]:
    found = dict.fromkeys(report.start.asked, _NOT_JUDGED)
    strict = report.start.strict
    for result in report.results:
        found[result.id] = _QUIRK if forgiven(result, strict=strict) else result.verdict.value
    return found


def _change(was: str, is_now: str) -> Change:
    if was == _NOT_ASKED:
        return Change.ADDED
    if is_now == _NOT_ASKED:
        return Change.REMOVED
    gain = _SCORES.get(is_now, 0) - _SCORES.get(was, 0)
    if gain == 0:
        return Change.OTHER
    return Change.WORSE if gain < 0 else Change.BETTER
