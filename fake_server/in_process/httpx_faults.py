"""Deliver transport faults to httpx clients of this process, which do not use a socket.

A transport fault is a corrupted, late or missing reply that a test's script asks for.
``fake_server.core.connection_plan`` turns the fault into a plan: the bytes that a server would write to a
socket, the pauses between them, and how the connection ends. This module reads the bytes of that plan with
h11, the HTTP/1.1 parser that httpx uses. The client therefore gets the response, or the exception, that httpx
(0.27 to 0.28, with httpcore 1) gives it when a socket delivers these bytes.

A pause of the plan really passes: in ``time.sleep`` for a synchronous client, in the event loop for an
asynchronous one. If a pause is longer than the client's read timeout, the client gets ``httpx.ReadTimeout``
when that timeout is over.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import anyio
import h11
import httpx

from fake_server.core.connection_plan import Act, ConnectionEnd, Framing, Hold, Pause, Send, planned
from fake_server.core.errors import FakeServerError, ScriptError
from fake_server.core.faults import CutEnd, Refusal
from fake_server.core.gate import Gate
from fake_server.core.http_messages import Reply, Request, TransportFault

_MAX_HEAD_BYTES: Final = 100 * 1024
"""Greatest size of an incomplete head in bytes; httpcore 1 gives its parser the same limit."""
_ENDS: Final = (h11.EndOfMessage, h11.ConnectionClosed, h11.PAUSED)
Handle = Callable[[Request], Reply | TransportFault]


class FaultedReply(FakeServerError):  # noqa: N818 - not an error: it carries a fault to the transport that the client uses
    """Carries a reply with a fault from the engine to the client's transport, by being raised.

    The transport catches this exception and calls ``respond`` or ``respond_async``, which return or raise
    what httpx would.
    """

    def __init__(self, fault: TransportFault, request: httpx.Request) -> None:
        super().__init__(fault.name)
        self.fault = fault
        self._arriving = _Arriving(fault, request)

    def respond(self) -> httpx.Response:
        """Return the response for a synchronous client, which may still fail while its body is read.

        Raises:
            httpx.TransportError: The fault hits before the head of the response is complete.
            ScriptError: The client would wait forever, because it has no read timeout.
        """
        while (head := self._arriving.head()) is None:
            self._arriving.read()
        return self._arriving.response(head)

    async def respond_async(self) -> httpx.Response:
        """Return the response for an asynchronous client; the errors are those of ``respond``."""
        while (head := self._arriving.head()) is None:
            await self._arriving.read_async()
        return self._arriving.response(head)


class Refusing:
    """Refuses connections for a while, in place of an engine's ``handle``."""

    def __init__(self, handle: Handle, seconds: float, restore: Callable[[Handle], None]) -> None:
        """Refuse every request for a while, then restore the original function.

        Args:
            handle: Handles requests after that time.
            seconds: For how long connections are refused, by ``time.monotonic``.
            restore: Called with ``handle`` when the time is over.
        """
        self._handle = handle
        self._until = time.monotonic() + seconds
        self._restore = restore

    def __call__(self, request: Request) -> Reply | TransportFault:
        """Return the answer of the original function, if the time is over.

        Raises:
            httpx.ConnectError: Connections are still refused.
        """
        if time.monotonic() < self._until:
            raise httpx.ConnectError("connection refused, as scripted")
        self._restore(self._handle)
        return self._handle(request)


def refusing(handle: Handle, fault: TransportFault, restore: Callable[[Handle], None]) -> Handle:
    """Return the function that handles the requests after a fault.

    Args:
        handle: The function that has handled them until now.
        fault: The fault of the last reply.
        restore: Called with ``handle`` when connections are no longer refused.

    Returns:
        ``handle``, or a `Refusing` if the fault makes the server refuse connections for a while.
    """
    if isinstance(fault.kind, Refusal):
        return Refusing(handle, fault.kind.seconds, restore)
    return handle


class _Arriving(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The connection from which a client reads one reply with a fault; the bytes come from a plan."""

    def __init__(self, fault: TransportFault, request: httpx.Request) -> None:
        self._fault = fault
        self._request = request
        self._acts: deque[Act] = deque(planned(fault, Framing(head=request.method == "HEAD")))
        timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._limit = math.inf if timeout is None else timeout
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        # The parser needs the method; the rest of the request does not affect how a reply is parsed.
        self._parser.send(h11.Request(method=request.method, target="/", headers=[("host", "h")]))
        self._parser.send(h11.EndOfMessage())

    def head(self) -> h11.Response | None:
        """Return the status and headers of the reply, or None if the client has to read more bytes first."""
        while isinstance(event := self._event(), h11.InformationalResponse):
            pass
        return event if isinstance(event, h11.Response) else None

    def response(self, head: h11.Response) -> httpx.Response:
        """Return the response; the client reads its body piece by piece."""
        extensions = {"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason}
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=self,
            request=self._request,
            extensions=extensions,
        )

    def __iter__(self) -> Iterator[bytes]:
        while not isinstance(event := self._event(), _ENDS):
            match event:
                case h11.Data(data=data):
                    yield bytes(data)
                case _:
                    self.read()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not isinstance(event := self._event(), _ENDS):
            match event:
                case h11.Data(data=data):
                    yield bytes(data)
                case _:
                    await self.read_async()

    def read(self) -> None:
        """Take the next bytes from the plan, after the pause before them; this call blocks meanwhile."""
        match self._next():
            case Hold():
                self._hold()
            case seconds, what:
                if seconds:
                    time.sleep(seconds)
                self._take(what)

    async def read_async(self) -> None:
        """Take the next bytes from the plan, after the pause before them; other tasks run meanwhile."""
        match self._next():
            case Hold():
                await self._hold_async()
            case seconds, what:
                if seconds:
                    await anyio.sleep(seconds)
                self._take(what)

    def _event(self) -> object:
        try:
            event = self._parser.next_event()
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=self._request) from error
        return None if event is h11.NEED_DATA else event

    def _next(self) -> Hold | tuple[float, Send | ConnectionEnd]:
        """Return what happens next in the plan, and how many seconds pass before it.

        If that would take longer than the client's read timeout, return silence for the length of the
        timeout.
        """
        seconds = 0.0
        while self._acts:
            match self._acts.popleft():
                case Pause(pause):
                    seconds += pause
                case Hold() as hold:
                    return hold
                case ConnectionEnd(CutEnd.SILENCE):
                    break
                case Send() | ConnectionEnd() as act if seconds <= self._limit:
                    return seconds, act
                case _:
                    break
        if self._limit == math.inf:
            raise ScriptError(
                f"the client would wait forever for this reply ({self._fault.name}), because it has no read "
                "timeout; set one, for example httpx.Client(timeout=5)"
            )
        return self._limit, ConnectionEnd(CutEnd.SILENCE)

    def _take(self, act: Send | ConnectionEnd) -> None:
        match act:
            case Send(data):
                self._parser.receive_data(data)
            case ConnectionEnd(CutEnd.RESET):
                raise httpx.ReadError("connection reset, as scripted", request=self._request)
            case ConnectionEnd(CutEnd.SILENCE):
                raise httpx.ReadTimeout("the reply did not come in time, as scripted", request=self._request)
            case ConnectionEnd():
                if self._parser.their_state is h11.SEND_RESPONSE:
                    text = "connection closed without a reply, as scripted"
                    raise httpx.RemoteProtocolError(text, request=self._request)
                self._parser.receive_data(b"")

    def _hold(self) -> None:
        released = threading.Event()
        forget = self._gate.wait(self._fault.future, released.set)
        try:
            if not released.wait(None if self._limit == math.inf else self._limit):
                self._take(ConnectionEnd(CutEnd.SILENCE))
        finally:
            forget()

    async def _hold_async(self) -> None:
        loop = asyncio.get_running_loop()
        released = asyncio.Event()
        forget = self._gate.wait(self._fault.future, lambda: loop.call_soon_threadsafe(released.set))
        try:
            with anyio.move_on_after(self._limit):
                await released.wait()
        finally:
            forget()
        if not released.is_set():
            self._take(ConnectionEnd(CutEnd.SILENCE))

    @property
    def _gate(self) -> Gate:
        assert self._fault.gate is not None  # noqa: S101 - narrows: the engine gives one to each reply
        return self._fault.gate
