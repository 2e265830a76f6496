"""What is compared of polls, submissions and ends."""

from __future__ import annotations

import pytest

from fake_server.core.number_words import counted
from tests.tinker_conformance.checks.small_timelines import (
    case,
    end,
    line,
    places,
    poll,
    reply,
    says,
    seen,
    submission,
)
from tinker_conformance.checks import projections
from tinker_conformance.checks.projections import Projection
from tinker_conformance.timeline import OutcomeKind

TWO_FUTURES = (
    submission("/api/v1/asample"),
    poll(1.0),
    reply(at=1.0),
    poll(2.0, iteration="1"),
    submission("/api/v1/forward_backward", 3.0, future=2),
    poll(4.0, future=2, iteration=None, type_="ForwardBackward"),
    poll(5.0, iteration="2", type_=None),
)


def test_one_of_something_is_single_and_none_and_two_are_not() -> None:
    assert [counted(number, "poll") for number in (0, 1, 2)] == ["0 polls", "1 poll", "2 polls"]


def test_polls_are_counted_by_future_at_the_last() -> None:
    of = case(*TWO_FUTURES)
    assert says(projections.poll_counts, of) == ["3 polls of future 1", "1 poll of future 2"]
    assert places(projections.poll_counts, of) == [(6, 5.0), (5, 4.0)]


def test_each_poll_has_its_number_and_its_time() -> None:
    of = case(*TWO_FUTURES)
    assert says(projections.poll_times, of) == [
        "poll 1 of future 1 at 1.000 s",
        "poll 2 of future 1 at 2.000 s",
        "poll 1 of future 2 at 4.000 s",
        "poll 3 of future 1 at 5.000 s",
    ]
    assert places(projections.poll_times, of) == [(1, 1.0), (3, 2.0), (5, 4.0), (6, 5.0)]


def test_the_headers_of_each_poll_are_reported_or_that_one_is_missing() -> None:
    of = case(*TWO_FUTURES)
    assert says(projections.poll_iterations, of) == [
        "poll 1 of future 1 with X-Tinker-Request-Iteration: 0",
        "poll 2 of future 1 with X-Tinker-Request-Iteration: 1",
        "poll 1 of future 2 without X-Tinker-Request-Iteration",
        "poll 3 of future 1 with X-Tinker-Request-Iteration: 2",
    ]
    assert says(projections.poll_types, of) == [
        "poll 1 of future 1 with X-Tinker-Request-Type: Sample",
        "poll 2 of future 1 with X-Tinker-Request-Type: Sample",
        "poll 1 of future 2 with X-Tinker-Request-Type: ForwardBackward",
        "poll 3 of future 1 without X-Tinker-Request-Type",
    ]
    assert places(projections.poll_types, of) == [(1, 1.0), (3, 2.0), (5, 4.0), (6, 5.0)]


def test_polls_of_many_futures_at_once_are_neither_polls_of_one_nor_submissions() -> None:
    of = case(submission("/api/v1/retrieve_futures"))
    for projection in (projections.poll_counts, projections.poll_times, projections.submissions):
        assert says(projection, of) == []


def test_submissions_are_counted_by_future_and_path_at_the_last() -> None:
    of = case(
        submission("/api/v1/asample", 1.0),
        poll(1.0),
        submission("/api/v1/asample", 2.0),
        submission("/api/v1/asample", 3.0, future=2),
        submission("/api/v1/optim_step", 4.0),
        submission("/api/v1/asample", 5.0),
    )
    assert says(projections.submissions, of) == [
        "future 1 submitted 3 times to /api/v1/asample",
        "future 2 submitted 1 time to /api/v1/asample",
        "future 1 submitted 1 time to /api/v1/optim_step",
    ]
    assert places(projections.submissions, of) == [(5, 5.0), (3, 3.0), (4, 4.0)]


def test_the_end_of_each_future_is_reported_and_an_error_only_shown() -> None:
    of = case(
        poll(),
        end(1.0),
        line("something"),
        end(2.5, future=2, kind=OutcomeKind.FAILED, error="ValueError: no"),
    )
    assert says(projections.outcomes, of) == ["future 1 to end in 'result'", "future 2 to end in 'failed'"]
    assert [fact.shown for fact in seen(projections.outcomes, of)] == [
        "'result'",
        "'failed' (ValueError: no)",
    ]
    assert places(projections.outcomes, of) == [(1, 1.0), (3, 2.5)]


def test_the_time_of_each_end_is_reported() -> None:
    of = case(poll(), end(1.0), end(2.5, future=2))
    assert says(projections.outcome_times, of) == ["future 1 to end at 1.000 s", "future 2 to end at 2.500 s"]
    assert [fact.shown for fact in seen(projections.outcome_times, of)] == [
        "its end at 1.000 s",
        "its end at 2.500 s",
    ]
    assert places(projections.outcome_times, of) == [(1, 1.0), (2, 2.5)]


@pytest.mark.parametrize(
    "projection",
    [projections.poll_counts, projections.submissions, projections.outcomes, projections.outcome_times],
)
def test_what_is_counted_by_future_is_paired_by_future(projection: Projection) -> None:
    first = case(poll(), submission("/api/v1/asample"), end())
    second = case(poll(future=2), submission("/api/v1/asample", future=2), end(future=2))
    (one,), (other,) = seen(projection, first), seen(projection, second)
    assert one.key != other.key
