"""Serve one HTTP/1.1 connection: parse requests, pass each to the engine, send each reply in one write.

The connection ends when the client closes it, when the client asked for that (``Connection: close``, or
HTTP/1.0), when the script ends it, when the client is inactive for too long
(``fake_server.http.open_connections``), or after the server refused a request. After a refusal, the server
sends the error reply, and then reads and discards for a moment what the client still sends. Closing at once
would reset the connection, and the client might lose the reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from enum import Flag, IntEnum
from functools import partial
from typing import Final

from fake_server.core.connection_plan import ConnectionEnd, Framing, planned
from fake_server.core.faults import CutEnd, Refusal
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.refused_request import RefusedError
from fake_server.http.known_heads import KnownHead, KnownHeads
from fake_server.http.open_connections import Connections, Stage
from fake_server.http.paced_transport import PacedTransport
from fake_server.http.reply_writer import kept_alive_bytes, reply_bytes
from fake_server.http.request_reader import RequestReader

LINGER_BYTES: Final = 16 * 1024 * 1024
_KEPT: Final = Framing()
_LAST: Final = Framing(keep=False)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NUMBERS: Final = itertools.count(1)
"""Gives each connection of the process its number."""


class ConnectionState(IntEnum):
    """The state of a connection. From ``CLOSING`` on, the server answers no request on it any more."""

    IDLE = 0
    """Every request is answered and no byte of the next one has arrived."""
    READING = 1
    """A request is incomplete, or complete requests wait because of back-pressure."""
    REFUSING = 2
    """Invalid bytes arrived. The server first answers the requests before them, then sends the refusal."""
    CLOSING = 3
    """The server closes the connection as soon as what it has written is sent."""
    ENDED_BY_SCRIPT = 4
    """The script ended a reply without closing the connection, which stays open until the client closes it.
    """
    LINGERING = 5
    """The refusal is sent; the server discards incoming bytes until the client closes the connection."""


class BackPressure(Flag):
    """Why the server does not handle complete requests yet; both reasons can hold at the same time."""

    NONE = 0
    CLIENT = 1
    """The client has not read enough of its replies."""
    SLOW_REPLIES = 2
    """Too many replies wait behind a slow or held reply."""


# Module constants, because each request reads them: an attribute of an enum costs a look-up in its class.
_IDLE: Final = ConnectionState.IDLE
_REFUSING: Final = ConnectionState.REFUSING
_CLOSING: Final = ConnectionState.CLOSING
_FREE: Final = BackPressure.NONE


class HttpProtocol(asyncio.Protocol):
    """One connection: reads requests, and answers them in order.

    Attributes:
        progress: Changes with all activity on the connection.
        seen: The value of ``progress`` that the last check for inactive connections saw.
        since: The time, in seconds of the server's clock, when a check first saw that value.
    """

    __slots__ = (
        "_back_pressure",
        "_connections",
        "_discarded",
        "_handle",
        "_held",
        "_known",
        "_last_head",
        "_number",
        "_out",
        "_out_bytes",
        "_reader",
        "_refusal",
        "_refuse_connections",
        "_state",
        "_transport",
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
        """Create the protocol of one connection, which is not open yet.

        Args:
            handle: Returns the answer to a request.
            connections: The open connections of the server; this one is among them while it is open.
            refuse: Makes the port refuse connections for a number of seconds, and closes the idle ones; None
                if the server cannot do that.
            known: The cache of request heads; None for a new one.
        """
        self._handle = handle
        self._connections = connections
        self._refuse_connections = refuse
        self._known = KnownHeads() if known is None else known
        self._last_head: KnownHead | None = None
        self._transport: asyncio.Transport | None = None
        self._number = 0
        self._state = _IDLE
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._reader = RequestReader(connections.limits)
        self._refusal: RefusedError | None = None
        self._held = 0
        self._back_pressure = _FREE
        self._discarded = 0
        self.progress = 0
        self.seen = 0
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving the connection, or close it at once if too many are open."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's streams always are
        self._transport = transport
        self._number = next(_NUMBERS)
        limits = self._connections.limits
        transport.set_write_buffer_limits(high=limits.unread)
        if not self._connections.add(self):
            text = f"{limits.connections} connections are open, which is the limit; close some and try again"
            self._out.append(reply_bytes(RefusedError(503, text).reply, _LAST))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Clean up after the connection has ended, whichever side closed it."""
        if isinstance(self._transport, PacedTransport):
            self._transport.lost()
        self._transport = None
        self._forget()
        self._connections.discard(self)

    def pause_writing(self) -> None:
        """Stop reading requests, because the client does not read its replies."""
        self._stop_reading(BackPressure.CLIENT)

    def resume_writing(self) -> None:
        """Read requests again, because the client has read its replies."""
        self._read_on(BackPressure.CLIENT)

    def abort(self) -> None:
        """Close the connection at once, because the server stops."""
        if self._transport is not None:
            self._transport.abort()

    def close_unless_replying(self) -> None:
        """Close the connection, unless a slow reply is being sent on it."""
        if not self._is_busy():
            self._close()

    def waits_for(self) -> Stage:
        """Return what has to happen next on the connection, which determines the timeout that applies."""
        if self._state is ConnectionState.ENDED_BY_SCRIPT or self._is_busy():
            return Stage.REPLYING
        if self._state is ConnectionState.LINGERING:
            return Stage.LINGERING
        if (
            BackPressure.CLIENT in self._back_pressure
            or self._transport is None
            or self._transport.is_closing()
        ):
            return Stage.UNREAD
        if self._reader.in_body:
            return Stage.BODY
        return Stage.HEAD if self._reader.in_head else Stage.IDLE

    def time_out(self, stage: Stage) -> None:
        """End the connection after a timeout: silently, or with HTTP 408 in the middle of a request.

        Args:
            stage: What the connection waited for.
        """
        limits = self._connections.limits
        match stage:
            case Stage.HEAD:
                text = f"the head of the request took longer than {limits.head_seconds} s; send it at once"
                self._refuse(RefusedError(408, text).reply)
            case Stage.BODY:
                text = f"no byte of the body came for {limits.body_seconds} s; send it without a pause"
                self._refuse(RefusedError(408, text).reply)
            case Stage.IDLE if self._transport is not None and not self._transport.get_write_buffer_size():
                self._close()
            case _:
                self.abort()

    def data_received(self, data: bytes) -> None:
        """Read bytes, and answer the requests that they complete, unless replies to earlier ones wait."""
        state = self._state
        if state is _IDLE and (request := self._known.request(data, self._last_head)) is not None:
            request.connection = self._number
            self._last_head = request.head
            self.progress += 1
            answer = self._handle(request)
            if type(answer) is Reply and self._transport is not None:
                self._transport.write(answer.wire or kept_alive_bytes(answer))
            else:
                self._answer(answer, _KEPT)
                self._flush()
        elif state < _REFUSING:
            self._receive(data)
        else:
            self._discard(len(data))

    def _receive(self, data: bytes) -> None:
        reader, idle, in_head = self._reader, self._state is _IDLE, self._reader.in_head
        try:
            reader.feed(data)
        except RefusedError as refused:
            self._refusal = refused
            self._state = _REFUSING
        # A further piece of a head is not progress: the time limit holds for the whole head.
        if not (in_head and reader.in_head and not reader.ready):
            self.progress += 1
        if idle and reader.between and len(reader.ready) == 1 and reader.ready[0].framing.keep:
            parsed = reader.ready[0].request
            self._answer_ready()
            self._known.learn(data, parsed)
        else:
            self._answer_ready()

    def _answer_ready(self) -> None:
        """Answer the complete requests, as far as back-pressure allows; then send a pending refusal."""
        reader, number = self._reader, 0
        while number < len(reader.ready) and self._may_answer():
            request, framing = reader.ready[number]
            number += 1
            request.connection = self._number
            answer = self._handle(request)
            self.progress += 1
            self._answer(answer, framing)
        del reader.ready[:number]
        within = self._hold(reader.held)
        if self._state < _CLOSING:
            if not reader.ready:
                self._refuse_or_continue(within=within)
            if self._state < _REFUSING:
                idle = reader.between and not reader.ready
                self._state = _IDLE if idle else ConnectionState.READING
        self._flush()

    def _refuse_or_continue(self, *, within: bool) -> None:
        if self._refusal is not None:
            self._refuse(self._refusal.reply)
        elif not within:
            most = self._connections.limits.unfinished
            text = f"incomplete requests hold {most} bytes, which is the limit; try again"
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
                self._send_fault(answer, framing)
            case Reply():
                sent = reply_bytes(answer, framing)
                self._out.append(sent)
                self._out_bytes += len(sent)
                if not framing.keep:
                    self._close()
                # Only a write shows whether the client reads, or whether a slow reply is in front.
                elif self._out_bytes >= self._connections.limits.unread or self._is_busy():
                    self._flush()

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()
        self._out_bytes = 0

    def _close(self) -> None:
        self._flush()
        # The other end states decide how long the connection may stay open; closing does not change that.
        self._state = max(self._state, _CLOSING)
        self.progress += 1
        if self._transport is not None:
            self._transport.close()

    def _send_fault(self, fault: TransportFault, framing: Framing) -> None:
        self._flush()
        if isinstance(fault.kind, Refusal) and self._refuse_connections is not None:
            self._refuse_connections(fault.kind.seconds)
        acts = planned(fault, framing)
        if isinstance(last := acts[-1], ConnectionEnd):
            stays_open = last.by in (CutEnd.HALF_CLOSE, CutEnd.SILENCE)
            self._state = ConnectionState.ENDED_BY_SCRIPT if stays_open else _CLOSING
        if self._transport is None:
            return
        if not isinstance(self._transport, PacedTransport):
            waiting = self._connections.limits.waiting
            self._transport = PacedTransport(
                self._transport,
                waiting,
                full=partial(self._stop_reading, BackPressure.SLOW_REPLIES),
                drained=partial(self._read_on, BackPressure.SLOW_REPLIES),
            )
        self._transport.carry_out(acts, fault.gate, fault.future)

    def _is_busy(self) -> bool:
        return isinstance(self._transport, PacedTransport) and self._transport.busy

    def _may_answer(self) -> bool:
        return self._state < _CLOSING and self._back_pressure is _FREE

    def _stop_reading(self, reason: BackPressure) -> None:
        self._back_pressure |= reason
        if self._transport is not None:
            self._transport.pause_reading()

    def _read_on(self, reason: BackPressure) -> None:
        self._back_pressure &= ~reason
        self.progress += 1
        if self._back_pressure is not _FREE:
            return
        if self._state < _CLOSING:
            self._answer_ready()
        # Answering may have filled the client's buffer again.
        if self._transport is not None and self._back_pressure is _FREE:
            self._transport.resume_reading()

    def _refuse(self, reply: Reply) -> None:
        if self._state >= _CLOSING:
            return
        self._out.append(reply_bytes(reply, _LAST))
        self._flush()
        self._forget()
        self._state = ConnectionState.LINGERING
        self.progress += 1
        if self._transport is not None:
            with contextlib.suppress(OSError):  # the client has just reset the connection
                self._transport.write_eof()

    def _discard(self, count: int) -> None:
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.abort()
