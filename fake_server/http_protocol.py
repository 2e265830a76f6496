"""One HTTP/1.1 connection: bytes in, requests to the engine, replies out in one write each.

How a connection can end: the client closes it; it asked to (``Connection: close``, HTTP/1.0); the script
drops it; or what came was no HTTP (400, 417), too large a head (431) or too large a body (413). After such an
error reply the rest of what the client sends is read and thrown away for a moment, since closing at once
would reset the connection and could destroy the reply on its way.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httptools

from fake_server.faults import Refusal
from fake_server.json_values import encoded
from fake_server.known_heads import KnownHeads
from fake_server.messages import JSON_HEADERS, WITHOUT_BODY, RawHeaders, Reply, Request, TransportFault
from fake_server.paced import PacedTransport
from fake_server.wire import End, Framing, planned, status_line

LINGER_SECONDS: Final = 1.0
LINGER_BYTES: Final = 16 * 1024 * 1024
_KEPT: Final = Framing()
_LAST: Final = Framing(keep=False)
_KEPT_BYTES: Final = 4096
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NUMBERS: Final = itertools.count(1)
"""What connections are numbered by, in the whole process."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may send, in bytes.

    Attributes:
        head: Request line and headers together.
        body: The body, chunk framing left out, before any content encoding is undone.
    """

    head: int = 64 * 1024
    body: int = 64 * 1024 * 1024


class _Refused(Exception):  # noqa: N818 - stops the parser; the reply says what is wrong
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, JSON_HEADERS, encoded({"error": text}))


class HttpProtocol(asyncio.Protocol):
    """Parses requests with httptools and answers each from ``handle``, in order."""

    def __init__(
        self,
        handle: Callable[[Request], Reply | TransportFault],
        limits: Limits,
        connections: set[HttpProtocol],
        refuse: Callable[[float], None] | None = None,
        known: KnownHeads | None = None,
    ) -> None:
        """Answers with ``handle``, and is in ``connections`` for as long as it is open.

        Heads are looked up in ``known``, and learnt.
        ``refuse`` makes the port refuse connections for a number of seconds, and ``leave``s those that are
        open.
        """
        self._handle = handle
        self._limits = limits
        self._connections = connections
        self._refuse_connections = refuse
        self._known = KnownHeads() if known is None else known
        self._between = True
        self._newest: Request | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._url = b""
        self._head_bytes = 0
        self._body_bytes = 0
        self._in_head = True
        self._answered = 0
        self._number = 0
        self._closing = False
        self._discarded = 0
        self._linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's streams always are
        self._transport = transport
        self._number = next(_NUMBERS)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Ends, whoever closed."""
        if isinstance(self._transport, PacedTransport):
            self._transport.lost()
        self._transport = None
        self._connections.discard(self)
        if self._linger is not None:
            self._linger.cancel()

    def pause_writing(self) -> None:
        """Stops reading from a client that does not read its replies."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Reads again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Closes at once, for the server's end."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Closes unless a slow reply is on its way."""
        if not (isinstance(self._transport, PacedTransport) and self._transport.busy):
            self._close()

    def data_received(self, data: bytes) -> None:
        """Parses what came; every request that it completes is answered before this returns."""
        if self._closing:
            self._discard(len(data))
            return
        between = self._between
        if between and (request := self._known.request(data)) is not None:
            request.connection = self._number
            answer = self._handle(request)
            if type(answer) is Reply and self._transport is not None:
                self._transport.write(answer.wire or kept_wire(answer))
            else:
                self._answer(answer, _KEPT)
                self._flush()
            return
        try:
            answered = self._answered
            self._feed(data)
            if between and self._between and self._answered == answered + 1 and self._newest is not None:
                self._known.learn(data, self._newest)
            # How much of a piece that ended other requests belongs to this head is not known.
            if self._in_head and self._answered == answered:
                self._head_bytes += len(data)
                self._check_head()
        except _Refused as refusal:
            self._refuse(refusal.reply)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            if not isinstance(cause, _Refused):
                raise
            self._refuse(cause.reply)
        except httptools.HttpParserError as error:
            if not self._closing:
                text = (
                    f"this is no HTTP/1.1 request ({error}); send a request line, headers and a framed body"
                )
                self._refuse(Reply(400, JSON_HEADERS, encoded({"error": text})))
        self._flush()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # No other protocol is spoken here, and RFC 9110 lets a server ignore the offer. The parser
                # ends such a request at its head, body or not (Java's client offers h2c with bodies), so it
                # reads the head again without the offer.
                consumed: int = upgrade.args[0]
                data = self._head_without_offer() + data[consumed:]
            else:
                return

    def _head_without_offer(self) -> bytes:
        version = self._parser.get_http_version().encode("ascii")
        lines = [b"%b %b HTTP/%b" % (self._parser.get_method(), self._url, version)]
        lines += [b"%b: %b" % line for line in self._headers if line[0].lower() != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        self._headers, self._body = [], []
        self._url = b""
        self._head_bytes = self._body_bytes = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """The target, or a piece of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: refuses what must not be read on."""
        self._in_head = False
        headers = {name.lower(): value for name, value in self._headers}
        self._head_bytes = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        self._check_head()
        if self._parser.get_method() == b"CONNECT":
            raise _Refused(405, "this is no proxy; send the request itself")
        if self._parser.should_upgrade():
            return
        if self._parser.get_http_version() == "1.1":
            hosts = sum(name.lower() == b"host" for name, _ in self._headers)
            if hosts != 1:
                raise _Refused(
                    400, f"an HTTP/1.1 request has one Host header, and this has {hosts}; send one"
                )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.body:
            raise self._too_large()
        if (expectation := headers.get(b"expect")) is not None and not self._closing:
            if expectation.lower() != b"100-continue":
                raise _Refused(417, "only 'Expect: 100-continue' is known here; leave the header out")
            self._out.append(_CONTINUE)
            self._flush()

    def on_body(self, body: bytes) -> None:
        """A piece of the body, chunk framing removed."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body:
            raise self._too_large()
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: answers it."""
        # A request behind one that ended the connection is not answered.
        if self._closing or self._parser.should_upgrade():
            return
        path, query = _target(self._url)
        method = self._parser.get_method().decode("ascii")
        self._newest = request = Request(method, path, query, tuple(self._headers), b"".join(self._body))
        request.connection = self._number
        answer = self._handle(request)
        self._between = self._in_head = True
        self._head_bytes = 0
        self._answered += 1
        keep = self._parser.should_keep_alive()
        old = self._parser.get_http_version() == "1.0"
        self._answer(answer, Framing(head=method == "HEAD", keep=keep, old=old))

    def _answer(self, answer: Reply | TransportFault, framing: Framing) -> None:
        match answer:
            case TransportFault():
                self._spoil(answer, framing)
            case Reply():
                self._out.append(wire(answer, framing))
                if not framing.keep:
                    self._close()

    def _check_head(self) -> None:
        if self._head_bytes > self._limits.head:
            text = f"request line and headers are larger than {self._limits.head} bytes; send fewer headers"
            raise _Refused(431, text)

    def _too_large(self) -> _Refused:
        return _Refused(413, f"the body is larger than {self._limits.body} bytes; send a smaller one")

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _close(self) -> None:
        self._flush()
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    def _spoil(self, fault: TransportFault, framing: Framing) -> None:
        self._flush()
        if isinstance(fault.kind, Refusal) and self._refuse_connections is not None:
            self._refuse_connections(fault.kind.seconds)
        acts = planned(fault, framing)
        self._closing = isinstance(acts[-1], End)
        if self._transport is None:
            return
        if not isinstance(self._transport, PacedTransport):
            self._transport = PacedTransport(self._transport)
        self._transport.carry_out(acts, fault.gate, fault.future)

    def _refuse(self, reply: Reply) -> None:
        if self._closing:
            return
        self._out.append(wire(reply, _LAST))
        self._flush()
        self._closing = True
        if self._transport is not None:
            self._transport.write_eof()
            self._linger = asyncio.get_running_loop().call_later(LINGER_SECONDS, self.abort)

    def _discard(self, count: int) -> None:
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.abort()


def wire(reply: Reply, framing: Framing) -> bytes:
    """A reply as bytes, in the form that the request asks for."""
    start = _head(reply.status, reply.headers, keep=framing.keep, old=framing.old)
    if reply.status in WITHOUT_BODY:
        return b"%b\r\n" % start
    length = len(reply.body)
    return b"%bcontent-length: %d\r\n\r\n%b" % (start, length, b"" if framing.head else reply.body)


def kept_wire(reply: Reply) -> bytes:
    """The same for HTTP/1.1, neither HEAD nor the connection's last; remembered unless it is large."""
    if reply.status in WITHOUT_BODY:
        return wire(reply, _KEPT)
    body = reply.body
    sent = b"%bcontent-length: %d\r\n\r\n%b" % (_kept_head(reply.status, reply.headers), len(body), body)
    if len(sent) <= _KEPT_BYTES:
        reply.wire = sent
    return sent


@lru_cache(maxsize=1024)
def _kept_head(status: int, headers: RawHeaders) -> bytes:
    return _head(status, headers, keep=True, old=False)


@lru_cache(maxsize=1024)
def _head(status: int, headers: RawHeaders, *, keep: bool, old: bool) -> bytes:
    lines = [status_line(status)]
    lines += [b"%b: %b\r\n" % line for line in headers]
    if not keep:
        lines.append(b"connection: close\r\n")
    elif old:
        lines.append(b"connection: keep-alive\r\n")
    return b"".join(lines)


def _target(url: bytes) -> tuple[str, str]:
    if not url.startswith(b"/") and b"://" in url:
        parsed = httptools.parse_url(url)
        path, query = parsed.path or b"/", parsed.query or b""
    else:
        path, _, query = url.partition(b"#")[0].partition(b"?")
    return path.decode("latin-1"), query.decode("latin-1")
