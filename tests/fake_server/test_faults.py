"""Faults on the wire: the exact bytes of each, what clients make of them, and that every transport agrees."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable
from typing import cast
from unittest.mock import Mock, patch

import brotli
import httpx
import pytest
import requests
import zstandard

from fake_server import FakeTinker, FakeTinkerServer, FakeTinkerTransport, mounted
from fake_server.core.connection_plan import BAD_CHUNK, planned
from fake_server.core.http_messages import TransportFault
from fake_server.http.paced_transport import PacedTransport
from fake_server.script import complete, drop, raw_bytes, redirect, refuse, script, status, timeout, wired
from fake_server.script.steps import ReplyStep, Status, Wired
from tests.fake_server.asking import TRANSPORTS, Transport, outcome

POLL = "/api/v1/retrieve_future"
BODY = b'{"text":"' + b"x" * 100 + b'"}'
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
WAIT = 5.0
"""Seconds within which everything that is to happen happens."""
PATIENCE = 0.05
"""Seconds that are waited for what is not to happen."""
LATE = 30.0
"""Seconds that no test waits."""


def faulty(**wire: object) -> Wired:
    return wired(status(200, json.loads(BODY)), **wire)


FAULTS: dict[str, ReplyStep] = {
    "reset": drop("reset"),
    "close": drop("close"),
    "half_close": drop("half_close"),
    "reset in the head": faulty(cut="head"),
    "close in the head": faulty(cut={"at": "head", "by": "close"}),
    "silence in the head": faulty(cut={"at": "head", "by": "silence"}),
    "reset in the body": faulty(cut="body"),
    "reset before the body": faulty(cut=0),
    "close in the body": faulty(cut={"at": "body", "by": "close"}),
    "half-close in the body": faulty(cut={"at": 10, "by": "half_close"}),
    "silence in the body": faulty(cut={"at": 10, "by": "silence"}),
    "oversized": faulty(extra=5),
    "length too short": faulty(content_length=10),
    "length too long": faulty(content_length=1000),
    "length no number": faulty(content_length="many"),
    "lengths that differ": faulty(content_length=[10, 20]),
    "lengths that agree": faulty(content_length=[len(BODY), len(BODY)]),
    "chunked": faulty(chunked="whole"),
    "bad chunk": faulty(chunked="bad_chunk"),
    "chunks ended early": faulty(chunked="ended_early"),
    "gzip": faulty(compress="gzip"),
    "deflate": faulty(compress="deflate"),
    "zstd": faulty(compress="zstd"),
    "br": faulty(compress="br"),
    "no gzip": faulty(claims="gzip"),
    "unknown coding": faulty(claims="rot13"),
    "compressed, chunked and slow": faulty(
        compress="gzip", chunked="whole", slow_body={"bytes": 20, "seconds": 0.001}
    ),
    "slow head": faulty(slow_head={"bytes": 30, "seconds": 0.001}),
    "slow body": faulty(slow_body={"bytes": 30, "seconds": 0.001}),
    "head too slow": faulty(slow_head={"bytes": 30, "seconds": LATE}),
    "body too slow": faulty(slow_body={"bytes": 30, "seconds": LATE}),
    "late": faulty(delay=0.001),
    "too late": faulty(delay=LATE),
    "held": faulty(hold=True),
    "duplicate headers": faulty(headers=[["content-type", "text/plain"], ["x-twice", "a"], ["x-twice", "b"]]),
    "invalid UTF-8": status(200, raw=b'{"text":"\xff"}', content_type="application/json"),
    "raw bytes": raw_bytes("HTTP/1.1 299 Odd\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"),
    "raw nonsense": raw_bytes("this is no reply\r\n\r\n"),
    "raw silence": raw_bytes("HTTP/1.1 2", then="silence"),
    "redirect": redirect(),
    "redirect that becomes a GET": redirect(303),
    "refused": refuse(PATIENCE),
}

HTTPX = {
    "reset": "ReadError",
    "close": "RemoteProtocolError",
    "half_close": "RemoteProtocolError",
    "reset in the head": "ReadError",
    "close in the head": "RemoteProtocolError",
    "silence in the head": "ReadTimeout",
    "reset in the body": "ReadError",
    "reset before the body": "ReadError",
    "close in the body": "RemoteProtocolError",
    "half-close in the body": "RemoteProtocolError",
    "silence in the body": "ReadTimeout",
    "oversized": "200",
    "length too short": "200, not JSON",
    "length too long": "RemoteProtocolError",
    "length no number": "RemoteProtocolError",
    "lengths that differ": "RemoteProtocolError",
    "lengths that agree": "200",
    "chunked": "200",
    "bad chunk": "RemoteProtocolError",
    "chunks ended early": "RemoteProtocolError",
    "gzip": "200",
    "deflate": "200",
    "zstd": "200",
    "br": "200",
    "no gzip": "DecodingError",
    "unknown coding": "200",
    "compressed, chunked and slow": "200",
    "slow head": "200",
    "slow body": "200",
    "head too slow": "ReadTimeout",
    "body too slow": "ReadTimeout",
    "late": "200",
    "too late": "ReadTimeout",
    "held": "ReadTimeout",
    "duplicate headers": "200",
    "invalid UTF-8": "200, not JSON",
    "raw bytes": "299",
    "raw nonsense": "RemoteProtocolError",
    "raw silence": "ReadTimeout",
    "redirect": "200",
    "redirect that becomes a GET": "404",
    "refused": "RemoteProtocolError",
}

REQUESTS = {
    **dict.fromkeys(["reset", "close", "half_close", "reset in the head"], "ConnectionError"),
    "close in the head": "200, not JSON",
    "silence in the head": "ReadTimeout",
    "reset in the body": "ChunkedEncodingError",
    "reset before the body": "ChunkedEncodingError",
    "close in the body": "ChunkedEncodingError",
    "half-close in the body": "ChunkedEncodingError",
    "silence in the body": "ConnectionError",
    "length too long": "ChunkedEncodingError",
    "length no number": "200",
    "lengths that differ": "InvalidHeader",
    "bad chunk": "ChunkedEncodingError",
    "chunks ended early": "ChunkedEncodingError",
    "zstd": "200, not JSON",
    "no gzip": "ContentDecodingError",
    "body too slow": "ConnectionError",
    "invalid UTF-8": "200",
    "raw nonsense": "ConnectionError",
    "refused": "ConnectionError",
}
"""Where requests differs from httpx."""


def an_engine(*steps: ReplyStep) -> FakeTinker:
    engine = FakeTinker()
    engine.add_script(script(*steps), name="f")
    return engine


def patience(name: str) -> float:
    return PATIENCE if HTTPX[name] == "ReadTimeout" else WAIT


def outcome_once_open(post: Callable[[], httpx.Response]) -> str:
    """The outcome at the first try that the port does not refuse."""
    until = time.monotonic() + WAIT
    while (end := outcome(post)) == "ConnectError":
        assert time.monotonic() < until
    return end


def polled(client: httpx.Client, seconds: float = WAIT) -> str:
    client.timeout = WAIT
    client.follow_redirects = True
    client.post("/api/v1/asample", json={})
    # For the poll alone: on a busy machine, other requests may take longer than what is not to happen.
    limits = httpx.Timeout(WAIT, read=seconds)
    return outcome(lambda: client.post(POLL, json={"request_id": "f"}, timeout=limits))


@pytest.mark.parametrize("name", FAULTS)
def test_httpx_makes_the_same_of_a_fault_on_every_transport(transport: Transport, name: str) -> None:
    engine = an_engine(FAULTS[name], complete())
    with transport(engine) as client:
        assert polled(client, patience(name)) == HTTPX[name]


@pytest.mark.parametrize("name", FAULTS)
def test_an_asynchronous_client_sees_what_a_synchronous_one_does(name: str) -> None:
    async def poll(base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> str:
        limits = httpx.Timeout(WAIT, read=patience(name))
        async with httpx.AsyncClient(
            base_url=base_url, transport=transport, timeout=WAIT, follow_redirects=True, trust_env=False
        ) as client:
            await client.post("/api/v1/asample", json={})
            try:
                reply = await client.post(POLL, json={"request_id": "f"}, timeout=limits)
            except httpx.RequestError as error:
                return type(error).__name__
            return outcome(lambda: reply)

    found = []
    with FakeTinkerServer(an_engine(FAULTS[name], complete())) as server:
        found.append(asyncio.run(poll(server.url)))
    with mounted(an_engine(FAULTS[name], complete())):
        found.append(asyncio.run(poll("http://tinker.test")))
    transport = FakeTinkerTransport(an_engine(FAULTS[name], complete()))
    found.append(asyncio.run(poll("http://tinker.test", transport)))
    assert found == [HTTPX[name]] * 3


@pytest.mark.parametrize("name", FAULTS)
def test_what_requests_makes_of_a_fault(name: str) -> None:
    with FakeTinkerServer(an_engine(FAULTS[name], complete())) as server, requests.Session() as session:
        session.trust_env = False
        session.post(f"{server.url}/api/v1/asample", json={})
        limits = (WAIT, patience(name))
        found = outcome(lambda: session.post(f"{server.url}{POLL}", json={"request_id": "f"}, timeout=limits))
    assert found == REQUESTS.get(name, HTTPX[name])


@pytest.mark.parametrize("name", FAULTS)
def test_the_next_request_is_answered_in_order_whatever_came_before(transport: Transport, name: str) -> None:
    engine = an_engine(FAULTS[name], complete())
    with transport(engine) as client:
        polled(client, patience(name))
        assert outcome_once_open(lambda: client.get("/api/v1/healthz")) == "200"


# -- exact bytes --------------------------------------------------------------------------------------


def reply_bytes(
    engine: FakeTinker, size: int, *, http: bytes = b"HTTP/1.1", polls: int = 1
) -> tuple[bytes, str]:
    """What comes for polls that are sent at once, ``size`` bytes or more, and how the connection ends."""
    content = b'{"request_id":"f"}'
    poll = b"POST %b %b\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (
        POLL.encode(),
        http,
        len(content),
        content,
    )
    submission = (
        b"POST /api/v1/asample HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    with FakeTinkerServer(engine) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
            sock.sendall(submission)
            while sock.recv(65_536):
                pass
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
            sock.sendall(poll * polls)
            return received(sock, size)


def received(sock: socket.socket, size: int) -> tuple[bytes, str]:
    data = b""
    while True:
        try:
            sock.settimeout(PATIENCE if len(data) >= size else WAIT)
            piece = sock.recv(65_536)
        except ConnectionResetError:
            return data, "reset"
        except TimeoutError:
            return data, "open"
        if not piece:
            return data, "closed"
        data += piece


WHOLE = PLAIN + b"content-length: %d\r\n\r\n" % len(BODY)
CLOSED = PLAIN + b"connection: close\r\n"
CHUNKS = b"".join(
    b"%x\r\n%b\r\n" % (len(BODY[start : start + 16]), BODY[start : start + 16])
    for start in range(0, len(BODY), 16)
)


@pytest.mark.parametrize(
    ("step", "data", "end"),
    [
        (drop("reset"), b"", "reset"),
        (drop("close"), b"", "closed"),
        (drop("half_close"), b"", "closed"),
        (faulty(cut="head"), WHOLE[: len(WHOLE) // 2], "reset"),
        (faulty(cut={"at": "head", "by": "silence"}), WHOLE[: len(WHOLE) // 2], "open"),
        (faulty(cut="body"), WHOLE + BODY[: len(BODY) // 2], "reset"),
        (faulty(cut={"at": 7, "by": "close"}), WHOLE + BODY[:7], "closed"),
        (faulty(cut={"at": 7, "by": "half_close"}), WHOLE + BODY[:7], "closed"),
        (faulty(cut={"at": 10_000, "by": "silence"}), WHOLE + BODY[:-1], "open"),
        (faulty(cut=0), WHOLE, "reset"),
        (faulty(extra=3), CLOSED + b"content-length: %d\r\n\r\n" % len(BODY) + BODY + b"xxx", "closed"),
        (faulty(content_length=10), CLOSED + b"content-length: 10\r\n\r\n" + BODY, "closed"),
        (
            faulty(content_length=["1", "2"]),
            CLOSED + b"content-length: 1\r\ncontent-length: 2\r\n\r\n" + BODY,
            "closed",
        ),
        (
            faulty(chunked="whole"),
            PLAIN + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS + b"0\r\n\r\n",
            "open",
        ),
        (
            faulty(chunked="ended_early"),
            CLOSED + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS,
            "closed",
        ),
        (
            faulty(chunked="bad_chunk"),
            PLAIN + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS[:22] + BAD_CHUNK,
            "open",
        ),
        (
            faulty(claims="gzip"),
            PLAIN + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY,
            "open",
        ),
        (faulty(slow_head={"bytes": 20, "seconds": 0.001}), WHOLE + BODY, "open"),
        (faulty(slow_body={"bytes": 20, "seconds": 0.001}), WHOLE + BODY, "open"),
        (faulty(delay=0.001), WHOLE + BODY, "open"),
        (faulty(delay=LATE), b"", "open"),
        (faulty(hold=True), b"", "open"),
        (
            faulty(headers={"content-type": "a/b"}),
            PLAIN + b"content-type: a/b\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY,
            "open",
        ),
        (raw_bytes(b"\x00\xff", then="reset"), b"\x00\xff", "reset"),
        (raw_bytes("", then="silence"), b"", "open"),
        (
            redirect(308, "/x?y"),
            b"HTTP/1.1 308 Permanent Redirect\r\nlocation: /x?y\r\ncontent-length: 0\r\n\r\n",
            "open",
        ),
        (refuse(0.0), b"", "closed"),
    ],
    ids=str,
)
def test_a_fault_is_these_bytes_and_this_end(step: ReplyStep, data: bytes, end: str) -> None:
    assert reply_bytes(an_engine(step, complete()), len(data)) == (data, end)


@pytest.mark.parametrize(
    ("coding", "decode"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("zstd", zstandard.decompress),
        ("br", brotli.decompress),
    ],
)
def test_a_compressed_body_says_so_and_is(coding: str, decode: Callable[[bytes], bytes]) -> None:
    data, _ = reply_bytes(an_engine(faulty(compress=coding), drop("close")), 10_000, polls=2)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"content-encoding: %b\r\ncontent-length: %d" % (coding.encode(), len(body)) in head
    assert decode(body) == BODY


class Pacing:
    """A transport that notes what is written when, and a loop whose time passes at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.wrote: list[tuple[float, bytes]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def get_extra_info(self, _name: str) -> Mock:
        return Mock(spec=socket.socket)

    def write(self, data: bytes) -> None:
        self.wrote.append((round(self.now, 6), data))

    def call_later(self, seconds: float, go: Callable[[], None]) -> asyncio.TimerHandle:
        self.timers.append((self.now + seconds, go))
        return Mock(spec=asyncio.TimerHandle)

    def run(self) -> None:
        while self.timers:
            self.now, go = self.timers.pop(0)
            go()


def test_a_slow_reply_comes_in_pieces_of_the_size_and_at_the_times_asked_for() -> None:
    pacing = Pacing()
    with patch.object(asyncio, "get_running_loop", lambda: pacing):
        transport = PacedTransport(cast("asyncio.Transport", pacing), 9, Mock(), Mock())
    pieces = {"bytes": 3, "seconds": 2.5}
    slow = wired(
        status(200, raw=b"abcdefgh"), delay=5, slow_head={"bytes": 30, "seconds": 7}, slow_body=pieces
    )
    assert isinstance(slow.reply, Status)
    transport.carry_out(planned(TransportFault(slow.wire, slow.reply.reply)))
    transport.write(b"next")
    pacing.run()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\n"
    assert pacing.wrote == [
        (5, head[:30]),
        (12, head[30:60]),
        (19, head[60:]),
        (21.5, b"abc"),
        (24, b"def"),
        (26.5, b"gh"),
        (26.5, b"next"),
    ]


def test_an_old_client_can_see_where_a_corrupted_reply_ends() -> None:
    whole = CLOSED + b"content-length: %d\r\n\r\n" % len(BODY) + BODY
    engine = an_engine(faulty(slow_head={"bytes": 50, "seconds": 0.001}))
    assert reply_bytes(engine, len(whole), http=b"HTTP/1.0") == (whole, "closed")


# -- everybody else -----------------------------------------------------------------------------------


def test_requests_behind_a_slow_reply_are_answered_in_order() -> None:
    slow = faulty(slow_body={"bytes": 50, "seconds": 0.002})
    data, end = reply_bytes(an_engine(slow, timeout(1), slow, drop("close")), 10_000, polls=4)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in data.split(b"HTTP/1.1 ")[1:]]
    assert (bodies, end) == ([BODY, b"1", BODY], "closed")


def test_a_reset_behind_a_slow_reply_waits_for_its_end() -> None:
    slow = faulty(slow_body={"bytes": 50, "seconds": 0.002})
    engine = an_engine(slow, drop("reset"), timeout(1))
    assert reply_bytes(engine, 10_000, polls=3) == (WHOLE + BODY, "reset")


def test_others_are_served_while_a_reply_is_slow() -> None:
    engine = an_engine(faulty(hold=True))
    with (
        FakeTinkerServer(engine) as server,
        httpx.Client(base_url=server.url, trust_env=False) as one,
        httpx.Client(base_url=server.url, trust_env=False) as other,
    ):
        one.post("/api/v1/asample", json={})
        waiting = threading.Thread(target=one.post, args=(POLL,), kwargs={"json": {"request_id": "f"}})
        waiting.start()
        while not engine.held:
            assert other.get("/api/v1/healthz").status_code == 200
        assert waiting.is_alive()
        assert engine.release("g") == 0
        assert engine.release("f") == 1
        waiting.join(WAIT)
        assert not waiting.is_alive()
        assert engine.held == ()


def test_a_held_reply_comes_when_it_is_released(transport: Transport) -> None:
    engine = an_engine(faulty(hold=True))
    replies: list[httpx.Response] = []
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        thread = threading.Thread(target=lambda: replies.append(client.post(POLL, json={"request_id": "f"})))
        thread.start()
        until = time.monotonic() + WAIT
        while not engine.held:
            assert time.monotonic() < until
        assert replies == []
        engine.reset()
        thread.join(WAIT)
    assert [reply.content for reply in replies] == [BODY]


def test_a_held_reply_is_forgotten_when_its_client_leaves() -> None:
    engine = an_engine(faulty(hold=True))
    with FakeTinkerServer(engine) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        assert polled(client, PATIENCE) == "ReadTimeout"
        until = time.monotonic() + WAIT
        while engine.held:
            assert time.monotonic() < until


@pytest.mark.parametrize("kind", ["respx", "transport"])
def test_a_held_reply_reaches_an_asynchronous_client_from_another_thread(kind: str) -> None:
    engine = an_engine(faulty(hold=True))

    def release_when_held() -> None:
        until = time.monotonic() + WAIT
        while not engine.release():
            assert time.monotonic() < until

    async def poll(transport: httpx.AsyncBaseTransport | None) -> bytes:
        async with httpx.AsyncClient(base_url="http://tinker.test", transport=transport) as client:
            await client.post("/api/v1/asample", json={})
            reply = asyncio.ensure_future(client.post(POLL, json={"request_id": "f"}))
            await asyncio.to_thread(release_when_held)
            return (await reply).content

    if kind == "respx":
        with mounted(engine):
            assert asyncio.run(poll(None)) == BODY
    else:
        assert asyncio.run(poll(FakeTinkerTransport(engine))) == BODY


def test_a_client_without_a_read_timeout_gets_an_error_instead_of_waiting_for_ever() -> None:
    transport = FakeTinkerTransport(an_engine(faulty(cut={"at": "body", "by": "silence"})))
    with httpx.Client(base_url="http://tinker.test", transport=transport, timeout=None) as client:
        client.post("/api/v1/asample", json={})
        with pytest.raises(ValueError, match=r"set one, for example httpx\.Client\(timeout=5\)"):
            client.post(POLL, json={"request_id": "f"})


def test_connections_are_refused_even_to_a_client_that_had_one(transport: Transport) -> None:
    engine = an_engine(refuse(LATE), complete())
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        closed = outcome(lambda: client.post(POLL, json={"request_id": "f"}))
        refused = outcome(lambda: client.post(POLL, json={"request_id": "f"}))
    assert (closed, refused) == ("RemoteProtocolError", "ConnectError")
    assert engine.futures[0].polls == 1


def test_an_idle_connection_of_another_client_is_closed_when_the_port_refuses() -> None:
    engine = an_engine(refuse(LATE), complete())
    with (
        FakeTinkerServer(engine) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as idle,
    ):
        assert polled(client) == "RemoteProtocolError"
        assert idle.recv(1) == b""


def test_a_port_that_refused_opens_again(transport: Transport) -> None:
    engine = an_engine(refuse(0.01), complete())
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        assert outcome(lambda: client.post(POLL, json={"request_id": "f"})) == "RemoteProtocolError"
        assert outcome_once_open(lambda: client.post(POLL, json={"request_id": "f"})) == "200"
    assert engine.futures[0].polls == 2


def test_a_server_that_refuses_can_stop_and_start() -> None:
    engine = an_engine(refuse(LATE), refuse(LATE))
    server = FakeTinkerServer(engine)
    for _ in range(2):
        with server, httpx.Client(base_url=server.url, trust_env=False) as client:
            assert outcome(lambda: client.post("/api/v1/asample", json={})) in ("200", "404")
            assert outcome(lambda: client.post(POLL, json={"request_id": "f"})) == "RemoteProtocolError"


# -- what is told of them -----------------------------------------------------------------------------


def test_the_journal_names_the_fault_beside_the_status(transport: Transport) -> None:
    steps = [
        drop("half_close"),
        faulty(cut="body", compress="gzip"),
        refuse(0.0),
        raw_bytes("x"),
        faulty(extra=1),
    ]
    engine = an_engine(*steps)
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        for _ in steps:
            outcome_once_open(lambda: client.post(POLL, json={"request_id": "f"}))
    recorded = [(exchange.status, exchange.fault) for exchange in engine.journal.exchanges()]
    assert recorded == [
        (200, None),
        (None, "half_close"),
        (200, "cut body by reset, compress gzip"),
        (None, "refuse 0 s"),
        (None, "bytes 1, close"),
        (200, "extra 1"),
    ]
    assert engine.journal.exchanges()[2].reply_body == BODY
    assert (
        json.loads(engine.journal.to_json_lines().splitlines()[2])["fault"]
        == "cut body by reset, compress gzip"
    )


def test_verification_names_faults_that_nobody_polled() -> None:
    engine = an_engine(faulty(chunked="bad_chunk"), refuse(2), raw_bytes("x"))
    with pytest.raises(AssertionError, match=r"status 200 \(chunked bad_chunk\), refuse 2 s, bytes 1, close"):
        engine.verify()


def test_a_redirect_loop_ends_in_the_client_and_each_turn_takes_a_step(transport: Transport) -> None:
    engine = FakeTinker()
    engine.add_script(script(redirect()).exhausted("repeat"), name="f")
    with transport(engine) as client:
        assert polled(client) == "TooManyRedirects"
    assert engine.futures[0].polls == 21


def test_a_410_that_is_corrupted_ends_its_future_all_the_same() -> None:
    engine = an_engine(wired(status(410), chunked="whole"), complete())
    with TRANSPORTS["transport"](engine) as client:
        first = client.post("/api/v1/asample", json={}).json()["request_id"]
        assert client.post(POLL, json={"request_id": first}).status_code == 410
        assert client.post("/api/v1/asample", json={}).json()["request_id"] == "f~2"
