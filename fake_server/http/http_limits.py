"""Limits on what a client may send and how long it may take, to protect the server's memory and files."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server. Sizes are in bytes as received, before a body is decompressed.

    Whole numbers are at least 1; seconds are positive and finite.

    Attributes:
        head: Bytes of request line and headers together.
        target: Bytes of the request target, that is path and query.
        header_lines: Header lines of one request.
        body: Bytes of one body, without the chunk framing.
        framing: Bytes of chunk sizes, chunk extensions and trailers of one body. Framing that is no larger
            than the content itself is not counted. What arrives in one piece with the head is limited by the
            size of the piece.
        unfinished: Bytes of incomplete requests on all connections together.
        connections: Connections that are open at the same time.
        waiting: Replies of one connection that wait behind a slow or held reply. At this number, the server
            stops reading requests from the connection.
        unread: Bytes of replies that the client has not read. At this number, the server stops handling
            requests of the connection.
        head_seconds: Seconds from the first byte of a head to its last.
        body_seconds: Seconds between two pieces of a body.
        idle_seconds: Seconds between a reply and the next request.
        unread_seconds: Seconds for which a client may leave replies unread that do not fit into the sockets'
            buffers.

    Raises:
        ValueError: A limit is invalid; the message names the limit.
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
        """Check every limit."""
        for name, value in asdict(self).items():
            if name.endswith("_seconds"):
                if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                    raise ValueError(f"{name} is {value!r}; give a positive number of seconds")
            elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}; give a whole number from 1")
