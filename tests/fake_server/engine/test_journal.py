"""The record of what was asked and answered."""

import gc
import json

import pytest
from freezegun import freeze_time

from fake_server import Exchange, FakeTinker, Journal, Reply, Request, TransportFault
from fake_server.core.http_messages import DropKind

REQUEST = Request("POST", "/p", "q=1", ((b"Host", b"h"), (b"X-Empty", b"")), b"\xff")
REQUEST.connection = 7


def record(
    journal: Journal, request: Request = REQUEST, answer: Reply | TransportFault | None = None
) -> None:
    journal.record(request, answer or Reply(200, ((b"a", b"b: c"),), b"{}"), arrived_ns=0, future="f")


def test_an_exchange_comes_back_as_it_was() -> None:
    journal = Journal()
    record(journal)
    (exchange,) = journal.exchanges()
    assert exchange == Exchange(
        index=0,
        at=exchange.at,
        method="POST",
        path="/p",
        query="q=1",
        headers=REQUEST.headers,
        body=b"\xff",
        status=200,
        fault=None,
        reply_headers=((b"a", b"b: c"),),
        reply_body=b"{}",
        future="f",
        connection=7,
    )


def test_a_transport_fault_has_no_status() -> None:
    journal = Journal()
    record(journal, answer=TransportFault(DropKind.RESET))
    (exchange,) = journal.exchanges()
    assert (exchange.status, exchange.fault, exchange.reply_body) == (None, "reset", b"")


def test_the_oldest_exchanges_go_first_and_indices_go_on() -> None:
    journal = Journal(limit=3)
    for number in range(5):
        record(journal, Request("GET", f"/{number}"))
    assert [(exchange.index, exchange.path) for exchange in journal.exchanges()] == [
        (2, "/2"),
        (3, "/3"),
        (4, "/4"),
    ]
    assert (len(journal), journal.dropped) == (3, 2)


def test_the_journal_is_bounded_in_bytes_too() -> None:
    journal = Journal(max_bytes=2_500)
    for _ in range(5):
        record(journal, Request("GET", "/", body=b"x" * 1_000))
    assert len(journal) == 2


def test_an_engine_can_keep_no_journal() -> None:
    engine = FakeTinker(journal_limit=0)
    engine.handle(Request("GET", "/"))
    assert (len(engine.journal), engine.journal.dropped) == (0, 1)


def test_json_lines_hold_text_and_base64() -> None:
    journal = Journal()
    record(journal)
    record(journal)
    lines = [json.loads(line) for line in journal.to_json_lines().splitlines()]
    assert len(lines) == 2
    assert (lines[0]["body_base64"], lines[0]["reply_body"], lines[0]["status"]) == ("/w==", "{}", 200)
    assert lines[1]["headers"] == [["Host", "h"], ["X-Empty", ""]]


def test_clear_counts_from_the_beginning() -> None:
    journal = Journal(limit=1)
    record(journal)
    record(journal)
    journal.clear()
    record(journal)
    assert ([exchange.index for exchange in journal.exchanges()], journal.dropped) == ([0], 0)


def test_records_are_of_no_interest_to_the_garbage_collector() -> None:
    journal = Journal()
    record(journal)
    gc.collect()
    # What is inside is let go first.
    gc.collect()
    assert not gc.is_tracked(journal._records[0])


@pytest.mark.parametrize("start", ["2020-01-01", "2040-01-01"])
def test_times_are_real_under_a_frozen_clock(start: str) -> None:
    with freeze_time(start):
        engine = FakeTinker()
        engine.handle(Request("GET", "/"))
    (exchange,) = engine.journal.exchanges()
    assert 0 < exchange.at < 60
