"""One server on a loopback port for many fakes: for fixtures of a session, and for worker processes.

    with shared_server() as server, server.test("first") as tinker:
        tinker.add_script(...)

The base URL of each fake begins with the server's. When the block of a fake ends, requests to its base URL
get HTTP 404, so a client that is still running disturbs no later test.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from fake_server.core.http_messages import JSON_HEADERS, Reply, Request, TransportFault
from fake_server.core.json_values import encoded
from fake_server.http.http_server import FakeTinkerServer
from tinker_conformance.downstream.clock import OWN_PORTS, FakeTinkerClock, current_clock
from tinker_conformance.downstream.faking import environment_of
from tinker_conformance.downstream.options import FakeTinkerOptions
from tinker_conformance.downstream.reachable_tinker import ReachableTinker

_BELOW: Final = "/tests/"
_DEFAULTS: Final = FakeTinkerOptions()


class SharedServer:
    """A server that passes each request to the fake with the request's base URL. Thread-safe.

    Attributes:
        url: The URL of the server, without a trailing slash; the base URL of each fake begins with it.
    """

    def __init__(self) -> None:
        """Create a server without fakes; `shared_server` starts it."""
        self.url = ""
        self._fakes: dict[str, ReachableTinker] = {}
        self._count = 0
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Reply | TransportFault:
        """Answer a request as the fake with its base URL does; without such a fake, with HTTP 404."""
        name, slash, rest = request.path.removeprefix(_BELOW).partition("/")
        with self._lock:
            fake = self._fakes.get(name)
        if fake is None or not request.path.startswith(_BELOW):
            text = f"{request.path} belongs to no running test; take the base URL from TINKER_BASE_URL"
            return Reply(HTTPStatus.NOT_FOUND, JSON_HEADERS, encoded({"error": text}))
        return fake.handle(request.at(slash + rest))

    @contextlib.contextmanager
    def test(
        self,
        name: str,
        options: FakeTinkerOptions = _DEFAULTS,
        *,
        clock: FakeTinkerClock | None = None,
        environment: bool = True,
    ) -> Iterator[ReachableTinker]:
        """Provide a fake with a base URL of its own within the block.

        Args:
            name: The name of the test, for messages.
            options: The settings; those about the clock and the base URL have no effect here.
            clock: The frozen clock that scripts move; None for the clock that is frozen when a script is
                played.
            environment: Whether to set ``TINKER_BASE_URL`` and ``TINKER_API_KEY``. If not, several fakes can
                be used at once, each by its `url` and `api_key`.

        Raises:
            ScriptViolation: At the end, if a script was not drained or an unexpected request arrived. Not if
                the block raised.
        """
        tinker = ReachableTinker(options, lambda: clock or current_clock(), name)
        with self._lock:
            self._count += 1
            key = str(self._count)
            self._fakes[key] = tinker
        tinker.url = f"{self.url}{_BELOW}{key}"
        try:
            with (
                tinker.serving(in_process=False),
                environment_of(tinker) if environment else contextlib.nullcontext(),
            ):
                yield tinker
        finally:
            with self._lock:
                del self._fakes[key]
        if options.verify:
            tinker.verify()


@contextlib.contextmanager
def shared_server() -> Iterator[SharedServer]:
    """Serve on a free loopback port within the block."""
    shared = SharedServer()
    with FakeTinkerServer(shared) as server:
        shared.url = server.url
        OWN_PORTS.add(server.port)
        try:
            yield shared
        finally:
            OWN_PORTS.discard(server.port)
