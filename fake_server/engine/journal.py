"""The journal: every request with its answer, in order; the oldest are dropped when there are too many.

A stored record is a tuple of plain values, with all header lines in one bytes object that is parsed only when
a test reads it. With objects for all this, 100,000 records would make the garbage collector stop the server
for tens of milliseconds.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from fake_server.core.http_messages import RawHeaders, RecordedHead, Reply, Request, TransportFault

DEFAULT_LIMIT: Final = 100_000
MAX_BYTES: Final = 256 * 1024 * 1024
"""Greatest total size of bodies and heads in bytes; the oldest records are dropped first."""

_End = int | str | tuple[int, str]
"""How a request ended: the reply's status, the name of the fault that replaced the reply, or status and
fault.
"""

# head, content of its gap, body, end, reply headers, reply body, future, nanoseconds, connection, size
_Record = tuple[RecordedHead, bytes, bytes, _End, RawHeaders, bytes, str | None, int, int | None, int]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        index: 0-based number of the request since the start, or since ``clear``; dropped records count, too.
        at: When the request arrived, in seconds since the journal's start, on a monotonic clock that no
            clock-freezing library changes.
        method: Method, in upper case.
        path: Path without the query.
        query: Query without the question mark.
        headers: Raw header lines of the request.
        body: The request's body.
        status: The reply's status; None if a transport fault replaced the reply.
        fault: The name of the fault that replaced or changed the reply; None if there was no fault.
        reply_headers: Raw header lines of the reply, except those about length and connection.
        reply_body: The reply's body.
        future: Name of the future that was submitted or polled; None if the request was about no future.
        connection: Number of the connection that carried the request, unique in the process; None in process.
    """

    index: int
    at: float
    method: str
    path: str
    query: str
    headers: RawHeaders
    body: bytes
    status: int | None
    fault: str | None
    reply_headers: RawHeaders
    reply_body: bytes
    future: str | None
    connection: int | None


def now_ns() -> int:
    """Return the monotonic time in nanoseconds; clock-freezing libraries do not patch this function."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Journal:
    """Keeps the newest exchanges; thread-safe."""

    def __init__(self, limit: int = DEFAULT_LIMIT, max_bytes: int = MAX_BYTES) -> None:
        """Create an empty journal.

        Args:
            limit: Greatest number of exchanges; 0 keeps none.
            max_bytes: Greatest total size of bodies and heads in bytes; 0 keeps none.
        """
        self._limit = limit
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._records: deque[_Record] = deque()
        self._bytes = 0
        self._dropped = 0
        self._started = now_ns()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def dropped(self) -> int:
        """How many of the oldest exchanges were dropped to stay within the limits."""
        return self._dropped

    def record(
        self, request: Request, answer: Reply | TransportFault, *, arrived_ns: int, future: str | None
    ) -> None:
        """Add one request with its answer.

        Args:
            request: The request.
            answer: The answer.
            arrived_ns: When the request arrived, as ``now_ns`` gives it.
            future: Name of the future that was submitted or polled, or None.
        """
        head, value = request.recorded_head()
        body = request.body
        if isinstance(answer, Reply):
            end: _End = answer.status
            reply_headers, reply_body = answer.headers, answer.body
        elif (changed := answer.reply) is not None:
            end = (changed.status, answer.name)
            reply_headers, reply_body = changed.headers, changed.body
        else:
            end, reply_headers, reply_body = answer.name, (), b""
        size = head[5] + len(value) + len(body) + len(reply_body)
        connection = request.connection
        # fmt: off
        record = (
            head, value, body, end, reply_headers, reply_body, future, arrived_ns, connection, size
        )
        # fmt: on
        records = self._records
        with self._lock:
            records.append(record)
            self._bytes += size
            while self._bytes > self._max_bytes or len(records) > self._limit:
                self._bytes -= records.popleft()[-1]
                self._dropped += 1

    def clear(self) -> None:
        """Forget all exchanges, and count from 0 again."""
        with self._lock:
            self._records.clear()
            self._bytes = self._dropped = 0
            self._started = now_ns()

    def exchanges(self) -> list[Exchange]:
        """Return the kept exchanges, oldest first."""
        with self._lock:
            records, dropped, started = list(self._records), self._dropped, self._started
        return [_exchange(record, dropped + place, started) for place, record in enumerate(records)]

    def to_json_lines(self) -> str:
        """Return the kept exchanges as text with one JSON object per line.

        A body that is not UTF-8 is in a key that ends in ``_base64``.
        """
        return "".join(json.dumps(_plain(exchange)) + "\n" for exchange in self.exchanges())


def _lines(head: bytes) -> RawHeaders:
    pairs = (line.partition(b": ") for line in head.split(b"\r\n")[:-1])
    return tuple((name, value) for name, _, value in pairs)


def _exchange(record: _Record, index: int, started: int) -> Exchange:
    head, value, body, end, reply_headers, reply_body, future, arrived, connection, _ = record
    method, path, query, before, after, _ = head
    status, fault = end if isinstance(end, tuple) else (end, None) if isinstance(end, int) else (None, end)
    return Exchange(
        index=index,
        at=(arrived - started) / 1e9,
        method=method,
        path=path,
        query=query,
        headers=_lines(before + value + after),
        body=body,
        status=status,
        fault=fault,
        reply_headers=reply_headers,
        reply_body=reply_body,
        future=future,
        connection=connection,
    )


def _plain(exchange: Exchange) -> dict[str, object]:
    return {
        "index": exchange.index,
        "at": exchange.at,
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "headers": _text_lines(exchange.headers),
        **_plain_body("body", exchange.body),
        "status": exchange.status,
        "fault": exchange.fault,
        "reply_headers": _text_lines(exchange.reply_headers),
        **_plain_body("reply_body", exchange.reply_body),
        "future": exchange.future,
        "connection": exchange.connection,
    }


def _text_lines(headers: RawHeaders) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _plain_body(key: str, body: bytes) -> dict[str, object]:
    try:
        return {key: body.decode()}
    except UnicodeDecodeError:
        return {f"{key}_base64": base64.b64encode(body).decode("ascii")}
