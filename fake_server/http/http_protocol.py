"""One HTTP/1.1 connection: bytes in, requests to the engine, replies out in one write each.

How a connection can end: the client closes it; it asked to (``Connection: close``, HTTP/1.0); the script
drops it; nothing moves on it for too long (``fake_server.http.open_connections``); or what came is refused.
After such an error reply the rest of what the client sends is read and thrown away for a moment, since
closing at once would reset the connection and could destroy the reply on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Final

from fake_server.core.connection_plan import End, Framing, planned
from fake_server.core.faults import CutEnd, Refusal
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.http.known_heads import KnownHeads
from fake_server.http.open_connections import Connections, Stage
from fake_server.http.paced_transport import PacedTransport
from fake_server.http.refusal import RefusedError
from fake_server.http.reply_writer import kept_wire, wire
from fake_server.http.request_reader import RequestReader

LINGER_BYTES: Final = 16 * 1024 * 1024
_KEPT: Final = Framing()
_LAST: Final = Framing(keep=False)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NUMBERS: Final = itertools.count(1)
"""What connections are numbered by, in the whole process."""


class HttpProtocol(asyncio.Protocol):
    """Reads requests and answers each from ``handle``, in order.

    Attributes:
        progress: As ``fake_server.http.open_connections.Swept`` has it, like the other two.
        seen: See there.
        since: See there.
    """

    __slots__ = (
        "_behind",
        "_between",
        "_closing",
        "_connections",
        "_discarded",
        "_handle",
        "_held",
        "_known",
        "_lingering",
        "_number",
        "_out",
        "_out_bytes",
        "_reader",
        "_refusal",
        "_refuse_connections",
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
        self._reader = RequestReader(connections.limits)
        self._refusal: RefusedError | None = None
        self._held = 0
        # What is ready is not answered, since the client shall first read, or a slow reply go out.
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
        if self._reader.in_body:
            return Stage.BODY
        return Stage.HEAD if self._reader.in_head else Stage.IDLE

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
        """Reads what came; what it completes is answered before this returns, unless the client must read."""
        if self._closing or self._refusal is not None:
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
        reader, whole, in_head = self._reader, self._between, self._reader.in_head
        try:
            reader.feed(data)
        except RefusedError as refused:
            self._refusal = refused
        # Only a head that goes on is no progress: it has so many seconds for all its pieces.
        if not (in_head and reader.in_head and not reader.ready):
            self.progress += 1
        if whole and reader.between and len(reader.ready) == 1 and reader.ready[0].framing.keep:
            learnt = reader.ready[0].request
            self._answer_ready()
            self._known.learn(data, learnt)
        else:
            self._answer_ready()

    def _answer_ready(self) -> None:
        """Answers what is ready, as far as the client has read, and then says why the rest is refused."""
        reader, number = self._reader, 0
        while number < len(reader.ready) and not (self._closing or self._must_wait()):
            request, framing = reader.ready[number]
            number += 1
            request.connection = self._number
            answer = self._handle(request)
            self.progress += 1
            self._answer(answer, framing)
        del reader.ready[:number]
        within = self._hold(reader.held)
        if not (reader.ready or self._closing):
            self._go_on(within=within)
        self._between = reader.between and not reader.ready and self._refusal is None
        self._flush()

    def _go_on(self, *, within: bool) -> None:
        if self._refusal is not None:
            self._refuse(self._refusal.reply)
        elif not within:
            most = self._connections.limits.unfinished
            text = f"unfinished requests hold {most} bytes, which is the most; try again"
            self._refuse(RefusedError(503, text).reply)
        elif self._reader.waits:
            self._reader.waits = False
            self._out.append(_CONTINUE)

    def _hold(self, count: int) -> bool:
        self._connections.unfinished += count - self._held
        self._held = count
        return self._connections.unfinished <= self._connections.limits.unfinished

    def _forget(self) -> None:
        self._hold(0)
        self._reader.forget()

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
        if not self._closing:
            self._answer_ready()
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
            with contextlib.suppress(OSError):  # the client has reset the connection this very moment
                self._transport.write_eof()

    def _discard(self, count: int) -> None:
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.abort()
