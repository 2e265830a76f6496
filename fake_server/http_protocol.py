"""One HTTP/1.1 connection: bytes in, requests to the engine, replies out in one write each.

How a connection can end: the client closes it; it asked to (``Connection: close``, HTTP/1.0); the script
drops it; nothing moves on it for too long (``fake_server.connections``); or what came is refused. After such
an error reply the rest of what the client sends is read and thrown away for a moment, since closing at once
would reset the connection and could destroy the reply on its way.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from fake_server.connections import Connections, Stage
from fake_server.faults import CutEnd, Refusal
from fake_server.http_chunks import Chunks
from fake_server.http_head import END, Head, check_start, read_head
from fake_server.http_refusal import RefusedError
from fake_server.known_heads import KnownHeads
from fake_server.messages import WITHOUT_BODY, RawHeaders, Reply, Request, TransportFault
from fake_server.paced import PacedTransport
from fake_server.wire import End, Framing, planned, status_line

LINGER_BYTES: Final = 16 * 1024 * 1024
_KEPT: Final = Framing()
_LAST: Final = Framing(keep=False)
_KEPT_BYTES: Final = 4096
_CR: Final = 0x0D
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NUMBERS: Final = itertools.count(1)
"""What connections are numbered by, in the whole process."""


class HttpProtocol(asyncio.Protocol):
    """Reads requests and answers each from ``handle``, in order.

    Attributes:
        progress: As ``fake_server.connections.Swept`` has it, like the other two.
        seen: See there.
        since: See there.
    """

    __slots__ = (
        "_behind",
        "_between",
        "_blank",
        "_body",
        "_chunks",
        "_closing",
        "_connections",
        "_discarded",
        "_handle",
        "_head",
        "_held",
        "_known",
        "_lingering",
        "_number",
        "_out",
        "_out_bytes",
        "_partial",
        "_refuse_connections",
        "_rest",
        "_scripted_end",
        "_transport",
        "_unread",
        "progress",
        "seen",
        "since",
    )

    def __init__(
        self,
        handle: Callable[[Request], Reply | TransportFault],
        connections: Connections,
        refuse: Callable[[float], None] | None = None,
        known: KnownHeads | None = None,
    ) -> None:
        """Answers with ``handle``, and is among ``connections`` for as long as it is open.

        Heads are looked up in ``known``, and learnt.
        ``refuse`` makes the port refuse connections for a number of seconds, and ``leave``s those that are
        open.
        """
        self._handle = handle
        self._connections = connections
        self._refuse_connections = refuse
        self._known = KnownHeads() if known is None else known
        self._transport: asyncio.Transport | None = None
        self._number = 0
        self._between = True
        self._out: list[bytes] = []
        self._out_bytes = 0
        # What is read: a head that is not whole, or a head and what has come of its body.
        self._partial: bytearray | None = None
        self._blank = False
        self._head: Head | None = None
        self._body: bytearray | None = None
        self._chunks: Chunks | None = None
        self._held = 0
        # What is not read, since the client shall first read, or a slow reply go out.
        self._rest = b""
        self._unread = False
        self._behind = False
        # How it ends.
        self._closing = False
        self._lingering = False
        self._scripted_end = False
        self._discarded = 0
        self.progress = 0
        self.seen = 0
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins; with too many connections it ends at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's streams always are
        self._transport = transport
        self._number = next(_NUMBERS)
        limits = self._connections.limits
        transport.set_write_buffer_limits(high=limits.unread)
        if not self._connections.add(self):
            text = f"{limits.connections} connections are open, which is the most; close some and try again"
            self._out.append(wire(RefusedError(503, text).reply, _LAST))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Ends, whoever closed."""
        if isinstance(self._transport, PacedTransport):
            self._transport.lost()
        self._transport = None
        self._forget()
        self._connections.discard(self)

    def pause_writing(self) -> None:
        """Stops reading from a client that does not read its replies."""
        self._unread = True
        self.progress += 1
        self._hold_back()

    def resume_writing(self) -> None:
        """Reads again."""
        self._unread = False
        self._read_on()

    def abort(self) -> None:
        """Closes at once, for the server's end."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Closes unless a slow reply is on its way."""
        if not self._is_busy():
            self._close()

    def waits_for(self) -> Stage:
        """What must happen next on the connection."""
        if self._scripted_end or self._is_busy():
            return Stage.REPLYING
        if self._lingering:
            return Stage.LINGERING
        if self._unread or self._transport is None or self._transport.is_closing():
            return Stage.UNREAD
        if self._head is not None:
            return Stage.BODY
        return Stage.IDLE if self._partial is None else Stage.HEAD

    def too_late(self, stage: Stage) -> None:
        """Ends, since nothing came for so long: silently, or with a 408 in the midst of a request."""
        limits = self._connections.limits
        match stage:
            case Stage.HEAD:
                text = f"the request's head took longer than {limits.head_seconds} s; send it at once"
                self._refuse(RefusedError(408, text).reply)
            case Stage.BODY:
                text = f"nothing came of the body for {limits.body_seconds} s; send it without a pause"
                self._refuse(RefusedError(408, text).reply)
            case Stage.IDLE if self._transport is not None and not self._transport.get_write_buffer_size():
                self._close()
            case _:
                self.abort()

    def data_received(self, data: bytes) -> None:
        """Reads what came; every request that it completes is answered before this returns."""
        if self._closing:
            self._discard(len(data))
            return
        if self._between and (request := self._known.request(data)) is not None:
            request.connection = self._number
            self.progress += 1
            answer = self._handle(request)
            if type(answer) is Reply and self._transport is not None:
                self._transport.write(answer.wire or kept_wire(answer))
            else:
                self._answer(answer, _KEPT)
                self._flush()
            return
        self._receive(data)

    def _receive(self, data: bytes) -> None:
        try:
            self._read(data)
        except RefusedError as refused:
            self._refuse(refused.reply)
        held = len(self._partial or b"") + len(self._body or b"") + len(self._rest)
        if held != self._held and not self._hold(held):
            most = self._connections.limits.unfinished
            self._refuse(
                RefusedError(
                    503, f"unfinished requests hold {most} bytes, which is the most; try again"
                ).reply
            )
        self._between = not (self._blank or self._rest) and self._partial is None and self._head is None
        self._flush()

    def _hold(self, count: int) -> bool:
        self._connections.unfinished += count - self._held
        self._held = count
        return self._connections.unfinished <= self._connections.limits.unfinished

    def _read(self, data: bytes) -> None:
        whole = self._between
        if self._partial is not None:
            data = self._joined(self._partial, data)
        position = 0
        while position < len(data) and not self._closing:
            if self._must_wait():
                self._rest += data[position:]
                return
            if self._head is None:
                position = self._read_head(data, position)
            if self._head is None:
                return
            body, position = self._read_body(self._head, data, position)
            if body is None:
                return
            request, kept = self._respond(self._head, body)
            if whole and kept and position == len(data):
                self._known.learn(data, request)
            whole = False

    def _joined(self, partial: bytearray, data: bytes) -> bytes:
        """What has come of a head, if that is all of it; else nothing, and it is kept."""
        seen = len(partial)
        partial += data
        if partial.find(END, max(0, seen - 3)) < 0 and partial[0] != _CR:
            check_start(partial, seen, self._connections.limits)
            return b""
        self._partial = None
        return bytes(partial)

    def _read_head(self, data: bytes, position: int) -> int:
        # Old clients send an empty line behind a body: RFC 9112 asks servers to read over one.
        if not self._blank and data.startswith(b"\r\n", position):
            self._blank = True
            position += 2
        end = data.find(END, position)
        if end >= 0:
            self._head = head = read_head(data[position : end + len(END)], self._connections.limits)
            self._blank = False
            if head.length is None:
                self._chunks = Chunks(self._connections.limits)
            if head.waits:
                self._out.append(_CONTINUE)
                self._flush()
            self.progress += 1
            return end + len(END)
        if partial := bytearray(data[position:]):
            if self._blank or partial != b"\r":
                check_start(partial, 0, self._connections.limits)
            self._partial = partial
            self.progress += 1
        return len(data)

    def _read_body(self, head: Head, data: bytes, position: int) -> tuple[bytes | None, int]:
        body = self._body
        if body is None:
            if head.length is not None and position + head.length <= len(data):
                end = position + head.length
                return data[position:end], end
            self._body = body = bytearray()
        if self._chunks is not None:
            ended = self._chunks.feed(data, position, body)
        else:
            end = position + (head.length or 0) - len(body)
            body += data[position:end]
            ended = end if end <= len(data) else None
        self.progress += 1
        return (None, len(data)) if ended is None else (bytes(body), ended)

    def _forget(self) -> None:
        self._hold(0)
        self._head = self._body = self._chunks = self._partial = None
        self._rest = b""

    def _respond(self, head: Head, body: bytes) -> tuple[Request, bool]:
        self._head = self._body = self._chunks = None
        request = Request(head.method, head.path, head.query, head.headers, body)
        request.connection = self._number
        answer = self._handle(request)
        self.progress += 1
        self._answer(answer, Framing(head=head.method == "HEAD", keep=head.keep, old=head.old))
        return request, head.keep

    def _answer(self, answer: Reply | TransportFault, framing: Framing) -> None:
        match answer:
            case TransportFault():
                self._spoil(answer, framing)
            case Reply():
                sent = wire(answer, framing)
                self._out.append(sent)
                self._out_bytes += len(sent)
                if not framing.keep:
                    self._close()
                # Whether the client reads, or a slow reply is in front, shows when something is written.
                elif self._out_bytes >= self._connections.limits.unread or self._is_busy():
                    self._flush()

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()
        self._out_bytes = 0

    def _close(self) -> None:
        self._flush()
        self._closing = True
        self.progress += 1
        if self._transport is not None:
            self._transport.close()

    def _spoil(self, fault: TransportFault, framing: Framing) -> None:
        self._flush()
        if isinstance(fault.kind, Refusal) and self._refuse_connections is not None:
            self._refuse_connections(fault.kind.seconds)
        acts = planned(fault, framing)
        if isinstance(last := acts[-1], End):
            self._closing = True
            self._scripted_end = last.by in (CutEnd.HALF_CLOSE, CutEnd.SILENCE)
        if self._transport is None:
            return
        if not isinstance(self._transport, PacedTransport):
            waiting = self._connections.limits.waiting
            self._transport = PacedTransport(self._transport, waiting, self._fall_behind, self._caught_up)
        self._transport.carry_out(acts, fault.gate, fault.future)

    def _is_busy(self) -> bool:
        return isinstance(self._transport, PacedTransport) and self._transport.busy

    def _must_wait(self) -> bool:
        return self._unread or self._behind

    def _fall_behind(self) -> None:
        self._behind = True
        self._hold_back()

    def _caught_up(self) -> None:
        self._behind = False
        self._read_on()

    def _hold_back(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _read_on(self) -> None:
        self.progress += 1
        if self._must_wait():
            return
        rest, self._rest = self._rest, b""
        if rest and not self._closing:
            self._receive(rest)
        if self._transport is not None and not self._must_wait():
            self._transport.resume_reading()

    def _refuse(self, reply: Reply) -> None:
        if self._closing:
            return
        self._out.append(wire(reply, _LAST))
        self._flush()
        self._forget()
        self._closing = self._lingering = True
        self.progress += 1
        if self._transport is not None:
            self._transport.write_eof()

    def _discard(self, count: int) -> None:
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.abort()


def wire(reply: Reply, framing: Framing) -> bytes:
    """A reply as bytes, in the form that the request asks for."""
    start = _head(reply.status, reply.headers, keep=framing.keep, old=framing.old)
    if reply.status in WITHOUT_BODY:
        return b"%b\r\n" % start
    length = len(reply.body)
    return b"%bcontent-length: %d\r\n\r\n%b" % (start, length, b"" if framing.head else reply.body)


def kept_wire(reply: Reply) -> bytes:
    """The same for HTTP/1.1, neither HEAD nor the connection's last; remembered unless it is large."""
    if reply.status in WITHOUT_BODY:
        return wire(reply, _KEPT)
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
