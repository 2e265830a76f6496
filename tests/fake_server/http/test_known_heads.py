"""Heads that were parsed before give the same requests as the parser would."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_server import Exchange, FakeTinker, Reply, Request
from fake_server.http import known_heads
from fake_server.http.http_protocol import ConnectionState, HttpProtocol
from fake_server.http.known_heads import MAX_HEADS, KnownHeads
from fake_server.http.open_connections import Connections

KEY = b"stainless-python-retry-88d6948b-d554-4f4c-aca1-1f3d651becd0"
OTHER_KEY = b"another"
LINES = (
    b"POST /api/v1/retrieve_future?x=1 HTTP/1.1",
    b"Host: a",
    b"Connection: keep-alive",
    b"Content-Type: application/json",
    b"X-Idempotency-Key: " + KEY,
    b"x-empty:",
    b"Content-Length: 19",
)
BODY = b'{"request_id": "f"}'
MESSAGE = b"\r\n".join([*LINES, b"", BODY])


class Wire:
    """Collects the bytes that a connection writes."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)


def connection(engine: FakeTinker, known: KnownHeads) -> tuple[HttpProtocol, Wire]:
    protocol, wire = HttpProtocol(engine.handle, Connections(), known=known), Wire()
    protocol._transport = wire  # type: ignore[assignment]
    return protocol, wire


def received(data: bytes, known: KnownHeads) -> Request | None:
    """What the parser makes of a message; ``known`` learns it if it may."""
    requests: list[Request] = []

    def handle(request: Request) -> Reply:
        requests.append(request)
        return Reply(200)

    protocol = HttpProtocol(handle, Connections(), known=known)
    protocol.data_received(data)
    return requests[0] if len(requests) == 1 and protocol._state is ConnectionState.IDLE else None


def meaning(request: Request) -> tuple[object, ...]:
    names = ("host", "X-Idempotency-Key", "content-type", "accept", "x-empty")
    return (
        *(request.method, request.path, request.query, request.headers, request.body, request.is_plain()),
        *(request.header(name) for name in names),
    )


def learnt(message: bytes = MESSAGE) -> KnownHeads:
    known = KnownHeads()
    assert known.request(message) is None
    assert received(message, known) is not None
    return known


def asked(message: bytes, of: bytes = MESSAGE) -> Request | None:
    """What a cache with one head makes of a message, whether or not it expects that head next."""
    known = learnt(of)
    unexpected = known.request(message)
    assert known.request(of) is not None
    expected = known.request(message)
    assert (unexpected and meaning(unexpected)) == (expected and meaning(expected))
    return expected


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        MESSAGE.replace(KEY, OTHER_KEY),
        MESSAGE.replace(KEY, b""),
        MESSAGE.replace(KEY, b"~" * len(KEY)),
        MESSAGE.replace(BODY, b'{"request_id": "g"}'),
    ],
)
def test_a_head_that_differs_in_the_key_only_is_known(message: bytes) -> None:
    found, parsed = asked(message), received(message, KnownHeads())
    assert found is not None
    assert parsed is not None
    assert meaning(found) == meaning(parsed)


def test_a_head_without_a_key_and_one_in_lower_case_are_known_too() -> None:
    for message in (
        MESSAGE.replace(b"X-Idempotency-Key: " + KEY + b"\r\n", b""),
        MESSAGE.replace(b"X-Idempotency-Key", b"x-idempotency-key"),
        b"GET /api/v1/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        found, parsed = asked(message, message), received(message, KnownHeads())
        assert found is not None
        assert parsed is not None
        assert meaning(found) == meaning(parsed)


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE[:-1],
        MESSAGE + b"P",
        MESSAGE.replace(KEY, KEY + b" "),
        MESSAGE.replace(KEY, b"a\nHost: b"),
        MESSAGE.replace(KEY, b"a\x00"),
        MESSAGE.replace(KEY, b"a\xff"),
        MESSAGE.replace(KEY, b"\xff" * len(KEY)),
        MESSAGE.replace(KEY, b" " * len(KEY)),
        MESSAGE.replace(b"Content-Length: 19", b"Content-Length: 18"),
        MESSAGE.replace(b"x=1", b"x=2"),
        MESSAGE.replace(b"\r\n\r\n", b"\r\n"),
        MESSAGE.replace(b"X-Idempotency-Key: " + KEY + b"\r\n", b""),
    ],
)
def test_bytes_that_differ_in_more_are_left_to_the_parser(message: bytes) -> None:
    assert asked(message) is None


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE.replace(b"Connection: keep-alive", b"Connection: close"),
        MESSAGE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        MESSAGE.replace(b"x-empty:", b"x-folded: a\r\n b").replace(b"X-Idem", b" X-Idem"),
        MESSAGE.replace(b"x-empty:", b"x-idempotency-key: again"),
        MESSAGE.replace(KEY, KEY + b"\t"),
        MESSAGE.replace(KEY, KEY + b"\r\n folded"),
        MESSAGE.replace(b"x-empty:", b"x-long: " + b"x" * 9_000),
        MESSAGE.replace(b"x-empty:", b"X-Tinker-Create-Promise-Roundtrip-Time: 1.5"),
        MESSAGE.replace(b"Content-Length: 19", b"Content-Length: 019"),
        MESSAGE.replace(b"Content-Length: 19", b"Transfer-Encoding: chunked").replace(
            BODY, b"2\r\n{}\r\n0\r\n\r\n"
        ),
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_an_unusual_head_is_never_learnt(message: bytes) -> None:
    known = KnownHeads()
    received(message, known)
    assert known._heads == {}


@settings(max_examples=300)
@given(
    place=st.integers(0, len(MESSAGE)),
    cut=st.integers(0, 40),
    piece=st.one_of(
        st.binary(max_size=6),
        st.sampled_from([b"\r\n", b"\r\n\r\n", b": ", b"X-Idempotency-Key: ", KEY, *LINES[1:]]),
    ),
)
def test_whatever_is_known_is_what_the_parser_says(place: int, cut: int, piece: bytes) -> None:
    changed = MESSAGE[:place] + piece + MESSAGE[place + cut :]
    found = asked(changed)
    if found is not None:
        parsed = received(changed, KnownHeads())
        assert parsed is not None
        assert meaning(found) == meaning(parsed)


@given(order=st.lists(st.integers(0, 3), max_size=20))
def test_heads_in_any_order_are_what_the_parser_says(order: list[int]) -> None:
    messages = [MESSAGE.replace(b"x=1", b"x=%d" % number) for number in range(3)]
    messages.append(messages[0].replace(b"X-Idempotency-Key: " + KEY + b"\r\n", b""))
    known, last = KnownHeads(), None
    for message in messages:
        received(message, known)
    for number in order:
        found, parsed = known.request(messages[number], last), received(messages[number], KnownHeads())
        assert found is not None
        assert parsed is not None
        assert meaning(found) == meaning(parsed)
        last = found.head


def test_heads_that_come_in_their_order_again_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, wire = connection(FakeTinker(), KnownHeads())
    polls = [MESSAGE.replace(b"x=1", b"x=%d" % number) for number in range(5)]
    for message in [*polls, *polls, *polls]:
        protocol.data_received(message)
    monkeypatch.delattr(known_heads, "_cut")
    for message in polls:
        protocol.data_received(message.replace(KEY, KEY[::-1]))
    assert len(wire.sent) == 20


def test_known_and_parsed_requests_are_answered_and_recorded_alike() -> None:
    def kept(exchange: Exchange) -> tuple[object, ...]:
        return exchange.headers, exchange.body, exchange.status, exchange.reply_headers, exchange.reply_body

    engine = FakeTinker()
    protocol, wire = connection(engine, KnownHeads())
    for message in (MESSAGE, MESSAGE, MESSAGE[:30], MESSAGE[30:]):
        protocol.data_received(message)
    first, second, third = engine.journal.exchanges()
    assert kept(first) == kept(second) == kept(third)
    assert wire.sent[0] == wire.sent[1] == wire.sent[2]


def test_a_known_head_between_two_pieces_of_another_request_is_not_taken_for_one() -> None:
    engine = FakeTinker()
    known = learnt()
    protocol, _ = connection(engine, known)
    outer = b"POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(MESSAGE)
    for piece in (outer, MESSAGE):
        protocol.data_received(piece)
    assert [exchange.path for exchange in engine.journal.exchanges()] == ["/outer"]
    # A next request has begun behind this one, in the same piece.
    protocol.data_received(MESSAGE + MESSAGE[:9])
    protocol.data_received(MESSAGE[9:])
    assert [exchange.body for exchange in engine.journal.exchanges()][1:] == [BODY, BODY]


def test_no_more_heads_are_remembered_than_that() -> None:
    known = KnownHeads()
    for number in range(MAX_HEADS + 10):
        received(MESSAGE.replace(b"x=1", b"x=%d" % number), known)
        assert known.request(MESSAGE.replace(b"x=1", b"x=%d" % number)) is not None
    assert sum(len(heads) for heads in known._heads.values()) == 10
    assert len(known._next) <= 10


def test_requests_with_one_head_share_it_in_the_journal() -> None:
    engine = FakeTinker()
    protocol, _ = connection(engine, KnownHeads())
    for _ in range(3):
        protocol.data_received(MESSAGE)
    _, second, third = engine.journal._records
    assert second[0] is third[0]
    gc.collect()
    gc.collect()
    assert not gc.is_tracked(third)
