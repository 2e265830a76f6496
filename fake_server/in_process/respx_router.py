"""Mount the engine on respx, which intercepts the requests of every httpx client of the process.

One respx route matches everything below the base URL, and the engine finds the future of a request in a
dictionary: with one route for each future, respx would take milliseconds for each request. The route is a
class because respx inspects the signature of a plain side-effect function at every call, which takes longer
than the engine needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio.lowlevel
import httpx
import respx
from respx.mocks import HTTPCoreMocker, HTTPXMocker
from respx.models import AllMockedAssertionError, PassThrough, SideEffectError

from fake_server.core.errors import Problem, ProblemKind
from fake_server.core.operations import SUBMISSION_PATHS
from fake_server.engine.setup_endpoints import SETUP_PATHS
from fake_server.engine.tinker_api import POLL_MANY_PATH, POLL_PATH, FakeTinker
from fake_server.in_process.httpx_faults import FaultedReply, Handle, refusing
from fake_server.in_process.httpx_transport import answer, as_request

DEFAULT_BASE_URL: Final = "http://tinker.test"


class UnexpectedHostError(AllMockedAssertionError):
    """A request for Tinker went to a host on which no engine is mounted; the message names both hosts."""


class _Elsewhere(PassThrough, AllMockedAssertionError):  # noqa: N818 - not an error: respx asks the next one
    """Tells respx that another router, or the client's own transport, answers the request."""


_PASSES_OF_A_MOVE: Final = 50
"""How many times the event loop runs between a clock step of a script and the reply that waits for the step.
"""


@contextmanager
def mounted(engine: FakeTinker, base_url: str = DEFAULT_BASE_URL) -> Iterator[respx.MockRouter]:
    """Mount the engine for the duration of a ``with`` block: it answers all requests to the base URL.

    Requests of synchronous and asynchronous clients are answered, on any thread. A request to another host
    goes on to its own handler: another router, another mocking library, or the network. One kind of request
    never leaves the process: a request for an endpoint of Tinker that goes to another host, not on loopback,
    and that no other router handles. The client most likely lacks the base URL. Such a request raises
    ``UnexpectedHostError``, and the engine records it as a problem.

    Args:
        engine: The engine that answers the requests.
        base_url: Scheme, host and port of the fake service; a path is ignored.

    Yields:
        The respx router; its ``calls`` list the requests, as in respx.
    """
    router = _TurnTaking(using="httpx", assert_all_called=False, assert_all_mocked=True)
    router.engine, router.origin = engine, _origin(httpx.URL(base_url))
    router.add(_EngineRoute(engine, httpx.URL(base_url)))
    with router:
        yield router


def is_mounted(base_url: str) -> bool:
    """Return whether an engine is mounted at the scheme, host and port of a URL, whatever its path."""
    return _serves(_origin(httpx.URL(base_url)))


def _serves(origin: _Origin) -> bool:
    return any(router.origin == origin for router in _own_routers())


def _own_routers() -> list[_TurnTaking]:
    return [router for router in HTTPXMocker.routers if isinstance(router, _TurnTaking)]


class _TurnTaking(respx.MockRouter):
    """A respx router that lets other tasks of the event loop run before each reply, as a network does.

    So the polls of concurrent futures alternate. If a script moved the clocks before a reply, every timer
    that has become due runs before the reply arrives.
    """

    engine: FakeTinker
    origin: _Origin

    def snapshot(self) -> None:
        """Keep no copy of the routes: this router is entered only once, and a copy takes a millisecond."""

    def rollback(self) -> None:
        """Keep the only route; `stop` forgets the calls."""

    def handler(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handler(request)
        except FaultedReply as faulted:
            return faulted.respond()

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        # Before a poll moves the clocks, the code that waits for earlier replies reads them.
        polls = request.url.path == POLL_PATH and self.engine.moves_clock()
        for _ in range(_PASSES_OF_A_MOVE if polls else 1):
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
    """The respx route that passes each request to the engine."""

    def __init__(self, engine: FakeTinker, base_url: httpx.URL) -> None:
        super().__init__()
        self._engine = engine
        self._handle: Handle = engine.handle
        self._origin = _origin(base_url)
        self._host = str(base_url)

    def match(self, request: httpx.Request) -> Any:
        if _origin(request.url) != self._origin and not self._takes_over(request):
            raise SideEffectError(self, origin=self._elsewhere(request))
        try:
            return answer(self._handle, request)
        except FaultedReply as faulted:
            self._handle = refusing(self._handle, faulted.fault, self._restore)
            raise SideEffectError(self, origin=faulted) from faulted
        except httpx.TransportError as error:
            raise SideEffectError(self, origin=error) from error

    def _restore(self, handle: Handle) -> None:
        self._handle = handle

    def _takes_over(self, request: httpx.Request) -> bool:
        """Return whether this engine answers a request that was meant for an earlier, unmounted engine.

        The official SDK keeps clients alive on its own threads after a test has ended.
        """
        return (
            not _is_loopback(request.url.host)
            and not _serves(_origin(request.url))
            and self._engine.concerns_earlier_client(as_request(request))
        )

    def _elsewhere(self, request: httpx.Request) -> AllMockedAssertionError:
        host = request.url.netloc.decode("ascii")
        text = (
            f"{request.method} {request.url} went to {host}, but the fake Tinker is mounted on {self._host}; "
            f"give the client base_url={self._host!r}"
        )
        own = _own_routers()
        if len(own) < len(HTTPXMocker.routers):
            return UnexpectedHostError(text)
        # A request for Tinker that no mounted engine serves must not leave the process: the engine that was
        # mounted last refuses it.
        others = _serves(_origin(request.url)) or own[-1].engine is not self._engine
        if not _is_for_tinker(request) or others or HTTPCoreMocker.routers:
            return _Elsewhere(text, request=request, origin=self)
        self._engine.add_problem(Problem(ProblemKind.UNEXPECTED_HOST, text))
        return UnexpectedHostError(text)


def _is_for_tinker(request: httpx.Request) -> bool:
    """Return whether a request is for an endpoint of Tinker, outside loopback, where other fakes may be."""
    path, host = request.url.path, request.url.host
    known = path in SUBMISSION_PATHS or path in SETUP_PATHS or path in (POLL_PATH, POLL_MANY_PATH)
    return known and not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


_Origin = tuple[str, str, int | None]


def _origin(url: httpx.URL) -> _Origin:
    return url.scheme, url.host, url.port
