"""What was fetched is let go after a time or when it is much, and a late poll is told so."""

import functools
import json

import pytest

from fake_server import FakeTinker, Request
from fake_server.engine import fetched_results
from fake_server.engine.fetched_results import FetchedResults
from fake_server.script import complete, script


def ask(engine, path, body):
    return engine.handle(Request("POST", f"/api/v1/{path}", body=json.dumps(body).encode()))


def submitted(engine, number):
    body = {
        "sampling_session_id": "s",
        "seq_id": number,
        "num_samples": 1,
        "sampling_params": {"max_tokens": 5},
    }
    return json.loads(ask(engine, "asample", body).body)["request_id"]


def polled(engine, name):
    return ask(engine, "retrieve_future", {"request_id": name}).status


@pytest.fixture
def limited(monkeypatch):
    """An engine whose limits are given."""

    def make(**limits):
        limited = functools.partial(FetchedResults, **limits)
        monkeypatch.setattr("fake_server.engine.tinker_api.FetchedResults", limited)
        engine = FakeTinker(seed=3)
        ask(engine, "create_sampling_session", {"session_id": "x", "sampling_session_seq_id": 0})
        engine.expect_sampler("s")
        ask(engine, "create_sampling_session", {"session_id": "x", "sampling_session_seq_id": 1})
        return engine

    return make


def test_a_result_can_be_fetched_again_for_a_while(limited, monkeypatch):
    now = [0]
    monkeypatch.setattr(fetched_results, "clock_gettime_ns", lambda _: now[0])
    engine = limited(seconds=60)
    name = submitted(engine, 0)
    assert [polled(engine, name) for _ in range(2)] == [200, 200]
    now[0] = 60_000_000_001
    reply = ask(engine, "retrieve_future", {"request_id": name})
    assert (reply.status, "dropped; submit again" in json.loads(reply.body)["detail"]) == (410, True)
    assert engine.problems == []
    assert polled(engine, submitted(engine, 1)) == 200


def test_results_that_nobody_fetched_stay(limited, monkeypatch):
    monkeypatch.setattr(fetched_results, "clock_gettime_ns", lambda _: 0)
    engine = limited(seconds=60, size=0)
    names = [submitted(engine, number) for number in range(50)]
    assert [polled(engine, name) for name in names] == [200] * 50
    assert [polled(engine, name) for name in names] == [410] * 50


def test_memory_is_bounded_by_bytes_and_futures(limited):
    engine = limited(size=20_000, futures=10)
    names = []
    for number in range(100):
        names.append(submitted(engine, number))
        assert polled(engine, names[-1]) == 200
    assert len(engine._service._works) < 12
    assert len(engine.futures) < 25
    assert len(engine._book.by_request_id) < 25
    assert len(engine._book._numbered) < 25
    assert {polled(engine, name) for name in names[:50]} == {410}
    assert engine.problems == []


@pytest.mark.parametrize(
    "name", ["unscripted-0", "unscripted-99", "unscripted-x", "unscripted", "future-1", "-1"]
)
def test_an_id_that_nobody_got_is_still_a_problem(limited, name):
    engine = limited(size=0, futures=0)
    for number in range(3):
        polled(engine, submitted(engine, number))
    assert polled(engine, name) == 404
    assert [problem.kind for problem in engine.problems] == ["unknown_future"]


def test_a_scripted_future_is_kept(limited):
    engine = limited(size=0, futures=0)
    future = engine.add_script(script(complete()).exhausted("repeat"))
    name = submitted(engine, 0)
    for number in range(1, 5):
        polled(engine, submitted(engine, number))
    assert [polled(engine, name) for _ in range(2)] == [200, 200]
    assert future in engine.futures
    engine.verify()


def test_without_a_seed_everything_is_kept(monkeypatch):
    monkeypatch.setattr(
        "fake_server.engine.tinker_api.FetchedResults", functools.partial(FetchedResults, size=0)
    )
    engine = FakeTinker()
    for _ in range(3):
        engine.add_script(script(complete()).exhausted("repeat"))
    names = [submitted(engine, number) for number in range(3)]
    assert [polled(engine, name) for name in names * 2] == [200] * 6
