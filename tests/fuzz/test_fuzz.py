"""The fuzzer runs a little here, finds what is broken on purpose, and makes it small."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server.core.connection_plan import Framing
from fake_server.http import http_protocol
from fake_server.http import request_head as http_head
from fake_server.http import request_reader as http_reading
from fake_server.http.open_connections import Connections

from .__main__ import main
from .campaign import TARGETS, Failure, error_of, load, searched, smallest
from .findings import Target
from .h11_oracle import answered, asked

COUNTS = (1_000, pytest.param(4_000, marks=pytest.mark.nightly))
SEED = 20_260_101


@pytest.mark.parametrize("count", COUNTS)
def test_nothing_fails(count: int) -> None:
    failure = searched(SEED, count)
    assert failure is None, f"{failure}; run python -m tests.fuzz --seed {SEED} --count {count}"


def inputs(target: Target, count: int) -> list[bytes]:
    made: list[bytes] = []

    def is_wanted(data: bytes) -> bool:
        made.append(data)
        return False

    assert smallest(target, is_wanted, seed=1, count=count) is None
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_inputs_are_made_of_the_seed_alone_and_many_differ(name: str) -> None:
    made = inputs(TARGETS[name], 200)
    assert made == inputs(TARGETS[name], 200)
    assert len(set(made)) > 100


def test_half_of_the_streams_hold_a_whole_request() -> None:
    whole = [asked(data[:-1]) for data in inputs(TARGETS["http"], 500)]
    assert 100 < sum(map(bool, whole)) < 450
    assert sum(len(one) > 1 for one in whole) > 30


def never(*_: object, **__: object) -> None:
    pass


@pytest.mark.slow
def test_what_is_broken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> str:
        failure = searched(4, 20_000)
        return "" if failure is None else failure.error

    breaks: list[tuple[object, str, object]] = [
        (http_head, "_check_host", never),
        (http_head, "_check_codings", never),
        (http_head, "_expects", lambda *_, **__: False),
        (http_reading.RequestReader, "_no_http", lambda _, error: error),
        (http_protocol, "_LAST", Framing()),
        (http_protocol.HttpProtocol, "_forget", never),
        (http_protocol.HttpProtocol, "_may_answer", lambda _: False),
        (http_protocol.HttpProtocol, "_close", never),
        (Connections, "discard", never),
    ]
    missed = []
    for owner, name, broken in breaks:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            if not found():
                missed.append(name)
    assert missed == []


def test_a_failure_is_made_small_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "failure.json"
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)  # failures are remembered in the working folder
        patch.setattr(http_head, "_check_host", never)
        ran = CliRunner().invoke(main, ["--count", "3000", "--seed", "1", "--out", str(file)])
        assert ran.exit_code == 1, ran.output
        assert "again: python -m tests.fuzz --replay" in ran.output
        target, data = load(file)
        assert target.name == "http"
        assert len(data) < 60
        again = CliRunner().invoke(main, ["--replay", str(file)])
        assert again.exit_code == 1
        assert "FindingError" in again.output
        remembered = CliRunner().invoke(main, ["--count", "20", "--seed", "2", "--out", "again.json"])
        assert remembered.exit_code == 1, "what failed once is not tried first"
        assert load(tmp_path / "again.json") == (target, data)
    fixed = CliRunner().invoke(main, ["--replay", str(file)])
    assert (fixed.exit_code, fixed.output.splitlines()[-1]) == (0, "nothing fails")
    assert error_of(target, data) == ""


def test_any_bytes_survive_in_a_file(tmp_path: Path) -> None:
    data = bytes(range(256))
    Failure("body", data, "x").save(tmp_path / "f")
    assert load(tmp_path / "f") == (TARGETS["body"], data)


def test_h11_reads_and_what_the_server_refuses_on_purpose_is_left_out() -> None:
    first, second = asked(
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n"
        b"HEAD http://b/c HTTP/1.0\r\nTransfer: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert (first.method, first.target, first.body, first.keeps) == ("POST", b"/a", b"abc", True)
    assert (second.method, second.target, second.keeps) == ("HEAD", b"http://b/c", False)
    upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n%b\r\n"
    assert [one.keeps for one in asked(upgrade % b"")] == [True]
    assert [one.keeps for one in asked(upgrade % b"Connection: close\r\n")] == [False]
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%b"
    assert [one.body for one in asked(chunked % b"1;x\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n")] == [b"abc"]
    assert asked(chunked % b"1\r\nab\r\n0\r\n\r\n") == []
    replies = answered(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
        b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
        ["HEAD", "GET"],
    )
    assert [(reply.status, reply.body, reply.closes) for reply in replies] == [
        (100, b"", False),
        (200, b"", False),
        (400, b"x", True),
    ]
    with pytest.raises(AssertionError, match="no reply begins"):
        answered(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", ["GET"])
