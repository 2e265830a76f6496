"""The server's connection, without a socket, compared with h11 on the same bytes."""

from __future__ import annotations

import json
from random import Random

from hypothesis import strategies as st

from fake_server.core.http_messages import Reply, Request
from fake_server.http.known_heads import KnownHeads
from fake_server.http.open_connections import Connections
from fake_server.http_limits import Limits

from .changes import changed, cut_up
from .findings import hold
from .h11_oracle import Asked, answered, asked, is_odd
from .talking import Talk

_LINES = (
    b"Host: a",
    b"Host: b:1",
    b"Content-Length: 3",
    b"Content-Length: 0",
    b"Content-Length: 03",
    b"Content-Length: 3, 3",
    b"Content-Length: +3",
    b"content-length:3 ",
    b"Content-Length : 3",
    b"Content-Length: 18446744073709551619",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding:\tChunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked, chunked",
    b"TE: trailers",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: x, Close",
    b"Expect: 100-continue",
    b"Expect: more",
    b"Upgrade: h2c",
    b"X-Idempotency-Key: 1234",
    b"X: y",
    b"X:",
    b"X: \xe4",
    b" folded: line",
    b"nonsense",
)
_FIRST = (
    b"POST / HTTP/1.1",
    b"POST /api/v1/retrieve_future HTTP/1.1",
    b"GET /x?y=z#f HTTP/1.1",
    b"GET http://b/c HTTP/1.1",
    b"HEAD / HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"POST / HTTP/1.0",
    b"GET / HTTP/2.0",
    b"PRI * HTTP/2.0",
    b"CONNECT a:1 HTTP/1.1",
    b"BREW / HTTP/1.1",
    b"GET  / HTTP/1.1",
    b"GET /",
)
_BODIES = (
    (b"X: y", b""),
    (b"Content-Length: 3", b"abc"),
    (b"Content-Length: 19", b'{"request_id": "f"}'),
    (b"Transfer-Encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked", b"1;x=y\r\na\r\n00f\r\n0123456789abcde\r\n0\r\nA: b\r\n\r\n"),
    (b"Transfer-Encoding: chunked", b"3 \r\nabc\r\n0\r\n\r\n"),
    (b"Content-Length: 0", b""),
)
_PIECES = (
    *(line + b"\r\n" for line in _LINES),
    *_FIRST,
    b"0\r\n\r\n",
    b"\r\n\r\n",
    b"3\r\nabc\r\n",
    b"fffffffff\r\n",
    b" \r\n",
)
_SMALL = Limits(head=120, target=60, header_lines=5, body=40, framing=60, unfinished=200)
_NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    framing, body = draw(st.sampled_from(_BODIES))
    count = draw(st.sampled_from((0, 0, 0, 1, 2)))
    lines = [b"Host: a", framing, *(draw(st.sampled_from(_LINES)) for _ in range(count))]
    if draw(st.integers(0, 4)) == 4:
        lines = draw(st.permutations(lines))
    first = draw(st.sampled_from((_FIRST[0],) * 30 + _FIRST))
    return b"\r\n".join([first, *lines, b"", body])


_STREAMS = changed(
    st.sampled_from((1, 1, 2, 3)).flatmap(lambda n: st.tuples(*[_requests()] * n)).map(b"".join),
    _PIECES,
    (0, 0, 1, 1, 2, 4),
)


class HttpTarget:
    """Streams of requests. The last byte of an input is no part of the stream; it chooses limits and cuts."""

    name = "http"

    # A few requests, some of them changed.
    inputs = st.tuples(_STREAMS, st.binary(min_size=1, max_size=1)).map(b"".join)

    def check(self, data: bytes) -> None:
        """Compare the server's answers with what h11 reads, in one piece and in several."""
        data, choice = data[:-1], data[-1] if data else 0
        limits = _SMALL if choice % 4 == 0 else Limits()
        expected, odd = asked(data), is_odd(data)
        known = KnownHeads()
        whole = _Spoken([data], limits, known)
        whole.must_say(expected, bounded=limits is _SMALL, odd=odd)
        for pieces in (cut_up(Random(choice), data), self._at_requests(data)):
            # What was learnt of the same stream changes nothing.
            spoken = _Spoken(pieces, limits, known)
            if limits is _SMALL:
                # What comes in one piece is bounded by that piece, and so may pass where it is cut up.
                spoken.must_say(expected, bounded=True, odd=odd)
            else:
                hold(spoken.answers == whole.answers, f"in pieces it is answered otherwise: {pieces}")

    @staticmethod
    def _at_requests(data: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        rest = data
        for mark in (b"POST ", b"GET ", b"HEAD "):
            before, found, after = rest.rpartition(mark)
            if found:
                pieces.insert(0, found + after)
                rest = before
        return [rest, *pieces]


class _Spoken:
    """One connection's bytes in both directions, and the properties that must always hold."""

    def __init__(self, pieces: list[bytes], limits: Limits, known: KnownHeads) -> None:
        connections = Connections(limits)
        talk = Talk(self._answer, limits, among=connections, known=known)
        for piece in pieces:
            talk.say(piece)
            hold(
                0 <= connections.unfinished <= min(sum(map(len, pieces)), limits.unfinished),
                "bytes are lost count of",
            )
        self.sent = bytes(talk.transport.sent)
        self.requests = tuple(talk.requests)
        self.ended = not talk.is_open
        replies = answered(self.sent, [request.method for request in talk.requests])
        # Whoever sends the body without waiting need not be told to go on, and where two things are wrong the
        # pieces may say which is found first.
        self.answers = (
            tuple(
                (reply.status, reply.body if reply.status == 200 else b"", reply.closes)
                for reply in replies
                if reply.status != 100
            ),
            self.ended,
            tuple(
                (request.method, request.path, request.query, request.headers, request.body)
                for request in talk.requests
            ),
        )
        if self.ended:
            talk.say(_NEXT)
            hold(bytes(talk.transport.sent) == self.sent, "something is answered behind the end")
            hold(len(talk.requests) == len(self.requests), "something is handled behind the end")
        talk.transport.abort()
        hold(connections.unfinished == 0 and len(connections) == 0, "a connection that has ended is counted")

    @staticmethod
    def _answer(request: Request) -> Reply:
        return Reply(200, (), request.body)

    def must_say(self, expected: list[Asked], *, bounded: bool, odd: bool) -> None:
        """Compare it with what h11 reads; with bounds it may end earlier, with oddities either may."""
        methods = [request.method for request in self.requests]
        replies = [reply for reply in answered(self.sent, methods) if reply.status != 100]
        handled = [(request.method, request.body) for request in self.requests]
        wanted = [(one.method, one.body) for one in expected]
        if bounded or odd:
            wanted = wanted[: len(handled)]
        compared = handled[: len(wanted)] if odd else handled
        hold(compared == wanted, f"handled {handled}, and the bytes say {wanted}")
        for request, one, reply in zip(self.requests, expected, replies, strict=False):
            hold(reply.status == 200, f"a request that is beyond doubt got {reply.status}")
            hold(reply.body == (b"" if one.method == "HEAD" else one.body), "a reply has another's body")
            hold(
                one.target.partition(b"#")[0].endswith(request.path.encode().lstrip(b"/"))
                or bool(request.query),
                "another target",
            )
            hold(reply.closes == (not one.keeps), "the reply tells the end wrongly")
        refusals = replies[len(handled) :]
        hold(len(refusals) <= 1, "a connection is refused twice")
        for refusal in refusals:
            hold(400 <= refusal.status < 600 and refusal.closes and self.ended, f"a refusal is {refusal}")
            hold("; " in json.loads(refusal.body)["error"], "a refusal names no fix")
        if not self.ended:
            hold(
                not refusals and all(one.keeps for one in expected[: len(handled)]),
                "it goes on after its end",
            )
            hold(odd or len(handled) == len(expected), "a whole request is not answered")
