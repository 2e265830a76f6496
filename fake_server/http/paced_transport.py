"""Carrying out a plan on an asyncio transport: nothing blocks the loop, and what comes after waits."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from fake_server.core.connection_plan import Act, End, Hold, Pause, Send
from fake_server.core.faults import CutEnd
from fake_server.core.gate import Gate

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class PacedTransport(asyncio.Transport):
    """Stands in for a transport while replies with pauses are written to it.

    Whatever is written meanwhile comes after them, and so does the end of the connection; only ``abort`` is
    at once. With no pause to wait for it writes through.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        most: int,
        full: Callable[[], object],
        drained: Callable[[], object],
    ) -> None:
        """Writes to ``transport``, on the running loop.

        Args:
            transport: Where the bytes go.
            most: Plans that may wait.
            full: Called when so many wait.
            drained: Called when none does any more, after some did.
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
        # Small pieces would wait for each other's acknowledgement, 40 ms: asyncio asks for no delay only on
        # sockets that were made with the protocol's number.
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def carry_out(self, acts: tuple[Act, ...], gate: Gate | None = None, name: str = "") -> None:
        """Adds a plan; ``gate`` is where its holds wait, under ``name``."""
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
        """Whether a plan is being carried out."""
        return self._waiting is not None

    def lost(self) -> None:
        """The connection is gone: nothing more is written."""
        self._acts.clear()
        self._gates.clear()
        self._ended = True
        if self._waiting is not None:
            self._waiting()
            self._waiting = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Bytes, in their turn."""
        self.carry_out((Send(bytes(data)),))

    def write_eof(self) -> None:
        """The end of what is written, in its turn."""
        self.carry_out((End(CutEnd.HALF_CLOSE),))

    def close(self) -> None:
        """The end of the connection, in its turn."""
        self.carry_out((End(CutEnd.CLOSE),))

    def abort(self) -> None:
        """The end of the connection, at once."""
        self.lost()
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport says."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """As the transport says."""
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        """As the transport says."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Reads no more."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Reads again."""
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
                case End(by):
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
        # What has been written is on its way before the reset; only what the socket had no room for is lost.
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
