"""Request heads that were parsed before, so that a client's next poll need not be.

The polls of one client have the same head but for one line: ``tinker`` gives each request a fresh
``X-Idempotency-Key`` (0.6.3 and 0.38.0). A head that the parser has accepted is remembered with that value
left out. Bytes that differ from it in nothing else, and hold a plain value there, say the same: the parser
would only find that again. Whatever is in the least unusual is never remembered.
"""

from __future__ import annotations

from typing import Final

from fake_server.core.http_messages import (
    RawHeaders,
    RecordedHead,
    Request,
    header_values,
    joined_lines,
    recorded_head,
)

MAX_HEADS: Final = 256
"""Heads that are remembered; when more come, it begins anew."""
MAX_HEAD_BYTES: Final = 8 * 1024
_MARK: Final = b"\r\nX-Idempotency-Key: "
_LOWER_MARK: Final = _MARK.lower()
_VISIBLE: Final = bytes(range(0x21, 0x7F))
_UNUSUAL: Final = (b"transfer-encoding", b"expect", b"upgrade", b"connection", b"te", b"trailer")
# Sent with the first poll of a future only, and never twice the same.
_NEVER_AGAIN: Final = b"X-Tinker-Create-Promise-Roundtrip-Time"
_LOWER_NEVER_AGAIN: Final = _NEVER_AGAIN.lower()


class KnownHead:
    """One head, its key left out.

    Attributes:
        method: Upper case.
        path: Without the query.
        query: Without the question mark.
        length: Bytes of the body that follows.
        headers: Header lines; the value of the one at ``place`` is not to be read.
        place: Where the key is, or None if the head has none.
        values: What ``header_values`` gives, without the key.
        plain: What ``Request.is_plain`` says.
        recorded: For the journal, with a gap where the key is.
    """

    __slots__ = ("headers", "length", "method", "path", "place", "plain", "query", "recorded", "values")

    def __init__(self, request: Request, place: int | None) -> None:
        self.method = request.method
        self.path = request.path
        self.query = request.query
        self.length = len(request.body)
        self.headers = request.headers
        self.place = place
        self.values = header_values(self.headers)
        self.plain = request.is_plain()
        before, after = joined_lines(self.headers), b""
        if place is not None:
            name = self.headers[place][0]
            del self.values[name.lower()]
            before = joined_lines(self.headers[:place]) + name + b": "
            after = b"\r\n" + joined_lines(self.headers[place + 1 :])
        self.recorded = recorded_head(self.method, self.path, self.query, before, after)


class KnownRequest(Request):
    """A request whose head was known."""

    __slots__ = ("_head", "_value")

    def __init__(self, head: KnownHead, value: bytes, body: bytes) -> None:
        self.method = head.method
        self.path = head.path
        self.query = head.query
        self.body = body
        self.connection = None
        self._values = head.values
        self._plain = head.plain
        self._head = head
        self._value = value

    @property
    def headers(self) -> RawHeaders:
        """Raw header lines."""
        head = self._head
        if head.place is None:
            return head.headers
        line = (head.headers[head.place][0], self._value)
        return (*head.headers[: head.place], line, *head.headers[head.place + 1 :])

    def header(self, name: str) -> str | None:
        """The first header of that name, or None; the case of names does not matter."""
        head = self._head
        if head.place is not None and name.lower().encode("latin-1") == head.headers[head.place][0].lower():
            return self._value.decode("ascii")
        return super().header(name)

    def recorded_head(self) -> tuple[RecordedHead, bytes]:
        """What a journal keeps of the head, shared by all requests that differ in the key only."""
        return self._head.recorded, self._value


class KnownHeads:
    """What one server has learnt; to be used on its thread only."""

    def __init__(self) -> None:
        self._heads: dict[bytes, dict[bytes | None, KnownHead]] = {}
        self._count = 0

    def request(self, data: bytes) -> KnownRequest | None:
        """The request that these bytes are, if they are exactly one and its head is known."""
        before, value, after, body = _cut(data)
        found = self._heads.get(before)
        head = None if found is None else found.get(after)
        if head is None or len(body) != head.length or value.translate(None, _VISIBLE):
            return None
        return KnownRequest(head, value, body)

    def learn(self, data: bytes, request: Request) -> None:
        """Remembers the head of a request that the parser made of exactly these bytes, if it is a plain one.

        The connection must have been kept open after it.
        """
        if _NEVER_AGAIN in data:
            return
        before, value, after, body = _cut(data)
        headers = request.headers
        names = [name.lower() for name, _ in headers]
        if (
            not before.partition(b"\r\n")[0].endswith(b" HTTP/1.1")
            or len(data) - len(body) > MAX_HEAD_BYTES
            or body != request.body
            or request.method in ("HEAD", "CONNECT")
            or _LOWER_NEVER_AGAIN in names
            or not _plain(headers, names, len(body))
        ):
            return
        place = None
        if after is not None:
            key = _MARK[2:-2].lower()
            # The parser leaves spaces around a value out, and joins lines that are folded.
            if names.count(key) != 1 or not value or value.translate(None, _VISIBLE):
                return
            place = names.index(key)
            if headers[place][1] != value:
                return
        if self._count >= MAX_HEADS:
            self._heads.clear()
            self._count = 0
        self._heads.setdefault(before, {})[after] = KnownHead(request, place)
        self._count += 1


def _plain(headers: RawHeaders, names: list[bytes], length: int) -> bool:
    unusual = [line for name, line in zip(names, headers, strict=True) if name in _UNUSUAL]
    if any(value.lower() != b"keep-alive" for _, value in unusual):
        return False
    lengths = [value for name, (_, value) in zip(names, headers, strict=True) if name == b"content-length"]
    return names.count(b"host") == 1 and (lengths == [b"%d" % length] or (not lengths and not length))


def _cut(data: bytes) -> tuple[bytes, bytes, bytes | None, bytes]:
    """What is in front of the key's value, the value, the rest of the head, and the body.

    The first is empty if there is no whole head, the third is None if there is no key.
    """
    before, marked, rest = data.partition(_MARK)
    if not marked:
        before, marked, rest = data.partition(_LOWER_MARK)
    if marked:
        value, _, rest = rest.partition(b"\r\n")
        after, ended, body = rest.partition(b"\r\n\r\n")
        return before if ended else b"", value, after, body
    head, ended, body = data.partition(b"\r\n\r\n")
    return head if ended else b"", b"", None, body
