"""What goes into the engine and what comes out: plain values that belong to no HTTP library."""

from __future__ import annotations

from typing import Final

from fake_server.faults import DropKind, Fault, fault_name
from fake_server.gate import Gate

__all__ = ["JSON_HEADERS", "DropKind", "RawHeaders", "Reply", "Request", "TransportFault"]

RawHeaders = tuple[tuple[bytes, bytes], ...]
"""Header lines as they were on the wire, in order, names in whatever case they came."""

JSON_HEADERS: Final[RawHeaders] = ((b"content-type", b"application/json"),)


class Request:
    """One HTTP request, its body complete.

    Attributes:
        method: Upper case.
        path: Without the query, percent-encoding as sent.
        query: Without the question mark; empty when there is none.
        headers: Raw header lines.
        body: Content as sent: chunks joined, a content encoding still in place.
        connection: Number of the connection that it came on, set by the socket face; None in process.
    """

    __slots__ = ("_values", "body", "connection", "headers", "method", "path", "query")

    def __init__(
        self, method: str, path: str, query: str = "", headers: RawHeaders = (), body: bytes = b""
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.connection: int | None = None
        self._values: dict[bytes, bytes] | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, or None; the case of names does not matter."""
        if self._values is None:
            self._values = {key.lower(): value for key, value in reversed(self.headers)}
        value = self._values.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path}, {len(self.body)} bytes>"


class Reply:
    """One HTTP reply. Each face writes the content length, so ``headers`` never holds one."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: RawHeaders = JSON_HEADERS, body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reply):
            return NotImplemented
        return (self.status, self.headers, self.body) == (other.status, other.headers, other.body)

    def __hash__(self) -> int:
        return hash((self.status, self.headers, self.body))

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"


class TransportFault:
    """Not simply a reply: what happens on the connection instead, or to the reply on its way.

    Attributes:
        kind: The fault.
        reply: The reply that it spoils; None for a fault that takes the place of one.
        gate: Where the reply waits if it is held.
        future: The name of the future that was polled, under which it waits.
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
        """What the journal calls it."""
        return fault_name(self.kind)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TransportFault):
            return NotImplemented
        return (self.kind, self.reply) == (other.kind, other.reply)

    def __hash__(self) -> int:
        return hash((self.kind, self.reply))

    def __repr__(self) -> str:
        return f"<TransportFault {self.name}>"
