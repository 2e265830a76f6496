"""A cache of parsed request heads, so that the server need not parse the head of a client's next poll.

The polls of one client have the same head except for one value: ``tinker`` gives each request a new
``X-Idempotency-Key`` (0.6.3 and 0.38.0). The cache stores a head that the parser has accepted, with a gap in
place of that value. If the bytes of another request differ only in the gap, and have a plain value there, the
parser would read both heads alike; the cache then answers in its place. Heads with any unusual feature are
never cached.

A client also sends its heads in the same order again and again: the polls 0, 1, 2, … of each future. So the
cache remembers which head followed which on a connection, and compares the next bytes with that head first.
Finding the head in the dictionary takes twice as long.
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
"""Greatest number of cached heads; the cache is emptied when one more comes."""
MAX_HEAD_BYTES: Final = 8 * 1024
_MARK: Final = b"\r\nX-Idempotency-Key: "
_LOWER_MARK: Final = _MARK.lower()
_VISIBLE: Final = bytes(range(0x21, 0x7F))
_UNUSUAL: Final = (b"transfer-encoding", b"expect", b"upgrade", b"connection", b"te", b"trailer")
# Sent only with the first poll of a future, and always different.
_NEVER_AGAIN: Final = b"X-Tinker-Create-Promise-Roundtrip-Time"
_LOWER_NEVER_AGAIN: Final = _NEVER_AGAIN.lower()


class KnownHead:
    """One cached head, without the value of its idempotency key.

    Attributes:
        method: Method, in upper case.
        path: Path without the query.
        query: Query without the question mark.
        length: Size of the body in bytes.
        headers: Header lines. The line at ``place`` has the key of the first request, which is wrong for the
            others.
        place: Index of the line with the idempotency key; None if the head has no such line.
        key: Name of the header with the idempotency key, in lower case; None if the head has no such line.
        values: The values of the other header lines as text, by their names in lower case.
        plain: Whether the body has no content coding and is not protobuf (``Request.is_plain``).
        recorded: The head for the journal, with a gap for the idempotency key.
    """

    __slots__ = (
        "_after",
        "_before",
        "_body_start",
        "_size",
        "_value_end",
        "_value_start",
        "headers",
        "key",
        "length",
        "method",
        "path",
        "place",
        "plain",
        "query",
        "recorded",
        "values",
    )

    def __init__(self, request: Request, place: int | None, data: bytes) -> None:
        """Store the head of a request.

        Args:
            request: The request.
            place: Index of the header line with the idempotency key; None if there is no such line.
            data: The bytes of the whole request.
        """
        self.method = request.method
        self.path = request.path
        self.query = request.query
        self.length = len(request.body)
        self.headers = request.headers
        self.place = place
        values = header_values(self.headers)
        self.plain = request.is_plain()
        self.key: str | None = None
        before, after = joined_lines(self.headers), b""
        if place is not None:
            name = self.headers[place][0]
            self.key = name.lower().decode("latin-1")
            del values[name.lower()]
            before = joined_lines(self.headers[:place]) + name + b": "
            after = b"\r\n" + joined_lines(self.headers[place + 1 :])
        self.values = {name.decode("latin-1"): value.decode("latin-1") for name, value in values.items()}
        self.recorded = recorded_head(self.method, self.path, self.query, before, after)
        self._size = len(data)
        self._body_start = self._size - self.length
        start, value, rest, _ = _cut(data)
        self._value_start = len(start) + (0 if rest is None else len(_MARK))
        self._value_end = self._value_start + len(value)
        self._before = data[: self._value_start]
        self._after = data[self._value_end : self._body_start]

    def request(self, data: bytes) -> KnownRequest | None:
        """Return a request that has this head, or None if the bytes are something else.

        Args:
            data: The bytes of a whole request. The idempotency key must be as long as that of the cached
                request, and so must the body.
        """
        if (
            len(data) == self._size
            and data.startswith(self._after, self._value_end)
            and data.startswith(self._before)
        ):
            value = data[self._value_start : self._value_end]
            if _is_visible(value):
                return KnownRequest(self, value, data[self._body_start :])
        return None


class KnownRequest(Request):
    """A request whose head was found in the cache.

    Attributes:
        head: The cached head.
    """

    __slots__ = ("_value", "head")

    def __init__(self, head: KnownHead, value: bytes, body: bytes) -> None:
        self.method = head.method
        self.path = head.path
        self.prefix = ""
        self.query = head.query
        self.body = body
        self.connection = None
        self.head = head
        self._value = value

    @property
    def headers(self) -> RawHeaders:
        """Raw header lines."""
        head = self.head
        if head.place is None:
            return head.headers
        line = (head.headers[head.place][0], self._value)
        return (*head.headers[: head.place], line, *head.headers[head.place + 1 :])

    def header(self, name: str) -> str | None:
        """Return the value of the first header with that name (case-insensitive), or None."""
        head, key = self.head, name.lower()
        if key == head.key:
            return self._value.decode("ascii")
        return head.values.get(key)

    def is_plain(self) -> bool:
        """Return whether the body has no content coding and is not protobuf."""
        return self.head.plain

    def recorded_head(self) -> tuple[RecordedHead, bytes]:
        """Return the head for the journal, shared by requests that differ only in the key, and the key."""
        return self.head.recorded, self._value


class KnownHeads:
    """The cache of one server; may be used only on the server's thread."""

    def __init__(self) -> None:
        self._heads: dict[bytes, dict[bytes | None, KnownHead]] = {}
        self._count = 0
        self._next: dict[KnownHead | None, KnownHead] = {}

    def request(self, data: bytes, last: KnownHead | None = None) -> KnownRequest | None:
        """Return the request if the bytes are exactly one request with a cached head, else None.

        Args:
            data: The bytes.
            last: The head of the previous request on the same connection; None if there was no cached one.
        """
        likely = self._next.get(last)
        if likely is not None and (request := likely.request(data)) is not None:
            return request
        before, value, after, body = _cut(data)
        found = self._heads.get(before)
        head = None if found is None else found.get(after)
        if head is None or len(body) != head.length or not _is_visible(value):
            return None
        self._next[last] = head
        return KnownRequest(head, value, body)

    def learn(self, data: bytes, request: Request) -> None:
        """Cache the head of a request, if the head has no unusual feature.

        Args:
            data: Exactly the bytes that the parser read as the request.
            request: The request. The connection must have stayed open after it.
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
            # The parser strips spaces around a value, and joins folded lines.
            if names.count(key) != 1 or not value or not _is_visible(value):
                return
            place = names.index(key)
            if headers[place][1] != value:
                return
        if self._count >= MAX_HEADS:
            self._heads.clear()
            self._next.clear()
            self._count = 0
        self._heads.setdefault(before, {})[after] = KnownHead(request, place, data)
        self._count += 1


def _plain(headers: RawHeaders, names: list[bytes], length: int) -> bool:
    unusual = [line for name, line in zip(names, headers, strict=True) if name in _UNUSUAL]
    if any(value.lower() != b"keep-alive" for _, value in unusual):
        return False
    lengths = [value for name, (_, value) in zip(names, headers, strict=True) if name == b"content-length"]
    return names.count(b"host") == 1 and (lengths == [b"%d" % length] or (not lengths and not length))


def _is_visible(value: bytes) -> bool:
    # Keys of the official SDK are letters, digits and hyphens; to check for these is faster.
    return value.replace(b"-", b"").isalnum() or not value.translate(None, _VISIBLE)


def _cut(data: bytes) -> tuple[bytes, bytes, bytes | None, bytes]:
    """Cut a request at its idempotency key.

    Returns:
        The bytes before the line of the key, the key, the rest of the head, and the body. The first is empty
        if the head is incomplete; the third is None if there is no key.
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
