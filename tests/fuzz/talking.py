"""A connection without a socket, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.http.http_protocol import HttpProtocol
from fake_server.http.known_heads import KnownHeads
from fake_server.http.open_connections import Connections
from fake_server.http_limits import Limits


class MockTransport(asyncio.Transport):
    """Collects what a connection writes; ``unread`` bytes of it wait for a client that does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: HttpProtocol | None = None
        self.sent = bytearray()
        self.high = 64 * 1024
        self.unread = 0
        self.reads = True
        self.paused = False
        self.ended = False
        self.closing = False
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = self.high if high is None else high

    def get_write_buffer_size(self) -> int:
        return self.unread

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended, "written after the end"
        if self.closing:
            return
        self.sent += data
        if not self.reads:
            before, self.unread = self.unread, self.unread + len(data)
            if before <= self.high < self.unread and self.protocol is not None:
                self.protocol.pause_writing()

    def read_all(self) -> None:
        """The client reads again."""
        self.reads, paused = True, self.unread > self.high
        self.unread = 0
        if paused and self.protocol is not None:
            self.protocol.resume_writing()

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            if not self.unread:
                self._lose()

    def abort(self) -> None:
        self.closing = self.aborted = True
        self._lose()

    def _lose(self) -> None:
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            protocol.connection_lost(None)


def echo(request: Request) -> Reply:
    """Answers with the request's body."""
    return Reply(200, (), request.body)


class Talk:
    """One connection of a server of its own, or among others."""

    def __init__(
        self,
        handle: Callable[[Request], Reply | TransportFault] = echo,
        limits: Limits | None = None,
        *,
        among: Connections | None = None,
        known: KnownHeads | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = Connections(limits) if among is None else among
        self._handle = handle
        self.protocol = HttpProtocol(self._recorded, self.connections, known=known or KnownHeads())
        self.transport = MockTransport()
        self.transport.protocol = self.protocol
        self.protocol.connection_made(self.transport)

    def _recorded(self, request: Request) -> Reply | TransportFault:
        self.requests.append(request)
        return self._handle(request)

    def say(self, *pieces: bytes) -> bytes:
        """Sends pieces, as long as the connection is read from; returns everything that was sent back."""
        for piece in pieces:
            if self.transport.protocol is not None and piece:
                assert not self.transport.paused, "the server does not read"
                self.protocol.data_received(piece)
        return bytes(self.transport.sent)

    @property
    def status(self) -> int:
        """The status of the first reply, or 0."""
        return int(self.transport.sent[9:12] or 0)

    @property
    def is_open(self) -> bool:
        """Whether requests are still answered."""
        return self.transport.protocol is not None and not self.transport.ended
