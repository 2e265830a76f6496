"""Encode replies without faults; ``fake_server.core.connection_plan`` encodes those with faults."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fake_server.core.connection_plan import Framing, status_line
from fake_server.core.http_messages import WITHOUT_BODY, RawHeaders, Reply

_KEPT: Final = Framing()
_KEPT_BYTES: Final = 4096


def reply_bytes(reply: Reply, framing: Framing) -> bytes:
    """Return the bytes of a reply.

    Args:
        reply: The reply.
        framing: The facts about the request that determine the form of the reply.
    """
    start = _head(reply.status, reply.headers, keep=framing.keep, old=framing.old)
    if reply.status in WITHOUT_BODY:
        return b"%b\r\n" % start
    length = len(reply.body)
    return b"%bcontent-length: %d\r\n\r\n%b" % (start, length, b"" if framing.head else reply.body)


def kept_alive_bytes(reply: Reply) -> bytes:
    """Return the bytes of a reply for an HTTP/1.1 connection that stays open.

    Small replies keep the bytes for reuse.
    """
    if reply.status in WITHOUT_BODY:
        return reply_bytes(reply, _KEPT)
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
