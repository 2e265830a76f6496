"""The listening socket of a server, which can refuse connections for a while."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

RETRY_SECONDS: Final = 0.001
FULL_SECONDS: Final = 0.1
"""How long, in seconds, no connection is accepted after the process has run out of file descriptors."""
_LOGGER: Final = logging.getLogger("fake_server")


class ListeningSocket:
    """Listens on a port and accepts connections, on one event loop; not thread-safe.

    This class replaces asyncio's own server. When that one is closed, it drops connections that it has just
    accepted without closing them, and their clients wait until the garbage collector runs.
    """

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        listening: socket.socket,
        listen: Callable[[int], socket.socket],
        backlog: int,
    ) -> None:
        """Create a listener that does not accept connections yet.

        Args:
            make: Creates the asyncio protocol of a connection.
            listening: A listening socket; this object closes it.
            listen: Creates another listening socket on a port; raises OSError if the port is taken.
            backlog: Number of connections that may wait to be accepted.
        """
        self._make = make
        self._listening = listening
        self._listen = listen
        self._backlog = backlog
        self._port: int = listening.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._opening: asyncio.TimerHandle | None = None
        self._entering: set[asyncio.Task[None]] = set()
        self._full = False
        self._closed = False

    def open(self) -> None:
        """Accept connections."""
        self._opening = None
        self._listening.settimeout(0)
        self._loop.add_reader(self._listening.fileno(), self._accept)

    def refuse(self, seconds: float) -> None:
        """Refuse new connections for the next ``seconds``. Open connections are not affected.

        If another program takes the port meanwhile, this object listens again as soon as the port is free.
        """
        if self._closed:
            return
        self._shut()
        self._listening.close()
        self._opening = self._loop.call_later(seconds, self._reopen)

    async def close(self) -> None:
        """Stop listening; return when a protocol serves every accepted connection."""
        self._closed = True
        self._shut()
        self._listening.close()
        if self._entering:
            await asyncio.wait(self._entering)

    def _shut(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening.fileno())

    def _accept(self) -> None:
        for _ in range(self._backlog):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # The waiting client stays in the queue and would wake the loop again and again.
                if not self._full:
                    _LOGGER.warning("%s: connections wait until some are closed; raise 'ulimit -n'", error)
                self._full = True
                self._shut()
                self._opening = self._loop.call_later(FULL_SECONDS, self.open)
                return
            self._full = False
            accepted.settimeout(0)
            entering = self._loop.create_task(self._enter(accepted))
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)

    async def _enter(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, accepted)
        except OSError:  # the client has left already
            accepted.close()

    def _reopen(self) -> None:
        try:
            self._listening = self._listen(self._port)
        except OSError:
            self._opening = self._loop.call_later(RETRY_SECONDS, self._reopen)
            return
        self.open()
