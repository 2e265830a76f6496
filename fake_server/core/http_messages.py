"""HTTP requests and replies as plain values, independent of any HTTP library."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fake_server.core.faults import DropKind, Fault, fault_name
from fake_server.core.gate import Gate

__all__ = ["JSON_HEADERS", "DropKind", "RawHeaders", "Reply", "Request", "TransportFault"]

RawHeaders = tuple[tuple[bytes, bytes], ...]
"""Header lines as on the wire: in order, names in their original case."""

PROTOBUF: Final = "application/x-protobuf"
JSON_HEADERS: Final[RawHeaders] = ((b"content-type", b"application/json"),)
WITHOUT_BODY: Final = (204, 304)
"""Statuses whose replies have neither a body nor a content length."""


class Request:
    """One HTTP request with its complete body.

    Attributes:
        method: Method, in upper case.
        path: Path without the query, percent-encoded as sent.
        query: Query without the question mark; empty if there is none.
        body: The body as sent, with chunks joined; a compressed body is still compressed.
        connection: Number of the connection that carried the request, set by the socket server; None in
            process.
        prefix: The part of the client's path that was removed because this server stands below it, such as
            ``/t/mine``; empty if nothing was removed.
    """

    __slots__ = ("_headers", "_plain", "_values", "body", "connection", "method", "path", "prefix", "query")

    def __init__(
        self, method: str, path: str, query: str = "", headers: RawHeaders = (), body: bytes = b""
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.connection: int | None = None
        self.prefix = ""
        self._headers = headers
        self._values: dict[bytes, bytes] | None = None
        self._plain: bool | None = None

    @property
    def headers(self) -> RawHeaders:
        """Raw header lines."""
        return self._headers

    def header(self, name: str) -> str | None:
        """Return the value of the first header with that name (case-insensitive), or None."""
        if self._values is None:
            self._values = header_values(self._headers)
        value = self._values.get(_key(name))
        return None if value is None else value.decode("latin-1")

    def at(self, path: str) -> Request:
        """Return a copy of this request with another path, for a server whose paths stand below a prefix.

        The part of the path that is lost becomes the end of ``prefix``.

        Args:
            path: The path without the prefix.
        """
        request = Request(self.method, path, self.query, self.headers, self.body)
        request.prefix = self.prefix + self.path.removesuffix(path)
        return request

    def is_plain(self) -> bool:
        """Return whether the body can be read as it is: it has no content coding and is not protobuf."""
        if self._plain is None:
            self._plain = not any(map(_may_be_encoded, self._headers)) or self._looks_plain()
        return self._plain

    def _looks_plain(self) -> bool:
        encoding, kind = self.header("content-encoding"), self.header("content-type")
        return encoding in (None, "", "identity") and PROTOBUF not in (kind or "")

    def recorded_head(self) -> tuple[RecordedHead, bytes]:
        """Return the head for the journal, and the bytes that fill the gap between its header lines.

        The gap lets many requests share one head that differs in a single value, such as an idempotency key.
        """
        return recorded_head(self.method, self.path, self.query, joined_lines(self._headers)), b""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.path}, {len(self.body)} bytes>"


RecordedHead = tuple[str, str, str, bytes, bytes, int]
"""Method, path, query, header lines before the gap, header lines after the gap, and the length of both in
bytes.
"""


def recorded_head(method: str, path: str, query: str, before: bytes, after: bytes = b"") -> RecordedHead:
    """Return the head of a request for the journal. Requests with equal heads may share the value.

    Args:
        method: Method, in upper case.
        path: Path without the query.
        query: Query without the question mark.
        before: Header lines before the gap, each with its line end.
        after: Header lines after the gap, each with its line end.
    """
    return method, path, query, before, after, len(before) + len(after)


def header_values(headers: RawHeaders) -> dict[bytes, bytes]:
    """Return the first value of each header, by its name in lower case."""
    return {name.lower(): value for name, value in reversed(headers)}


def joined_lines(headers: RawHeaders) -> bytes:
    """Return header lines as one bytes object, each with its line end."""
    return b"\r\n".join([*map(b": ".join, headers), b""])


# Clients send the same few header lines with every request.
@lru_cache(maxsize=1024)
def _may_be_encoded(line: tuple[bytes, bytes]) -> bool:
    name, value = line[0].lower(), line[1].lower()
    return name == b"content-encoding" or (name == b"content-type" and PROTOBUF.encode() in value)


@lru_cache(maxsize=64)
def _key(name: str) -> bytes:
    return name.lower().encode("latin-1")


class Reply:
    """One HTTP reply. The transport adds the content length, so ``headers`` never contains one.

    Attributes:
        status: The status code.
        headers: Header lines, except ``Content-Length``, ``Transfer-Encoding`` and ``Connection``.
        body: The body.
        wire: Used by the socket server: the encoded reply, kept for replies that are sent many times.
    """

    __slots__ = ("body", "headers", "status", "wire")

    def __init__(self, status: int, headers: RawHeaders = JSON_HEADERS, body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.wire: bytes | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reply):
            return NotImplemented
        return (self.status, self.headers, self.body) == (other.status, other.headers, other.body)

    def __hash__(self) -> int:
        return hash((self.status, self.headers, self.body))

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"


class TransportFault:
    """A reply with a fault: what happens on the connection instead of the reply, or to it.

    Attributes:
        kind: The fault.
        reply: The reply that the fault changes; None for a fault that replaces the reply.
        gate: Where the reply waits if the fault holds it back.
        future: The name of the polled future, by which a test releases the held reply.
    """

    __slots__ = ("future", "gate", "kind", "reply")

    def __init__(
        self, kind: Fault, reply: Reply | None = None, *, gate: Gate | None = None, future: str = ""
    ) -> None:
        self.kind = kind
        self.reply = reply
        self.gate = gate
        self.future = future

    @property
    def name(self) -> str:
        """Name of the fault, as the journal of requests shows it."""
        return fault_name(self.kind)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TransportFault):
            return NotImplemented
        return (self.kind, self.reply) == (other.kind, other.reply)

    def __hash__(self) -> int:
        return hash((self.kind, self.reply))

    def __repr__(self) -> str:
        return f"<TransportFault {self.name}>"
