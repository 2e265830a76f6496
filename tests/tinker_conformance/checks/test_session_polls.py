"""Which polls of a whole session count, and what is compared of them."""

from __future__ import annotations

import msgspec

from tests.tinker_conformance.checks.small_timelines import case, end, poll, reply, says, scenario, submission
from tinker_conformance.checks import projections
from tinker_conformance.parity.comparable import comparable
from tinker_conformance.timeline import Request

SAMPLE = "/api/v1/asample"
MANY = "/api/v1/retrieve_futures"


def session_poll(at: float = 0.0, *, session: str = "sampler-b", **more: object) -> Request:
    target = {"type": "sampling_session", "sampling_session_id": session}
    return Request(at=at, method="POST", path=MANY, body={"target": target, **more})


def test_a_poll_counts_while_a_sample_waits_and_asks_for_no_reply_at_once() -> None:
    of = case(
        session_poll(),
        submission(SAMPLE, 1.0),
        session_poll(1.0, prev_cursor=0),
        session_poll(2.0, prev_cursor=4),
        session_poll(2.0, prev_cursor=4, timeout=0.0),
        poll(2.0),
        session_poll(2.0, retrieved_request_ids=["future-1"]),
        end(2.0),
        submission(SAMPLE, 3.0, future=2),
        session_poll(3.0, session="sampler-c"),
        end(3.0, future=2),
        session_poll(3.0),
    )
    assert says(projections.session_polls, of) == [
        "poll 1 of the session sampler-b",
        "poll 2 of the session sampler-b",
        "poll 1 of the session sampler-c",
    ]
    assert says(projections.session_poll_times, of)[1] == "poll 2 of the session sampler-b at 2.000 s"
    assert says(projections.session_poll_cursors, of) == [
        "poll 1 of the session sampler-b from the cursor 0",
        "poll 2 of the session sampler-b from the cursor 4",
        "poll 1 of the session sampler-c from the cursor 0",
    ]


def test_a_poll_without_a_session_says_so() -> None:
    nameless = Request(at=0.0, method="POST", path=MANY)
    assert says(projections.session_polls, case(submission(SAMPLE), nameless)) == [
        "poll 1 of the session without a name"
    ]


def test_what_is_reported_as_fetched_is_named_once_and_the_last_future_is_left_out() -> None:
    two = msgspec.structs.replace(scenario(), futures=scenario().futures * 2)
    of = case(
        session_poll(retrieved_request_ids=["future-1"]),
        session_poll(retrieved_request_ids=["future-1", "future-2"]),
        of=two,
    )
    assert says(projections.fetched_reports, of) == ["a poll that reports future-1 as fetched"]


def test_polls_of_a_session_that_nobody_waits_for_are_compared_nowhere() -> None:
    answer = reply(200, future=None, step=None)
    waits = (submission(SAMPLE), session_poll(), answer, poll(), reply(200))
    late = (session_poll(), answer)
    assert (
        comparable((*waits, *late, end()))
        == comparable((*waits, end(), *late))
        == comparable((*waits, end()))
    )
    assert comparable((*waits, end())) != comparable((waits[0], *waits[3:], end()))
    together = (
        submission(SAMPLE),
        submission(SAMPLE, future=2),
        session_poll(),
        answer,
        end(),
        end(future=2),
    )
    assert comparable(together) == comparable((*together[:2], *together[4:]))


def test_a_cancellation_is_counted_by_its_future_and_compared_wherever_it_comes() -> None:
    cancel = Request(at=2.0, method="POST", path="/api/v1/cancel_future", body={"request_id": "future-1"})
    nameless = Request(at=3.0, method="POST", path="/api/v1/cancel_future")
    of = case(cancel, nameless, cancel)
    assert says(projections.cancellations, of) == [
        "cancellation 1 of future-1",
        "cancellation 1 of no future",
        "cancellation 2 of future-1",
    ]
    assert says(projections.cancellation_times, of)[0] == "cancellation 1 of future-1 at 2.000 s"
    answer = reply(200, future=None, step=None)
    others = (submission(SAMPLE), poll(), end(2.0))
    assert comparable((*others, cancel, answer)) == comparable((*others[:2], cancel, answer, others[2]))
    assert comparable((*others, cancel, answer)) != comparable(others)


def test_loads_are_compared_by_path_and_submissions_by_order() -> None:
    load = Request(at=1.0, future=1, method="POST", path="/api/v1/load_weights", body={"path": "tinker://a"})
    of = case(submission("/api/v1/create_model"), poll(), load)
    assert says(projections.loaded_paths, of) == ["load 1 of tinker://a"]
    assert says(projections.request_order, of) == [
        "submission 1 to create_model",
        "submission 2 to load_weights",
    ]
