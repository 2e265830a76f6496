"""A server that puts an engine on a loopback socket, with its own event loop in its own thread.

The socket listens before ``start`` returns, so that a client can connect at once. The event loop reads a
clock that no clock-freezing library patches, so the server works while a test has frozen the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from fake_server.core.errors import ServerError
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.http.http_limits import Limits
from fake_server.http.http_protocol import HttpProtocol
from fake_server.http.known_heads import KnownHeads
from fake_server.http.listening_socket import ListeningSocket
from fake_server.http.open_connections import Connections

BACKLOG: Final = 1024
STOP_SECONDS: Final = 5.0


class Answering(Protocol):
    """An object that answers requests: an engine, or an object that passes requests to several engines."""

    def handle(self, request: Request) -> Reply | TransportFault:
        """Return the answer to one request; can be called from any thread, and never raises."""


class FakeTinkerServer:
    """Serves an engine over HTTP/1.1 for the duration of a ``with`` block.

    The engine's listener is called on the server's thread; the server handles no other request during that
    call.
    """

    def __init__(
        self,
        engine: Answering,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allow_remote: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Create a server. Start it with ``start`` or ``with``.

        Args:
            engine: Answers the requests.
            host: The address to listen on.
            port: The port; 0 chooses a free one.
            allow_remote: Whether ``host`` may be an address other than loopback.
            limits: What clients may send, and how long they may take; None for the defaults.

        Raises:
            ServerError: ``host`` is not loopback and ``allow_remote`` is not set.
        """
        if not allow_remote and not _is_loopback(host):
            raise ServerError(
                f"other machines can reach {host!r}; use 127.0.0.1, or allow it with "
                "allow_remote=True (--allow-remote)"
            )
        self._engine = engine
        self._host = host
        self._port = port
        self._connections = Connections(limits)
        self._known = KnownHeads()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._address: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        """The port that the server listens on.

        Raises:
            ServerError: The server is not running.
        """
        if self._address is None:
            raise ServerError("the server is not running; use it in a 'with' block, or call start()")
        return self._address[1]

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash.

        Raises:
            ServerError: The server is not running.
        """
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Bind the port and serve in a new thread; return when clients can send requests.

        Raises:
            ServerError: The server is already running, or the address cannot be bound.
        """
        if self._thread is not None:
            raise ServerError("the server is already running; stop it first")
        listening = self._bound()
        self._address = listening.getsockname()[:2]
        self._loop = _RealTimeLoop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, listening), name="fake-tinker-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and every connection, and return when all are closed. Do nothing if not running.

        Raises:
            ServerError: The thread did not end in time.
        """
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed because its thread has ended
            loop.call_soon_threadsafe(self._stopping.set)
        thread.join(STOP_SECONDS)
        if thread.is_alive():
            raise ServerError(
                f"the server's thread did not end within {STOP_SECONDS} s; fix the listener that blocks it"
            )
        self._thread = self._loop = self._address = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def _bound(self) -> socket.socket:
        try:
            return self._listen(self._port)
        except (OSError, OverflowError) as error:
            raise ServerError(
                f"{self._host} port {self._port}: {error}; use port 0 for a free one"
            ) from error

    def _listen(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._host, port))
            listening.listen(BACKLOG)
        except (OSError, OverflowError):
            listening.close()
            raise
        return listening

    def _run(self, loop: asyncio.AbstractEventLoop, listening: socket.socket) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(listening))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _serve(self, listening: socket.socket) -> None:
        def refuse(seconds: float) -> None:
            listening_socket.refuse(seconds)
            for connection in self._connections:
                connection.close_unless_replying()

        loop = asyncio.get_running_loop()
        self._connections.watch(loop.time, loop.call_later)
        listening_socket = ListeningSocket(lambda: self._connection(refuse), listening, self._listen, BACKLOG)
        listening_socket.open()
        await self._stopping.wait()
        await listening_socket.close()
        self._connections.close()
        # Closing takes effect one iteration of the loop later.
        await asyncio.sleep(0)

    def _connection(self, refuse: Callable[[float], None]) -> HttpProtocol:
        return HttpProtocol(self._engine.handle, self._connections, refuse, self._known)


class _RealTimeLoop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
