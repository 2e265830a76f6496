"""The badge: what shields.io calls an endpoint, https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

from typing import Final

import msgspec

from fake_server.core.visible_text import visible
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import Standing, conclude, is_broken
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import Report

_SAID: Final = {
    Standing.STALE: "stale known failures",
    Standing.DOES_NOT_CONFORM: "does not conform",
    Standing.NOT_JUDGED: "could not be judged",
    Standing.CUT_OFF: "cut off",
}
"""What the counts alone would not show."""


def badge(report: Report) -> str:
    """The JSON of the badge: the profile, and how many of the requirements that were judged hold."""
    found = conclude(report)
    passed = report.counts[Verdict.PASSED]
    tested = sum(_is_tested(result, strict=report.start.strict) for result in report.results)
    message = f"{passed} of {tested} hold"
    if found.standing in _SAID and (found.standing is not Standing.DOES_NOT_CONFORM or passed == tested):
        message = f"{_SAID[found.standing]}, {message}"
    label = visible(report.start.profile.name)[:60]
    fields = {"schemaVersion": 1, "label": label, "message": message, "color": found.color.value}
    return msgspec.json.encode(fields).decode() + "\n"


def _is_tested(result: Result, *, strict: bool) -> bool:
    """Whether a requirement holds or should."""
    holds = result.verdict in {Verdict.PASSED, Verdict.KNOWN_FAILURE}
    return holds or is_broken(result, strict=strict)
