"""An asyncio transport that can send a reply with pauses, without blocking the event loop.

A plan (``fake_server.core.connection_plan``) is a list of acts: bytes to send, pauses, and how the connection
ends.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from fake_server.core.connection_plan import Act, ConnectionEnd, Hold, Pause, Send
from fake_server.core.faults import CutEnd
from fake_server.core.gate import Gate

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class PacedTransport(asyncio.Transport):
    """Carries out plans on another transport, and keeps everything in order.

    What is written while a plan runs is sent after the plan, and the connection closes after it; only
    ``abort`` takes effect at once. While no plan runs, bytes go to the other transport directly.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        most: int,
        full: Callable[[], object],
        drained: Callable[[], object],
    ) -> None:
        """Wrap a transport of the running event loop.

        Args:
            transport: Sends the bytes.
            most: How many plans may wait for their turn.
            full: Called when that many plans wait.
            drained: Called when no plan waits any more, after some did.
        """
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._acts: deque[Act] = deque()
        self._gates: deque[tuple[Gate, str]] = deque()
        self._waiting: Callable[[], object] | None = None
        self._behind = 0
        self._most = most
        self._full = full
        self._drained = drained
        self._ended = False
        # Without it small pieces would wait 40 ms for acknowledgements: asyncio sets TCP_NODELAY only on
        # sockets that were created with the protocol's number.
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def carry_out(self, acts: tuple[Act, ...], gate: Gate | None = None, name: str = "") -> None:
        """Add a plan, which starts when all earlier plans are done.

        Args:
            acts: The plan.
            gate: Holds back a reply until the test releases it; None if the plan has no ``Hold``.
            name: The name of the polled future, by which the test releases the reply.
        """
        if gate is not None:
            self._gates.extend((gate, name) for act in acts if isinstance(act, Hold))
        self._acts.extend(acts)
        if self._waiting is None:
            self._go_on()
        else:
            self._behind += 1
            if self._behind == self._most:
                self._full()

    @property
    def busy(self) -> bool:
        """Whether a plan runs or waits."""
        return self._waiting is not None

    def lost(self) -> None:
        """Stop writing, because the connection is lost."""
        self._acts.clear()
        self._gates.clear()
        self._ended = True
        if self._waiting is not None:
            self._waiting()
            self._waiting = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes after everything that was written before."""
        self.carry_out((Send(bytes(data)),))

    def write_eof(self) -> None:
        """Close the sending side after everything that was written before."""
        self.carry_out((ConnectionEnd(CutEnd.HALF_CLOSE),))

    def close(self) -> None:
        """Close the connection after everything that was written before."""
        self.carry_out((ConnectionEnd(CutEnd.CLOSE),))

    def abort(self) -> None:
        """Close the connection at once."""
        self.lost()
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return a fact about the connection, such as its socket; asks the wrapped transport."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Return whether the wrapped transport is closing."""
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the wrapped transport has not sent yet."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Pause reading on the wrapped transport."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading on the wrapped transport."""
        self._transport.resume_reading()

    def _go_on(self) -> None:
        while self._acts and self._waiting is None and not self._ended:
            act = self._acts.popleft()
            match act:
                case Send(data):
                    self._transport.write(data)
                case Pause(seconds):
                    self._waiting = self._loop.call_later(seconds, self._waited).cancel
                case Hold():
                    gate, name = self._gates.popleft()
                    self._waiting = gate.wait(name, self._released)
                case ConnectionEnd(by):
                    self._end(by)

    def _waited(self) -> None:
        self._waiting = None
        self._go_on()
        if self._waiting is None:
            self._behind = 0
            self._drained()

    def _released(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._waited)

    def _end(self, by: CutEnd) -> None:
        self._ended = True
        match by:
            case CutEnd.RESET:
                self._reset()
            case CutEnd.CLOSE:
                self._transport.close()
            case CutEnd.HALF_CLOSE if self._transport.can_write_eof():
                self._transport.write_eof()
            case CutEnd.HALF_CLOSE | CutEnd.SILENCE:
                pass

    def _reset(self) -> None:
        # The kernel sends what it has accepted before the reset; only what is still buffered here is lost.
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
