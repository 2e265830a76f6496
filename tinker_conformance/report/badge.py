"""The badge of a run, in the endpoint format of shields.io: https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

from typing import Final

import msgspec

from fake_server.core.visible_text import visible
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import Standing, conclude, is_broken
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import Report

_STANDING_WORDS: Final = {
    Standing.STALE: "stale known failures",
    Standing.DOES_NOT_CONFORM: "does not conform",
    Standing.NOT_JUDGED: "could not be judged",
    Standing.CUT_OFF: "incomplete",
    Standing.INFORMATIVE: "information on a dialect",
}
"""Words for standings (does the SDK conform?) that the counts on the badge do not show."""


def badge(report: Report) -> str:
    """Return the JSON of the badge: the profile, and how many of the judged requirements hold."""
    found = conclude(report)
    passed = report.counts[Verdict.PASSED]
    tested = sum(_is_tested(result, strict=report.start.strict) for result in report.results)
    message = f"{passed} of {tested} hold"
    if found.standing in _STANDING_WORDS and (
        found.standing is not Standing.DOES_NOT_CONFORM or passed == tested
    ):
        message = f"{_STANDING_WORDS[found.standing]}, {message}"
    label = visible(report.start.profile.name)[:60]
    fields = {"schemaVersion": 1, "label": label, "message": message, "color": found.color.value}
    return msgspec.json.encode(fields).decode() + "\n"


def _is_tested(result: Result, *, strict: bool) -> bool:
    """Return whether a result counts on the badge: passed, known failure, or in need of attention."""
    holds = result.verdict in {Verdict.PASSED, Verdict.KNOWN_FAILURE}
    return holds or is_broken(result, strict=strict)
