"""Requests that are sent without waiting for replies: in order, and no more than a bound ahead."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from time import monotonic, sleep
from unittest.mock import Mock

import pytest

from fake_server import FakeTinker, FakeTinkerServer
from fake_server.core.connection_plan import Hold, Send
from fake_server.core.gate import Gate
from fake_server.core.http_messages import Reply, Request
from fake_server.http import open_connections as connections
from fake_server.http.http_server import STOP_SECONDS
from fake_server.http.paced_transport import PacedTransport
from fake_server.http_limits import Limits
from fake_server.script import complete, raw_bytes, script, timeout, wired
from tests.fuzz.talking import Talk

GET = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
WAIT = 5.0


def post(path: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    return b"POST /api/v1/%b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (
        path.encode(),
        len(content),
        content,
    )


def test_each_is_answered_once_and_in_order() -> None:
    talk = Talk(lambda request: Reply(200, (), request.path.encode()))
    sent = talk.say(b"".join(GET % number for number in range(1_000)))
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in sent.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b"/%d" % number for number in range(1_000)]


def test_those_behind_the_last_are_not_answered() -> None:
    talk = Talk()
    last = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"
    talk.say(GET % 1 + last + GET % 2)
    assert [request.path for request in talk.requests] == ["/1", "/last"]
    old = Talk()
    old.say(b"GET /old HTTP/1.0\r\n\r\n" + GET % 2)
    assert [request.path for request in old.requests] == ["/old"]


def test_no_more_replies_are_written_than_a_client_reads() -> None:
    unread: list[int] = []

    def large(request: Request) -> Reply:
        unread.append(talk.transport.unread)
        return Reply(200, (), b"x" * 10_000)

    talk = Talk(large, Limits(unread=50_000))
    assert talk.transport.high == 50_000
    talk.transport.reads = False
    talk.say(b"".join(GET % number for number in range(100)))
    assert len(talk.requests) < 20
    assert talk.transport.unread < 120_000
    for _ in range(20):
        talk.transport.read_all()
        talk.transport.reads = False
    talk.transport.read_all()
    assert [request.path for request in talk.requests] == [f"/{number}" for number in range(100)]


def until_held(engine: FakeTinker) -> None:
    for _ in range(1_000):
        if engine.held:
            return
        sleep(0.005)
    pytest.fail("no reply is held after 5 s")


@pytest.fixture
def held() -> Iterator[tuple[FakeTinker, socket.socket]]:
    engine = FakeTinker()
    engine.add_script(script().then(wired(timeout(), hold=True), complete()), name="f")
    with (
        FakeTinkerServer(engine, limits=Limits(waiting=5)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock,
    ):
        yield engine, sock


def test_behind_a_held_reply_only_a_few_wait(held: tuple[FakeTinker, socket.socket]) -> None:
    engine, sock = held
    sock.sendall(post("asample", {}) + post("retrieve_future", {"request_id": "f"}))
    until_held(engine)
    for number in range(20):
        sock.sendall(GET % number)
    sock.sendall(b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    sock.settimeout(0.05)
    # The submission is answered, then nothing.
    assert sock.recv(65_536)
    with pytest.raises(TimeoutError):
        sock.recv(65_536)
    assert 2 < len(engine.journal) <= 2 + 5 + 1
    engine.release()
    sock.settimeout(WAIT)
    answers = b""
    while piece := sock.recv(65_536):
        answers += piece
    assert answers.count(b"HTTP/1.1 408") == 1
    assert answers.count(b"HTTP/1.1 404") == 21
    asked = [exchange.path for exchange in engine.journal.exchanges()]
    assert asked[2:] == [*(f"/{number}" for number in range(20)), "/last"]


def test_waiting_writes_are_counted_separately_behind_each_hold() -> None:
    signals: list[str] = []

    async def counted() -> None:
        gate = Gate()
        inner = Mock(spec=asyncio.Transport)
        transport = PacedTransport(
            inner, 2, lambda: signals.append("full"), lambda: signals.append("drained")
        )
        for _ in range(2):
            transport.carry_out((Hold(), Send(b"a")), gate, "f")
            for _ in range(3):
                transport.write(b"b")
            gate.release()
            await asyncio.sleep(0)
        assert b"".join(call.args[0] for call in inner.write.mock_calls) == b"abbbabbb"

    asyncio.run(counted())
    assert signals == ["full", "drained"] * 2


def swept(server: FakeTinkerServer, now: float) -> None:
    done = threading.Event()

    def sweep() -> None:
        server._connections.sweep(now)
        done.set()

    assert server._loop is not None
    server._loop.call_soon_threadsafe(sweep)
    assert done.wait(WAIT)


def test_who_waits_for_the_script_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_SECONDS", 3600.0)
    engine = FakeTinker()
    engine.add_script(script().then(wired(timeout(), hold=True), raw_bytes("x", then="silence")), name="f")
    poll = post("retrieve_future", {"request_id": "f"})
    with FakeTinkerServer(engine) as server:
        held, silent, idle = socks = [
            socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) for _ in range(3)
        ]
        held.sendall(post("asample", {}))
        assert held.recv(65_536)
        held.sendall(poll)
        until_held(engine)
        silent.sendall(poll)
        idle.sendall(GET % 1)
        assert idle.recv(65_536)
        for now in (1e6, 2e6):
            swept(server, now)
        assert idle.recv(65_536) == b""
        engine.release()
        assert held.recv(65_536).startswith(b"HTTP/1.1 408")
        # It has just been answered.
        swept(server, 3e6)
        held.sendall(GET % 2)
        assert held.recv(65_536).startswith(b"HTTP/1.1 404")
        stages = sorted(connection.waits_for() for connection in server._connections)
        assert stages == [connections.Stage.IDLE, connections.Stage.REPLYING]
        assert silent.recv(65_536) == b"x"
        silent.settimeout(0.02)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        for sock in socks:
            sock.close()


def test_a_server_stops_with_replies_held_unread_and_half_sent() -> None:
    engine = FakeTinker()
    engine.add_script(script().then(wired(timeout(), hold=True), complete()), name="f")
    server = FakeTinkerServer(engine)
    server.start()
    socks = [socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) for _ in range(20)]
    socks[0].sendall(post("asample", {}) + post("retrieve_future", {"request_id": "f"}) + GET % 1)
    until_held(engine)
    for sock in socks[1:10]:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
    for sock in socks[10:15]:
        sock.sendall(b"nonsense\r\n")
    for sock in socks[15:18]:
        sock.sendall(GET % 1)
        sock.shutdown(socket.SHUT_WR)
    before = monotonic()
    server.stop()
    assert monotonic() - before < STOP_SECONDS / 2
    assert engine.held == ()
    for sock in socks:
        sock.close()
