"""What is compared of observer calls, and what stands for them where they cannot be seen."""

from __future__ import annotations

import pytest

from tests.tinker_conformance.checks.small_timelines import (
    case,
    end,
    line,
    notified,
    places,
    poll,
    reply,
    says,
    seen,
)
from tinker_conformance.checks import projections
from tinker_conformance.timeline import Event, Response

TRY_AGAIN = {"type": "try_again", "queue_state": "active"}
CAPACITY = "Training is paused for model-a. Reason: out of capacity"
RATE_LIMIT = "Training is paused for model-a. Reason: concurrent models rate limit hit"


# -- states ---------------------------------------------------------------------------------------------


def test_states_are_reported_once_for_each_instant() -> None:
    of = case(
        reply(),
        notified("paused_capacity"),
        notified("paused_capacity", future=2),
        notified("paused_rate_limit"),
        notified("paused_capacity"),
        notified("paused_capacity", 5.0),
    )
    assert says(projections.notified_states, of) == [
        "the observer notified of 'paused_capacity' at 0.000 s",
        "the observer notified of 'paused_rate_limit' at 0.000 s",
        "the observer notified of 'paused_capacity' at 0.000 s",
        "the observer notified of 'paused_capacity' at 5.000 s",
    ]
    assert places(projections.notified_states, of) == [(1, 0.0), (3, 0.0), (4, 0.0), (5, 5.0)]


def test_the_reason_in_a_line_stands_for_a_state_where_calls_cannot_be_seen() -> None:
    of = case(notified("paused_rate_limit"), line(CAPACITY), line(RATE_LIMIT), capabilities=frozenset())
    assert says(projections.notified_states, of) == [
        "a pause line with the reason 'out of capacity'",
        "a pause line with the reason 'concurrent models rate limit hit'",
    ]


@pytest.mark.parametrize(
    ("before", "counts"),
    [
        (reply(408), True),
        (reply(200, body=TRY_AGAIN), True),
        (reply(200), False),
        (reply(200, body={"error": "no"}), False),
        (reply(200, body={"type": "sample"}), False),
        (reply(200, body=["try_again"]), False),
        (reply(503), True),
        (reply(100), True),
        (reply(None, fault="reset"), True),
    ],
)
def test_active_counts_unless_it_is_reported_at_the_end_of_a_future(before: Response, counts: bool) -> None:
    of = case(before, notified("active"))
    assert bool(says(projections.notified_states, of)) is counts
    assert bool(says(projections.callback_reasons, of)) is counts
    assert bool(says(projections.notified_steps, of)) is counts


def test_a_pause_counts_even_after_a_result() -> None:
    assert len(says(projections.notified_states, case(reply(200), notified("paused_capacity")))) == 1


def test_a_pause_counts_by_whatever_name_but_that_of_active() -> None:
    of = case(reply(200), notified("PAUSED_CAPACITY"), notified(""))
    assert len(says(projections.notified_states, of)) == 2
    assert says(projections.notified_counts, of) == [
        "the observer notified of 'PAUSED_CAPACITY' 1 time",
        "the observer notified of '' 1 time",
    ]


def test_what_is_reported_before_any_reply_counts() -> None:
    assert len(says(projections.notified_states, case(notified("active"), reply(200)))) == 1


def test_the_end_of_another_future_is_none_of_this_one() -> None:
    of = case(reply(408, future=1), reply(200, future=2), notified("active", future=1))
    assert len(says(projections.notified_states, of)) == 1
    of = case(reply(408, future=1), reply(200, future=2), notified("active", future=2))
    assert says(projections.notified_states, of) == []


def test_what_is_reported_of_no_future_follows_the_latest_reply() -> None:
    assert (
        says(
            projections.notified_states,
            case(reply(408), reply(200, future=2), notified("active", future=None)),
        )
        == []
    )
    of = case(reply(200), reply(408, future=2), notified("active", future=None))
    assert len(says(projections.notified_states, of)) == 1


def test_the_callers_own_observer_is_none_of_the_clients() -> None:
    of = case(notified("paused_capacity", custom=True))
    for projection in (
        projections.notified_states,
        projections.notified_counts,
        projections.callbacks,
        projections.callback_reasons,
        projections.notified_steps,
    ):
        assert says(projection, of) == []


# -- counts ---------------------------------------------------------------------------------------------


def test_pauses_are_counted_by_state_over_all_futures_at_the_last() -> None:
    of = case(
        reply(),
        notified("paused_capacity", 1.0),
        notified("active", 2.0),
        notified("paused_capacity", 3.0, future=2),
        notified("unknown", 4.0),
        notified("paused_capacity", 5.0),
        notified("active", 6.0),
    )
    assert says(projections.notified_counts, of) == [
        "the observer notified of 'paused_capacity' 3 times",
        "the observer notified of 'unknown' 1 time",
    ]
    assert places(projections.notified_counts, of) == [(5, 5.0), (4, 4.0)]


# -- after which replies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "answered"),
    [
        ([], "before any reply"),
        ([reply(408, step=3)], "after reply 3 (HTTP 408)"),
        ([reply(200, body=TRY_AGAIN, step=1)], "after reply 1 (HTTP 200 try_again)"),
        ([reply(503, body={"type": "other"}, step=2)], "after reply 2 (HTTP 503)"),
        ([reply(408, body=["try_again"], step=2)], "after reply 2 (HTTP 408)"),
        ([reply(None, fault="reset", step=2)], "after reply 2 (reset)"),
        ([reply(408, step=1), reply(503, step=9, future=2)], "after reply 1 (HTTP 408)"),
    ],
)
def test_a_pause_is_noticed_after_the_last_reply_of_its_future(before: list[Event], answered: str) -> None:
    of = case(*before, notified("paused_capacity", 2.0))
    assert says(projections.notified_steps, of) == [f"the observer called {answered}"]
    (fact,) = seen(projections.notified_steps, of)
    assert fact.shown == f"state 'paused_capacity' {answered}"
    assert (fact.event, fact.at) == (len(before), 2.0)


def test_pause_lines_stand_for_calls_that_cannot_be_seen() -> None:
    of = case(
        notified("paused_capacity"),
        reply(408, step=1),
        line("something else"),
        reply(408, step=2),
        line(CAPACITY, 4.0),
        capabilities=frozenset(),
    )
    (fact,) = seen(projections.notified_steps, of)
    assert fact.says == "the observer called after reply 2 (HTTP 408)"
    assert fact.shown == f"{CAPACITY} after reply 2 (HTTP 408)"
    assert (fact.event, fact.at) == (4, 4.0)


def test_lines_do_not_stand_for_calls_that_can_be_seen() -> None:
    assert says(projections.notified_steps, case(reply(), line(CAPACITY))) == []


def test_replies_of_two_futures_are_two_keys() -> None:
    of = case(reply(), reply(future=2), notified("unknown"), notified("unknown", future=2))
    assert len({fact.key for fact in seen(projections.notified_steps, of)}) == 2


# -- each call ------------------------------------------------------------------------------------------


def test_each_call_is_reported_of_whichever_observer_it_was() -> None:
    of = case(
        reply(200),
        notified("active", 1.0),
        notified("active", 1.0),
        notified("paused_capacity", 2.0, custom=True),
        end(),
    )
    assert says(projections.callbacks, of) == ["the observer notified of 'active' at 1.000 s"] * 2
    assert places(projections.callbacks, of) == [(1, 1.0), (2, 1.0)]
    assert says(projections.custom_callbacks, of) == [
        "the caller's observer notified of 'paused_capacity' at 2.000 s"
    ]
    assert places(projections.custom_callbacks, of) == [(3, 2.0)]


def test_the_reason_of_each_call_is_reported_even_if_it_is_none_or_empty() -> None:
    of = case(
        poll(),
        notified("paused_capacity", 1.0, reason="full"),
        notified("unknown", 2.0, reason=""),
        notified("paused_rate_limit", 3.0),
    )
    assert says(projections.callback_reasons, of) == [
        "the observer notified of 'paused_capacity' with the reason 'full'",
        "the observer notified of 'unknown' with the reason ''",
        "the observer notified of 'paused_rate_limit' with the reason None",
    ]
    assert places(projections.callback_reasons, of) == [(1, 1.0), (2, 2.0), (3, 3.0)]
