"""The badge: what shields.io calls an endpoint, https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

import msgspec

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.judging.visible_text import visible
from tinker_conformance.report.conclusion import quirks_not_shared, to_look_at
from tinker_conformance.report.report_reading import Report


def badge(report: Report) -> str:
    """The JSON of the badge: the profile, and how many of the requirements that were judged hold."""
    counts = report.counts
    tested = len(report.results) - counts[Verdict.NOT_CLAIMED] - quirks_not_shared(report)
    message = f"{counts[Verdict.PASSED]} of {tested} hold"
    if report.cut_off is not None:
        message, color = f"cut off, {message}", "lightgrey"
    elif to_look_at(report) or (report.end is not None and report.end.exit_code):
        color = "red"
    elif counts[Verdict.KNOWN_FAILURE]:
        color = "yellow"
    else:
        color = "brightgreen"
    label = visible(report.start.profile.name)[:60]
    fields = {"schemaVersion": 1, "label": label, "message": message, "color": color}
    return msgspec.json.encode(fields).decode() + "\n"
