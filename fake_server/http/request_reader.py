"""Read requests from the bytes of one connection: httptools parses them, this module enforces the limits."""

from __future__ import annotations

from typing import Final, NamedTuple

import httptools

from fake_server.core.connection_plan import Framing
from fake_server.core.http_messages import RawHeaders, Request
from fake_server.core.refused_request import RefusedError
from fake_server.http.http_limits import Limits
from fake_server.http.request_head import too_large, waits_for_continue

_TLS: Final = b"\x16"
"""First byte of a TLS handshake, by which a client that speaks HTTPS is recognized."""


_NO_TRAILERS: Final = frozenset({b"connection", b"content-length", b"transfer-encoding", b"host", b"expect"})
"""Headers that are not allowed as trailers, because they determine how a request is read (RFC 9110, 6.5.1).
"""
_BESIDE_TARGET: Final = len(b"  HTTP/1.1\r\n\r\n")


class Received(NamedTuple):
    """A complete request, with the facts that determine the form of its reply."""

    request: Request
    framing: Framing


class RequestReader:
    """Collects the bytes of one connection, which come in pieces of any size, into requests.

    Attributes:
        ready: Complete requests, in order; the caller removes those that it has handled.
        in_head: Whether a head has begun and is incomplete.
        in_body: Whether a head is complete and its body is not.
        waits: Whether the client waits for ``100 Continue`` before it sends the body.
    """

    __slots__ = (
        "_begun",
        "_body",
        "_body_bytes",
        "_fed",
        "_head",
        "_head_bytes",
        "_headers",
        "_limits",
        "_parser",
        "_url",
        "in_body",
        "in_head",
        "ready",
        "waits",
    )

    def __init__(self, limits: Limits) -> None:
        """Create a reader that has read nothing.

        Args:
            limits: The limits of the server.
        """
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self.ready: list[Received] = []
        self.in_head = self.in_body = self.waits = self._begun = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._head: RawHeaders = ()
        self._body: list[bytes] = []
        self._url = b""
        self._head_bytes = self._body_bytes = self._fed = 0

    @property
    def between(self) -> bool:
        """Whether no byte of the next request has arrived."""
        return not (self.in_head or self.in_body)

    @property
    def held(self) -> int:
        """Number of bytes of the incomplete request, and of the bodies of the requests in ``ready``."""
        waiting = sum(len(received.request.body) for received in self.ready)
        return self._head_bytes + self._body_bytes + waiting

    def feed(self, data: bytes) -> None:
        """Read more bytes; every request that they complete is added to ``ready``.

        Raises:
            RefusedError: The server refuses these bytes. Nothing can be read after them; the requests in
                ``ready`` are valid.
        """
        begins, self._begun = not self._begun, True
        if begins and data[:1] == _TLS:
            raise RefusedError(
                400, "the client sent TLS, but the port speaks plain HTTP; use http:// instead of https://"
            )
        complete = len(self.ready)
        try:
            self._parse(data)
        except httptools.HttpParserCallbackError as error:
            match error.__context__:
                case RefusedError() as refused:
                    raise refused from None
                case (
                    httptools.HttpParserError() as odd
                ):  # about the target, which is parsed once it is complete
                    raise self._no_http(odd) from None
            raise
        except httptools.HttpParserError as error:
            raise self._no_http(error) from None
        # If the piece completed other requests, it is not known how much of it belongs to this one.
        if len(self.ready) == complete:
            self._count(len(data))

    def forget(self) -> None:
        """Forget the incomplete request, because the rest will never come."""
        self.ready.clear()
        self._body, self._headers, self._head = [], [], ()
        self._head_bytes = self._body_bytes = 0
        self.in_head = self.in_body = False

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # The server supports no other protocol, and RFC 9110 lets it ignore the offer. The parser
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

    def _count(self, size: int) -> None:
        if self.in_head:
            self._head_bytes += size
            self._check_head()
        elif self.in_body:
            self._fed += size
            if self._fed - self._body_bytes > self._limits.framing + self._body_bytes:
                raise RefusedError(
                    413, "the chunk framing is too large; send larger chunks and fewer trailers"
                )

    def _no_http(self, error: httptools.HttpParserError) -> RefusedError:
        if self._parser.get_method() == b"PRI":
            return RefusedError(
                400, "the client sent HTTP/2, but the port speaks HTTP/1.1; turn HTTP/2 off in the client"
            )
        return RefusedError(
            400, f"this is not an HTTP/1.1 request ({error}); send a request line, headers and a framed body"
        )

    def _check_head(self) -> None:
        if self._head_bytes > self._limits.head:
            raise RefusedError(
                431,
                f"the request line and headers are larger than {self._limits.head} bytes; send fewer headers",
            )

    # -- called by the parser ----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request; called by the parser."""
        self._headers, self._head, self._body = [], (), []
        self._url = b""
        self._head_bytes = self._body_bytes = self._fed = 0
        self.in_head = True

    def on_url(self, url: bytes) -> None:
        """Add a piece of the request target (path and query); called by the parser."""
        self._url += url
        if len(self._url) > self._limits.target:
            raise RefusedError(
                414, f"the target is larger than {self._limits.target} bytes; send a shorter path or query"
            )

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header line; called by the parser. A line after the body is a trailer, and is ignored."""
        if not self.in_head:
            if name.lower() in _NO_TRAILERS:
                text = f"{name.decode('ascii')} is not allowed as a trailer; send it as a header"
                raise RefusedError(400, text)
            return
        self._headers.append((name, value.rstrip(b" \t")))
        if len(self._headers) > self._limits.header_lines:
            raise RefusedError(
                431, f"the request has more than {self._limits.header_lines} header lines; send fewer headers"
            )

    def on_headers_complete(self) -> None:
        """End the head; called by the parser.

        Raises:
            RefusedError: The server refuses the request before it reads the body.
        """
        self._head = tuple(self._headers)
        method, version = self._parser.get_method(), self._parser.get_http_version()
        self._head_bytes = len(method) + len(self._url) + _BESIDE_TARGET
        self._head_bytes += sum(len(name) + len(value) + 4 for name, value in self._head)
        self._check_head()
        self._head_bytes = 0
        self.waits = waits_for_continue(method, version, self._head, self._limits)
        self.in_head, self.in_body = False, True

    def on_body(self, body: bytes) -> None:
        """Add a piece of the body, without chunk framing; called by the parser."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body:
            raise too_large(self._limits)
        self._body.append(body)

    def on_message_complete(self) -> None:
        """End the request; called by the parser."""
        self.in_body = self.waits = False
        self._body_bytes = 0
        if self._parser.should_upgrade():
            return
        path, query = _target(self._url)
        method = self._parser.get_method().decode("ascii")
        request = Request(method, path, query, self._head, b"".join(self._body))
        self._body = []
        keep = self._parser.should_keep_alive()
        old = self._parser.get_http_version() == "1.0"
        self.ready.append(Received(request, Framing(head=method == "HEAD", keep=keep, old=old)))


def _target(url: bytes) -> tuple[str, str]:
    if not url.startswith(b"/") and b"://" in url:
        parsed = httptools.parse_url(url)
        path, query = parsed.path or b"/", parsed.query or b""
    else:
        path, _, query = url.partition(b"#")[0].partition(b"?")
    return path.decode("latin-1"), query.decode("latin-1")
