"""The listening socket of a server, which can refuse connections for a while."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

RETRY_SECONDS: Final = 0.001


class Doorway:
    """Listens, on its event loop; not thread-safe."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        listening: socket.socket,
        listen: Callable[[int], socket.socket],
        backlog: int,
    ) -> None:
        """Does not listen yet.

        Args:
            make: Makes the protocol of a connection.
            listening: A listening socket, which becomes the doorway's.
            listen: Makes another on a port; raises OSError if that is taken.
            backlog: Connections that may wait.
        """
        self._make = make
        self._listening = listening
        self._listen = listen
        self._backlog = backlog
        self._port: int = listening.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Accepts connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._make, sock=self._listening, backlog=self._backlog)

    def refuse(self, seconds: float) -> None:
        """Refuses connections for so many seconds from now. What is open is no concern of the doorway.

        Nothing keeps other programs from taking the port meanwhile; then it opens once they have left it.
        """
        if self._closed:
            return
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.get_running_loop().call_later(seconds, self._reopen)

    async def close(self) -> None:
        """Listens no more."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
        # A socket that is being taken up cannot be closed under the loop.
        await asyncio.gather(*self._tasks)
        if self._server is not None:
            self._server.close()
        self._listening.close()

    def _reopen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._listening = self._listen(self._port)
        except OSError:
            self._opening = loop.call_later(RETRY_SECONDS, self._reopen)
            return
        self._opening = None
        task = loop.create_task(self.open())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
