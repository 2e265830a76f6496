"""The engine as an httpx transport: the fastest way to answer a client whose transport a test can choose."""

from __future__ import annotations

from functools import lru_cache

import httpx

from fake_server.core.http_messages import WITHOUT_BODY, RawHeaders, Reply, Request
from fake_server.engine.tinker_api import FakeTinker
from fake_server.in_process.httpx_faults import FaultedReply, Handle, refusing


class FakeTinkerTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport that passes every request to the engine, whatever the request's host is.

    For ``httpx.Client`` and ``httpx.AsyncClient``. The client sees a fault of a script as it would on a
    socket; see ``fake_server.in_process.httpx_faults``.
    """

    def __init__(self, engine: FakeTinker) -> None:
        """Create a transport that passes requests to ``engine``."""
        self._handle: Handle = engine.handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Handle a request of a synchronous client."""
        request.read()
        try:
            return answer(self._handle, request)
        except FaultedReply as faulted:
            self._meet(faulted)
            return faulted.respond()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Handle a request of an asynchronous client; the listener is called on the client's event loop."""
        try:
            return answer(self._handle, request)
        except httpx.RequestNotRead:
            await request.aread()
        except FaultedReply as faulted:
            return await self._respond(faulted)
        try:
            return answer(self._handle, request)
        except FaultedReply as faulted:
            return await self._respond(faulted)

    async def _respond(self, faulted: FaultedReply) -> httpx.Response:
        self._meet(faulted)
        return await faulted.respond_async()

    def _meet(self, faulted: FaultedReply) -> None:
        def restore(handle: Handle) -> None:
            self._handle = handle

        self._handle = refusing(self._handle, faulted.fault, restore)


def answer(handle: Handle, request: httpx.Request) -> httpx.Response:
    """Return the engine's answer to an httpx request whose body has been read.

    Args:
        handle: The engine's ``handle``.
        request: The request.

    Raises:
        FaultedReply: The script asks for a transport fault; the exception delivers it.
        httpx.ConnectError: The script refuses connections at this time.
    """
    answered = handle(as_request(request))
    match answered:
        case Reply():
            return _response(answered, request)
        case _:
            raise FaultedReply(answered, request)


def as_request(request: httpx.Request) -> Request:
    """Return an httpx request as the kind of request that the engine takes.

    The request's body must have been read.
    """
    path, query = _target(request.url.raw_path)
    return Request(request.method.upper(), path, query, tuple(request.headers.raw), request.content)


@lru_cache(maxsize=256)
def _target(target: bytes) -> tuple[str, str]:
    path, _, query = target.partition(b"?")
    return path.decode("ascii"), query.decode("ascii")


class _WholeResponse(httpx.Response):
    """A response whose body is in memory: reading it does not iterate over a stream (httpx 0.27, 0.28).

    Everything else, streaming included, works as in httpx.
    """

    def __init__(self, reply: Reply, body: bytes, headers: httpx.Headers, request: httpx.Request) -> None:
        super().__init__(reply.status, headers=headers, stream=httpx.ByteStream(body), request=request)
        self._whole = body

    def read(self) -> bytes:
        if self._take_whole():
            self.close()
        return super().read()

    async def aread(self) -> bytes:
        if self._take_whole():
            await self.aclose()
        return await super().aread()

    def _take_whole(self) -> bool:
        if self.is_stream_consumed or self.is_closed or "content-encoding" in self.headers:
            return False
        self.is_stream_consumed = True
        self._num_bytes_downloaded = len(self._whole)
        self._content = self._whole
        return True


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    length = None if reply.status in WITHOUT_BODY else len(reply.body)
    body = b"" if request.method == "HEAD" else reply.body
    return _WholeResponse(reply, body, _headers(reply.headers, length), request)


# httpx copies these headers, which is cheaper than building them for each response.
@lru_cache(maxsize=1024)
def _headers(headers: RawHeaders, length: int | None) -> httpx.Headers:
    framing = [] if length is None else [(b"content-length", b"%d" % length)]
    return httpx.Headers([*headers, *framing])
