"""The adapter's numbers of futures and the server's, where submissions arrive in any order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinker_conformance.scenario import Scenario, parse_scenarios
from tinker_conformance.sdk.future_numbers import FutureNumbers
from tinker_conformance.timeline import Log, Outcome, OutcomeKind, Request


def numbers(text: str) -> FutureNumbers:
    return FutureNumbers(made(text))


def made(text: str) -> Scenario:
    (scenario,) = parse_scenarios(text, source="test")
    return scenario


THREE = """
- id: three
  client: sampling
  concurrent: true
  futures: [[{timeout: {}}, {complete: {}}], [{timeout: {}}, {complete: {}}], [{complete: {}}]]
"""


def test_a_submission_of_a_known_future_settles_its_number() -> None:
    found = numbers(THREE)
    found.submitted_by(1, 3)
    found.submitted_by(3, 1)
    assert [found.of(own) for own in (1, 2, 3)] == [3, 2, 1]
    assert [found.from_server(number) for number in (1, 2, 3)] == [3, 2, 1]


def test_an_event_rules_out_the_futures_that_wait_for_a_reply() -> None:
    found = numbers(THREE)
    found.request_arrived(1)
    found.request_arrived(2)
    found.event_of(1)
    assert (found.of(1), found.from_server(3)) == (3, 1)
    assert found.awaiting_a_reply
    found.reply_chosen(2, last=False)
    found.event_of(2)
    assert [found.of(own) for own in (1, 2, 3)] == [3, 2, 1]


def test_an_outcome_belongs_to_the_script_that_was_served_to_its_end() -> None:
    found = numbers(THREE)
    for number in (1, 2, 3):
        found.request_arrived(number)
        found.reply_chosen(number, last=number == 3)
    assert found.outcome_of(1) == 3
    found.reply_chosen(2, last=True)
    assert found.outcome_of(2) == 2
    assert found.of(3) == 1


def test_an_event_that_contradicts_what_is_known_rules_out_nothing() -> None:
    found = numbers(THREE)
    found.submitted_by(1, 1)
    found.request_arrived(1)
    found.event_of(1)
    assert found.of(1) == 1


@pytest.mark.parametrize(
    "futures",
    [
        "client: sampling\n  futures: [[{complete: {}}], [{complete: {}}]]",
        (
            "client: training\n  concurrent: true\n  futures:\n"
            "    - {operation: forward, steps: [{complete: {}}]}\n"
            "    - {operation: optim_step, steps: [{complete: {}}]}"
        ),
    ],
    ids=["one after another", "two operations"],
)
def test_futures_that_the_server_can_tell_apart_keep_their_numbers(futures: str) -> None:
    found = numbers(f"- id: apart\n  {futures}")
    found.request_arrived(1)
    found.event_of(1)
    assert [found.of(own) for own in (1, 2)] == [1, 2]
    assert found.from_server(2) == 2


def test_a_timeline_has_the_numbers_of_the_server() -> None:
    found = numbers(THREE)
    found.submitted_by(1, 3)
    request = Request(at=0.0, client="client", future=3, method="POST", path="/api/v1/asample")
    line = Log(at=0.0, client="client", future=1, level="warning", logger="", message="paused")
    end = Outcome(at=0.0, client="client", future=1, kind=OutcomeKind.RESULT)
    assert [event.future for event in found.renumbered((request, line, end))] == [3, 3, 3]


FOUR = """
- id: four
  client: sampling
  concurrent: true
  futures: [[{complete: {}}], [{complete: {}}], [{complete: {}}], [{complete: {}}]]
"""


def test_no_two_futures_get_one_number_when_the_order_of_their_ends_misleads() -> None:
    """Replies to futures on threads of their own may be reported in another order than they were sent."""
    found = numbers(FOUR)
    for number in (1, 2, 3, 4):
        found.request_arrived(number)
    for number in (1, 2):
        found.reply_chosen(number, last=True)
    for own in (1, 2):
        found.event_of(own)  # while 3 and 4 wait for a reply
    for number in (3, 4):
        found.reply_chosen(number, last=True)
    assert [found.outcome_of(own) for own in (3, 4, 1, 2)] == [3, 4, 1, 2]


@given(
    st.lists(
        st.tuples(st.sampled_from(("asked", "replied", "event", "outcome")), st.integers(1, 4)), max_size=40
    )
)
def test_whatever_is_reported_every_future_has_a_number_of_its_own(reports: list[tuple[str, int]]) -> None:
    found = numbers(FOUR)
    ended: dict[int, int] = {}
    for what, number in [*reports, *(("outcome", own) for own in (1, 2, 3, 4))]:
        match what:
            case "asked":
                found.request_arrived(number)
            case "replied":
                found.reply_chosen(number, last=True)
            case "event":
                found.event_of(number)
            case _ if number not in ended:
                ended[number] = found.outcome_of(number)
    assert sorted(ended.values()) == [1, 2, 3, 4]


def test_hundreds_of_futures_of_one_client_are_kept_apart() -> None:
    """Each event is looked at while all of them are in flight."""
    futures = 300
    found = numbers(
        f"- {{id: many, client: sampling, concurrent: true, futures: {[[{'complete': {}}]] * futures}}}"
    )
    everyone = range(1, futures + 1)
    for number in everyone:
        found.request_arrived(number)
    for number in reversed(everyone):
        found.reply_chosen(number, last=True)
        found.event_of(number)
    assert sorted(found.outcome_of(own) for own in everyone) == list(everyone)
