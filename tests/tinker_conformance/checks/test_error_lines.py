"""Whose words an error line must have depends on the SDK's language."""

from __future__ import annotations

import pytest

from tinker_conformance.checks.case import Case
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Log, Response, Timeline

FAILURE = Response(at=0.0, future=1, status=200, body={"error": "too long", "category": "user"}, step=1)
OFFICIAL = "Request failed with non-retryable error: RequestFailedError: Request failed: too long for x"


def _line(message: str, level: str = "error") -> Log:
    return Log(at=0.0, future=1, level=level, logger="any", message=message)


def _mismatches(language: str, *observed: Log) -> int:
    expected: Timeline = (FAILURE, _line(OFFICIAL))
    case = Case(
        shipped_scenarios()["polling-failure-sampling"],
        load_profile("tinker-0.38"),
        expected,
        (FAILURE, *observed),
        AdapterInfo(name="an SDK", version="1", language=language),
    )
    return len(list(requirement("polling.error_line").check(case)))


@pytest.mark.parametrize(
    ("language", "observed", "mismatches"),
    [
        ("python", [_line(OFFICIAL)], 0),
        ("python", [_line("A sample failed: too long")], 1),
        ("javascript", [_line("A sample failed: too long")], 0),
        ("javascript", [_line("A sample failed: too long", "warning")], 1),
        ("javascript", [_line("A sample failed.")], 1),
        ("javascript", [], 1),
        ("javascript", [_line("too long"), _line("too long")], 1),
    ],
)
def test_an_error_line_is_judged_by_its_text_or_by_the_servers_words(
    language: str, observed: list[Log], mismatches: int
) -> None:
    assert _mismatches(language, *observed) == mismatches
