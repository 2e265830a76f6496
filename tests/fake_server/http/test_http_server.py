"""The loopback server, spoken to in bytes."""

import contextlib
import gc
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import h11
import httpx
import pytest
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_server import FakeTinker, FakeTinkerServer, Poll, Reply, Request, Submission, TransportFault
from fake_server.core.errors import ServerError
from fake_server.http.http_protocol import LINGER_BYTES
from fake_server.http_limits import Limits
from fake_server.script import complete, drop, script, timeout
from fake_server.script.steps import Advance

HEALTH = b"GET /api/v1/healthz HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_HEALTH = b"GET /api/v1/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
WAIT = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[FakeTinkerServer]:
    with FakeTinkerServer(FakeTinker(), limits=Limits(head=4_000, body=10_000)) as served:
        yield served


def connect(server: FakeTinkerServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)


def rest(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def talk(server: FakeTinkerServer, *pieces: bytes) -> bytes:
    """Sends the pieces apart, and reads until the server closes."""
    with connect(server) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        return rest(sock)


def parsed(data: bytes, *methods: str) -> list[tuple[int, bytes]]:
    """Statuses and bodies as h11 reads them; anything left over or malformed is an error."""
    replies = []
    connection = h11.Connection(h11.CLIENT)
    connection.receive_data(data)
    connection.receive_data(b"")
    for number, method in enumerate(methods):
        if number:
            connection.start_next_cycle()
        connection.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
        connection.send(h11.EndOfMessage())
        status, body = 0, b""
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            assert isinstance(event, h11.Response | h11.Data | h11.InformationalResponse)
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
        replies.append((status, body))
    assert connection.trailing_data[0] == b""
    return replies


def test_requests_sent_at_once_are_answered_in_order(server: FakeTinkerServer) -> None:
    unknown = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    replies = parsed(talk(server, HEALTH + unknown + LAST_HEALTH), "GET", "POST", "GET")
    assert [status for status, _ in replies] == [200, 404, 200]


def test_requests_sent_at_once_may_be_larger_together_than_one_head(server: FakeTinkerServer) -> None:
    data = HEALTH * 300 + LAST_HEALTH
    with connect(server) as sock:
        sock.sendall(data[:-10])
        assert sock.recv(1, socket.MSG_PEEK) == b"H"
        sock.sendall(data[-10:])
        replies = parsed(rest(sock), *["GET"] * 301)
    assert {status for status, _ in replies} == {200}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 230), max_size=6))
def test_a_request_may_arrive_in_pieces(server: FakeTinkerServer, cuts: list[int]) -> None:
    body = b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: t\r\n\r\n"
    data = (
        b"POST /api/v1/create_session HTTP/1.1\r\nHost: a\r\nX-Long: "
        + b"z" * 20
        + b"\r\n"
        + body
        + LAST_HEALTH
    )
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert [status for status, _ in parsed(talk(server, *pieces), "POST", "GET")] == [200, 200]


def test_head_has_the_length_and_no_body(server: FakeTinkerServer) -> None:
    data = talk(server, b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + LAST_HEALTH)
    (first, body), (second, _) = parsed(data, "HEAD", "GET")
    assert (first, body, second) == (404, b"", 200)
    assert b"content-length: 0" not in data


def test_a_client_that_waits_for_100_gets_it(server: FakeTinkerServer) -> None:
    head = b"POST /api/v1/create_session HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
    with connect(server) as sock:
        sock.sendall(head + b"Connection: close\r\n\r\n")
        assert sock.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert parsed(rest(sock), "POST")[0][0] == 200


def test_http_1_0_closes_unless_it_asks_not_to(server: FakeTinkerServer) -> None:
    assert b"connection: close" in talk(server, b"GET /api/v1/healthz HTTP/1.0\r\n\r\n")
    kept = talk(server, b"GET /api/v1/healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + LAST_HEALTH)
    assert kept.count(b"HTTP/1.1 200 OK") == 2
    assert b"connection: keep-alive" in kept


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://a:1/api/v1/healthz?x=1 HTTP/1.1\r\nHost: a\r\n",
        b"GET /api/v1/healthz#x HTTP/1.1\r\nHost: a\r\n",
        b"GET /api/v1/healthz HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
    ],
)
def test_unusual_forms_are_understood(server: FakeTinkerServer, head: bytes) -> None:
    connection = b"Connection: Upgrade\r\n" if b"Upgrade" in head else b""
    replies = parsed(talk(server, head + connection + b"\r\n" + LAST_HEALTH), "GET", "GET")
    assert replies == [(200, b'{"status":"ok"}')] * 2


def test_an_upgrade_offer_with_a_body_is_ignored(server: FakeTinkerServer) -> None:
    head = b"POST /api/v1/create_session HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    data = talk(server, head + b"Content-Length: 2\r\n\r\n{}" + LAST_HEALTH)
    assert [status for status, _ in parsed(data, "POST", "GET")] == [200, 200]


REFUSED = {
    b"nonsense\r\n\r\n": (400, "not an HTTP/1.1 request"),
    b"\x16\x03\x01\x02\x00": (400, "use http:// instead of https://"),
    b"GET / HTTP/1.1\r\n\r\n": (400, "this has 0; send one"),
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": (400, "this has 2; send one"),
    b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n": (405, "take it out of the client's proxy settings"),
    b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n": (400, "not an HTTP/1.1 request"),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n": (400, "not an HTTP/1.1 request"),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": (
        400,
        "not an HTTP",
    ),
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": (
        400,
        "not an HTTP/1.1 request",
    ),
    b"POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 1\r\n\r\n": (417, "leave the header out"),
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5_000: (431, "larger than 4000 bytes"),
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5_000 + b"\r\n\r\n": (431, "larger than 4000 bytes"),
    b"GET /" + b"x" * 5_000: (431, "larger than 4000 bytes"),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n": (413, "larger than 10000 bytes"),
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n" + b"x" * 20_000: (
        413,
        "larger than",
    ),
}


@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_request_is_refused_and_the_connection_closed(
    server: FakeTinkerServer, data: bytes
) -> None:
    with connect(server) as sock:
        sock.sendall(data)
        answer = rest(sock)
    status, message = REFUSED[data]
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in answer
    assert message in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def test_a_refusal_survives_the_rest_of_a_large_body(server: FakeTinkerServer) -> None:
    with connect(server) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert sock.recv(1, socket.MSG_PEEK) == b"H"
        for _ in range(100):
            sock.sendall(b"x" * 1_000)
        assert rest(sock).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_never_stops_sending_is_cut_off(server: FakeTinkerServer) -> None:
    with connect(server) as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            sock.sendall(b"x" * 4 * LINGER_BYTES)


def test_requests_behind_one_that_closes_are_not_answered() -> None:
    engine = FakeTinker()
    engine.add_script(script().then(drop("close"), complete()), name="f")
    with FakeTinkerServer(engine) as server:
        httpx.post(f"{server.url}/api/v1/asample", json={}, trust_env=False)
        body = b'{"request_id":"f"}'
        poll = (
            b"POST /api/v1/retrieve_future HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )
        assert parsed(talk(server, HEALTH + poll + HEALTH), "GET")[0][0] == 200
    assert len(engine.journal) == 3
    assert engine.futures[0].polls == 1


def test_a_reset_is_one_on_the_wire_and_a_close_is_not() -> None:
    engine = FakeTinker()
    engine.add_script(script().then(drop("reset"), drop("close")), name="f")
    body = b'{"request_id":"f"}'
    poll = (
        b"POST /api/v1/retrieve_future HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    with FakeTinkerServer(engine) as server:
        httpx.post(f"{server.url}/api/v1/asample", json={}, trust_env=False)
        with connect(server) as sock:
            sock.sendall(poll)
            with pytest.raises(ConnectionResetError):
                rest(sock)
        assert talk(server, poll) == b""


def test_a_client_that_resets_leaves_the_others_alone(server: FakeTinkerServer) -> None:
    with connect(server) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(HEALTH[:20])
    assert parsed(talk(server, LAST_HEALTH), "GET")[0][0] == 200


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    engine = FakeTinker()
    engine.add_script(script().then(timeout("x" * 1_000)).exhausted("repeat"), name="f")
    body = b'{"request_id":"f"}'
    poll = (
        b"POST /api/v1/retrieve_future HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )

    with FakeTinkerServer(engine) as server:
        httpx.post(f"{server.url}/api/v1/asample", json={}, trust_env=False)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            sock.connect(("127.0.0.1", server.port))
            sock.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                sock.sendall(poll * 60_000)
            # Each of these takes a turn of the server's loop, in which it would read on from the other.
            for _ in range(60):
                assert parsed(talk(server, LAST_HEALTH), "GET")[0][0] == 200
    assert engine.futures[0].polls < 30_000


def running() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_nothing_is_left_after_the_block() -> None:
    gc.collect()
    before = running()
    with FakeTinkerServer(FakeTinker()) as server:
        assert len(running() - before) == 1
        address = ("127.0.0.1", server.port)
        kept = connect(server)
        kept.sendall(HEALTH)
        kept.recv(1)
    assert not running() - before
    with kept:
        assert rest(kept).endswith(b'{"status":"ok"}')
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=WAIT)
    gc.collect()


def test_a_server_that_is_stopped_at_once_leaves_nothing() -> None:
    before = running()
    for _ in range(50):
        server = FakeTinkerServer(FakeTinker())
        server.start()
        server.stop()
        server.stop()
    assert not running() - before


def test_a_server_starts_again_on_the_same_port() -> None:
    engine = FakeTinker()
    with FakeTinkerServer(engine) as server:
        port = server.port
        talk(server, LAST_HEALTH)
    with FakeTinkerServer(engine, port=port) as server:
        assert parsed(talk(server, LAST_HEALTH), "GET")[0][0] == 200


def test_a_taken_port_is_reported() -> None:
    with FakeTinkerServer(FakeTinker()) as server, pytest.raises(ServerError, match="use port 0"):
        FakeTinkerServer(FakeTinker(), port=server.port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_machines_are_kept_out_unless_asked_for(host: str) -> None:
    with pytest.raises(ServerError, match="allow_remote=True"):
        FakeTinkerServer(FakeTinker(), host)
    FakeTinkerServer(FakeTinker(), host, allow_remote=True)


def test_a_server_that_does_not_run_says_so() -> None:
    server = FakeTinkerServer(FakeTinker())
    with pytest.raises(ServerError, match="not running"):
        _ = server.url
    with server, pytest.raises(ServerError, match="already running"):
        server.start()


def test_it_works_while_time_is_frozen() -> None:
    with freeze_time("2030-01-01"), FakeTinkerServer(FakeTinker()) as server:
        assert parsed(talk(server, LAST_HEALTH), "GET")[0][0] == 200
        with connect(server) as sock:
            sock.sendall(b"nonsense\r\n\r\n")
            assert rest(sock).startswith(b"HTTP/1.1 400")
        assert server._loop is not None
        assert abs(server._loop.time() - time.clock_gettime(time.CLOCK_MONOTONIC)) < WAIT


def test_the_reply_is_withheld_while_the_listener_runs() -> None:
    entered, released = threading.Event(), threading.Event()

    class Slow:
        def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None: ...

        def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None: ...

        def submission_arrived(self, submission: Submission) -> None: ...
        def request_arrived(self, poll: Poll) -> None: ...
        def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
            entered.set()
            assert released.wait(WAIT)

        def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None: ...

    engine = FakeTinker(listener=Slow())
    engine.add_script(script().advance(60).then(complete()), name="f")
    with FakeTinkerServer(engine) as server:
        httpx.post(f"{server.url}/api/v1/asample", json={}, trust_env=False)
        body = b'{"request_id":"f"}'
        with connect(server) as sock:
            sock.sendall(
                b"POST /api/v1/retrieve_future HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\n" + body
            )
            assert entered.wait(WAIT)
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)
            released.set()
            sock.settimeout(WAIT)
            assert sock.recv(12) == b"HTTP/1.1 200"
