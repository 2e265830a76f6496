"""Turn a reply with a fault into a plan: the bytes, pauses and end that the client sees on the connection.

A fault is something that a script does to a reply, such as truncating it. The plan is a tuple of acts:
``Send``, ``Pause``, ``Hold`` and ``ConnectionEnd``. For a socket, ``fake_server.http.paced_transport``
carries out the acts with the timers of the event loop. For a client in this process,
``fake_server.in_process.httpx_faults`` feeds the bytes to httpx's own parser. Both ways, the client gets the
same bytes.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import Final

from fake_server.core.errors import ScriptError
from fake_server.core.faults import (
    Chunking,
    Coding,
    CutEnd,
    Dribble,
    DropKind,
    Part,
    RawBytes,
    Refusal,
    Wire,
)
from fake_server.core.http_messages import WITHOUT_BODY, Reply, TransportFault

CHUNK_BYTES: Final = 16
BAD_CHUNK: Final = b"this is no chunk size\r\n"
EXTRA: Final = b"x"
_REASONS: Final = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Framing:
    """The facts about a request that determine the form of the reply.

    Attributes:
        head: Whether the method was HEAD, so that the reply has no body.
        keep: Whether the connection stays open after the reply.
        old: Whether the client speaks HTTP/1.0, in which the connection closes unless ``keep-alive`` was
            agreed.
    """

    head: bool = False
    keep: bool = True
    old: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes in one write."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing until the test releases the held reply (``FakeTinker.release``)."""


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """The server sends no more; the value says how the client sees that."""

    by: CutEnd


Act = Send | Pause | Hold | ConnectionEnd


def planned(fault: TransportFault, framing: Framing = Framing()) -> tuple[Act, ...]:
    """Return the acts that deliver a fault to a client, in order.

    Args:
        fault: The fault, with the reply that it changes if there is one.
        framing: The facts about the request that determine the form of the reply.
    """
    match fault.kind:
        case DropKind() as kind:
            return (ConnectionEnd(CutEnd(kind.value)),)
        case Refusal():
            return (ConnectionEnd(CutEnd.CLOSE),)
        case RawBytes(data, then):
            return (Send(data), ConnectionEnd(then)) if data else (ConnectionEnd(then),)
        case Wire() as wire:
            assert fault.reply is not None  # noqa: S101 - narrows: a wire is always the wire of a reply
            return tuple(_written(wire, fault.reply, framing))


def status_line(status: int) -> bytes:
    """Return the status line of a reply, with its line end."""
    return b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b"Scripted"))


def compressed(body: bytes, coding: Coding) -> bytes:
    """Return a body compressed with a content coding; equal input gives equal bytes.

    Raises:
        ScriptError: The library for the coding is not installed.
    """
    match coding:
        case Coding.GZIP:
            return gzip.compress(body, mtime=0)
        case Coding.DEFLATE:
            return zlib.compress(body)
        case Coding.ZSTD:
            import zstandard  # noqa: PLC0415 - only scripts that use zstd import it

            return zstandard.ZstdCompressor().compress(body)
        case Coding.BR:
            try:
                brotli = import_module("brotli")  # no dependency of ours
            except ImportError as error:
                raise ScriptError(
                    "compress: br needs the brotli library; run 'pip install brotli', or use gzip"
                ) from error
            encoded: bytes = brotli.compress(body)
            return encoded


def _written(wire: Wire, reply: Reply, framing: Framing) -> Iterator[Act]:
    body = reply.body if wire.compress is None else compressed(reply.body, wire.compress)
    bare = framing.head or reply.status in WITHOUT_BODY
    closes = bool(wire.extra or wire.content_length) or wire.chunked is Chunking.ENDED_EARLY
    keep = framing.keep and not closes
    head = b"".join(_head_lines(wire, reply, len(body), keep=keep, old=framing.old))
    content = b"" if bare else _content(wire, body)
    if wire.hold:
        yield Hold()
    if wire.delay:
        yield Pause(wire.delay)
    if wire.cut is not None and wire.cut.at is Part.HEAD:
        yield from _pieces(head[: wire.cut.length(len(head))], b"", wire)
        yield ConnectionEnd(wire.cut.by)
        return
    if wire.cut is not None:
        yield from _pieces(head, content[: wire.cut.length(len(content))], wire)
        yield ConnectionEnd(wire.cut.by)
        return
    yield from _pieces(head, content, wire)
    if not keep:
        yield ConnectionEnd(CutEnd.CLOSE)


def _head_lines(wire: Wire, reply: Reply, length: int, *, keep: bool, old: bool) -> Iterator[bytes]:
    yield status_line(reply.status)
    lines = [
        *reply.headers,
        *((name.encode("ascii"), value.encode("latin-1")) for name, value in wire.headers),
    ]
    if wire.compress is not None:
        lines.append((b"content-encoding", wire.compress.value.encode("ascii")))
    if wire.claims is not None:
        lines.append((b"content-encoding", wire.claims.encode("latin-1")))
    if not keep:
        lines.append((b"connection", b"close"))
    elif old:
        lines.append((b"connection", b"keep-alive"))
    if wire.chunked is not None:
        lines.append((b"transfer-encoding", b"chunked"))
    elif wire.content_length:
        lines += [(b"content-length", value.encode("latin-1")) for value in wire.content_length]
    elif reply.status not in WITHOUT_BODY:
        lines.append((b"content-length", b"%d" % length))
    for name, value in lines:
        yield b"%b: %b\r\n" % (name, value)
    yield b"\r\n"


def _content(wire: Wire, body: bytes) -> bytes:
    match wire.chunked:
        case None:
            return body + EXTRA * wire.extra
        case Chunking.WHOLE:
            return b"".join([*_chunks(body), b"0\r\n\r\n"])
        case Chunking.ENDED_EARLY:
            return b"".join(_chunks(body))
        case Chunking.BAD_CHUNK:
            return next(iter(_chunks(body)), b"") + BAD_CHUNK


def _chunks(body: bytes) -> Iterable[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        piece = body[start : start + CHUNK_BYTES]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)


def _pieces(head: bytes, content: bytes, wire: Wire) -> Iterator[Act]:
    if wire.slow_head is None and wire.slow_body is None:
        yield Send(head + content)  # in one write, as a plain reply
        return
    yield from _dribbled(head, wire.slow_head)
    if wire.slow_body is not None and content:
        yield Pause(wire.slow_body.seconds)
    yield from _dribbled(content, wire.slow_body)


def _dribbled(data: bytes, dribble: Dribble | None) -> Iterator[Act]:
    if not data:
        return
    if dribble is None:
        yield Send(data)
        return
    for start in range(0, len(data), dribble.bytes):
        if start:
            yield Pause(dribble.seconds)
        yield Send(data[start : start + dribble.bytes])
