"""What is compared of other lines, of functions and of telemetry; and the check that is made of it."""

from __future__ import annotations

import pytest

from tests.tinker_conformance.checks.small_timelines import (
    case,
    end,
    line,
    places,
    poll,
    reply,
    says,
    scenario,
    seen,
)
from tinker_conformance.checks import projections
from tinker_conformance.checks.case import Case
from tinker_conformance.scenario import decode_scenario
from tinker_conformance.timeline import OutcomeKind, Telemetry

CALLS = decode_scenario(
    {
        "id": "calls",
        "calls": [
            {"function": "parse_queue_state", "arguments": ["active"]},
            {"function": "should_log", "arguments": [None, 60]},
            {"function": "reason_for_state"},
        ],
    },
    "calls",
)

# -- other lines ----------------------------------------------------------------------------------------


def test_lines_about_retries_have_time_and_level() -> None:
    of = case(
        poll(),
        line("Retrying because of try_again", 1.0),
        line("Retrying", 2.0),
        line("try_again", 3.0, level="info"),
    )
    assert says(projections.retry_lines, of) == [
        "a line about a retry after try_again at 1.000 s, level warning",
        "a line about a retry after try_again at 3.000 s, level info",
    ]
    assert places(projections.retry_lines, of) == [(1, 1.0), (3, 3.0)]
    assert seen(projections.retry_lines, of)[1].shown == "the line 'try_again'"


def test_lines_about_a_bill_are_reported_at_any_level() -> None:
    of = case(
        poll(), line("Paused due to BILLING", 1.0), line("no bill", 2.0), line("billing", 3.0, level="error")
    )
    assert says(projections.billing_lines, of) == [
        "the line 'Paused due to BILLING' at 1.000 s, level warning",
        "the line 'billing' at 3.000 s, level error",
    ]
    assert places(projections.billing_lines, of) == [(1, 1.0), (3, 3.0)]


def test_warnings_and_errors_of_the_set_up_end_with_the_first_future() -> None:
    of = case(
        line("welcome", level="info"),
        line("old", 1.0),
        line("unpaid", 1.0, level="error"),
        poll(2.0, future=None),
        line("late", 2.0),
        poll(3.0),
        line("not of the set-up", 3.0),
    )
    assert says(projections.session_lines, of) == [
        "the line 'old', level warning",
        "the line 'unpaid', level error",
        "the line 'late', level warning",
    ]


@pytest.mark.parametrize(
    ("language", "message", "expected"),
    [
        ("python", "Failed: no", "the line 'Failed: no'"),
        ("".join(("py", "thon")), "Failed: no", "the line 'Failed: no'"),
        ("go", "Failed: no", "a line at level error with 'no'"),
        ("go", "Failed", "the line 'Failed'"),
        ("zig", "Failed: no", "a line at level error with 'no'"),
    ],
)
def test_an_error_line_in_another_language_is_reported_by_the_failure(
    language: str, message: str, expected: str
) -> None:
    failed = reply(200, body={"error": "no"})
    of = case(failed, line(message, 1.0, level="error"), line(message, 2.0), language=language)
    assert says(projections.error_lines, of) == [expected]
    assert places(projections.error_lines, of) == [(1, 1.0)]
    assert seen(projections.error_lines, of)[0].shown == f"the line {message!r}"


def test_an_error_line_before_any_failure_is_reported_to_the_letter() -> None:
    of = case(reply(200, body={"error": 7}), line("Failed: 7", level="error"), language="go")
    assert says(projections.error_lines, of) == ["the line 'Failed: 7'"]


# -- telemetry ------------------------------------------------------------------------------------------


def test_telemetry_is_compared_by_its_time_and_shown_by_its_name() -> None:
    of = case(poll(), Telemetry(at=1.0, name="a"), line("x"), Telemetry(at=2.0, name="b"))
    assert says(projections.telemetry_names, of) == [
        "a telemetry event at 1.000 s",
        "a telemetry event at 2.000 s",
    ]
    assert places(projections.telemetry_names, of) == [(1, 1.0), (3, 2.0)]
    assert seen(projections.telemetry_names, of)[1].shown == "the telemetry event 'b' at 2.000 s"


# -- functions ------------------------------------------------------------------------------------------


def test_what_a_function_returned_is_reported_with_the_call() -> None:
    of = case(
        end(1.0, value="active"),
        line("x"),
        end(2.0, future=2, kind=OutcomeKind.ERROR, error="TypeError: no"),
        end(3.0, future=3, value=None),
        of=CALLS,
    )
    assert says(projections.returned_values, of) == [
        "parse_queue_state('active') to return 'active'",
        "should_log(None, 60) to return TypeError: no",
        "reason_for_state() to return None",
    ]
    assert [fact.shown for fact in seen(projections.returned_values, of)] == [
        "'active'",
        "TypeError: no",
        "None",
    ]
    assert places(projections.returned_values, of) == [(0, 1.0), (2, 2.0), (3, 3.0)]


def test_a_lone_call_may_end_without_its_number() -> None:
    assert says(projections.returned_values, case(end(future=None, value=True), of=CALLS)) == [
        "parse_queue_state('active') to return True"
    ]


def test_lines_belong_to_the_call_that_ends_after_them() -> None:
    of = case(line("a", 1.0), line("b", 2.0), end(2.0), poll(), line("c", 3.0, level="info"), end(future=2))
    assert says(projections.function_lines, of) == [
        "call 1 to log 'a' at level warning",
        "call 1 to log 'b' at level warning",
        "call 2 to log 'c' at level info",
    ]
    assert places(projections.function_lines, of) == [(0, 1.0), (1, 2.0), (4, 3.0)]
    assert seen(projections.function_lines, of)[2].shown == "the line 'c'"


# -- the check ------------------------------------------------------------------------------------------


def test_a_check_reports_the_differences_in_each_of_its_projections_and_no_other() -> None:
    half = case(poll(), end(kind=OutcomeKind.FAILED, error="no"), line("try_again"))
    both = Case(scenario(), half.profile, (poll(), poll(1.0), end()), half.observed, half.sdk)
    found = list(projections.same(projections.poll_counts, projections.outcomes)(both))
    assert [(mismatch.scenario, mismatch.wanted, mismatch.got) for mismatch in found] == [
        ("small", "2 polls of future 1", "1 poll of future 1"),
        ("small", "future 1 to end in 'result'", "'failed' (no)"),
    ]
    assert list(projections.same(projections.submissions)(both)) == []
