"""The engine mounted on respx, which intercepts every httpx client of the process, whatever its transport.

One route matches everything below the base URL, and the engine looks requests up in dictionaries: with one
route for each future, respx would take milliseconds a request. The route is a class because respx inspects
the signature of a plain side-effect function at every call, which takes longer than the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio.lowlevel
import httpx
import respx
from respx.mocks import HTTPXMocker
from respx.models import AllMockedAssertionError, SideEffectError

from fake_server.core.errors import Problem, ProblemKind
from fake_server.engine.tinker_api import FakeTinker
from fake_server.in_process.httpx_faults import FaultedReply, Handle, refusing
from fake_server.in_process.httpx_transport import answer

DEFAULT_BASE_URL: Final = "http://tinker.test"


class UnexpectedHostError(AllMockedAssertionError):
    """A request went to a host that no router handles; the message names both hosts."""


_PASSES_OF_A_MOVE: Final = 50
"""How many iterations of the event loop happen between a movement of the clocks and the reply."""


@contextmanager
def mounted(engine: FakeTinker, base_url: str = DEFAULT_BASE_URL) -> Iterator[respx.MockRouter]:
    """Mount the engine for the duration of a ``with`` block.

    Synchronous and asynchronous clients of any thread are answered. A request to another host never leaves
    the process: another respx router may answer it; otherwise it raises ``UnexpectedHostError`` and is
    recorded as a problem of the engine.

    Args:
        engine: The engine that handles requests.
        base_url: Scheme, host and port; a path is ignored.

    Yields:
        The router; its ``calls`` are those of respx.
    """
    router = _TurnTaking(using="httpx", assert_all_called=False, assert_all_mocked=True)
    router.engine = engine
    router.add(_EngineRoute(engine, httpx.URL(base_url)))
    with router:
        yield router


class _TurnTaking(respx.MockRouter):
    """A router that lets other tasks run before each reply, as a network does.

    Concurrent futures take turns. When a script has moved the clocks, everything that has become due runs
    before the held reply arrives.
    """

    engine: FakeTinker

    def handler(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handler(request)
        except FaultedReply as faulted:
            return faulted.respond()

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        await _turn()
        moves = self.engine.clock_moves
        try:
            return await super().async_handler(request)
        except FaultedReply as faulted:
            return await faulted.respond_async()
        finally:
            if self.engine.clock_moves != moves:
                for _ in range(_PASSES_OF_A_MOVE):
                    await _turn()


async def _turn() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        await anyio.lowlevel.checkpoint()
    else:
        # What anyio.sleep(0) does in the end, without its detection of the event loop.
        await asyncio.sleep(0)


class _EngineRoute(respx.Route):
    """A route that passes each request to the engine."""

    def __init__(self, engine: FakeTinker, base_url: httpx.URL) -> None:
        super().__init__()
        self._engine = engine
        self._handle: Handle = engine.handle
        self._origin = _origin(base_url)
        self._host = str(base_url)

    def match(self, request: httpx.Request) -> Any:
        if _origin(request.url) != self._origin:
            raise SideEffectError(self, origin=self._unexpected(request))
        try:
            return answer(self._handle, request)
        except FaultedReply as faulted:
            self._handle = refusing(self._handle, faulted.fault, self._restore)
            raise SideEffectError(self, origin=faulted) from faulted
        except httpx.TransportError as error:
            raise SideEffectError(self, origin=error) from error

    def _restore(self, handle: Handle) -> None:
        self._handle = handle

    def _unexpected(self, request: httpx.Request) -> UnexpectedHostError:
        host = request.url.netloc.decode("ascii")
        text = (
            f"{request.method} {request.url} went to {host}, but the fake Tinker is mounted on {self._host}; "
            f"give the client base_url={self._host!r}"
        )
        if len(HTTPXMocker.routers) == 1:
            self._engine.add_problem(Problem(ProblemKind.UNEXPECTED_HOST, text))
        return UnexpectedHostError(text)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
