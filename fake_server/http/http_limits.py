"""What a client may send and how long it may take, so that none can use up the server's memory or files."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one server. Bytes are counted as they come, before a content encoding is undone.

    Whole numbers are at least 1; seconds are positive and finite.

    Attributes:
        head: Bytes of request line and headers together.
        target: Bytes of the request's target, its path and query.
        header_lines: Header lines of one request.
        body: Bytes of one body, chunk framing left out.
        framing: Bytes of chunk sizes, chunk extensions and trailers of one body, beyond as many as the
            content has; what comes in one piece with the head is bounded by the piece.
        unfinished: Bytes of unfinished requests over all connections together.
        connections: Connections that are open at once.
        waiting: Replies of one connection that wait for a slow or held one in front of them; requests behind
            these are not read.
        unread: Bytes of replies that are written before the requests behind them wait for the client to read.
        head_seconds: From a head's first byte to its last.
        body_seconds: Between two pieces of a body.
        idle_seconds: Between a reply and the next request.
        unread_seconds: For which a client may leave replies unread that are more than the sockets hold.

    Raises:
        ValueError: A bound is no number of its kind; the text names it.
    """

    head: int = 64 * 1024
    target: int = 16 * 1024
    header_lines: int = 256
    body: int = 64 * 1024 * 1024
    framing: int = 64 * 1024
    unfinished: int = 512 * 1024 * 1024
    connections: int = 16_384
    waiting: int = 64
    unread: int = 64 * 1024
    head_seconds: float = 30.0
    body_seconds: float = 60.0
    idle_seconds: float = 300.0
    unread_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Checks every bound."""
        for field in fields(self):
            value: object = getattr(self, field.name)
            if field.name.endswith("_seconds"):
                if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                    raise ValueError(f"{field.name} is {value!r}; give a positive number of seconds")
            elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{field.name} is {value!r}; give a whole number from 1")
