"""The engine as a transport of httpx, for clients that take one: the cheapest face."""

from __future__ import annotations

from functools import lru_cache

import httpx

from fake_server.messages import DropKind, RawHeaders, Reply, Request, TransportFault
from fake_server.tinker_api import FakeTinker


class FakeTinkerTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers every request of a client from the engine, whatever its host.

    Serves ``httpx.Client`` and ``httpx.AsyncClient``. Faults of the transport become what httpx raises for
    them: ``reset`` a ``ReadError``, ``close`` a ``RemoteProtocolError``.
    """

    def __init__(self, engine: FakeTinker) -> None:
        """Answers from ``engine``."""
        self._engine = engine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request of a synchronous client."""
        request.read()
        return answer(self._engine, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request of an asynchronous client. The listener is called on the client's event loop."""
        try:
            return answer(self._engine, request)
        except httpx.RequestNotRead:
            await request.aread()
        return answer(self._engine, request)


def answer(engine: FakeTinker, request: httpx.Request) -> httpx.Response:
    """The engine's answer to an httpx request that has been read.

    Raises:
        httpx.TransportError: The script says that the connection breaks.
    """
    path, query = _target(request.url.raw_path)
    asked = Request(request.method.upper(), path, query, tuple(request.headers.raw), request.content)
    answered = engine.handle(asked)
    match answered:
        case Reply():
            return _response(answered, request)
        case TransportFault(kind=kind):
            raise _error(kind, request)


@lru_cache(maxsize=256)
def _target(target: bytes) -> tuple[str, str]:
    path, _, query = target.partition(b"?")
    return path.decode("ascii"), query.decode("ascii")


class _WholeResponse(httpx.Response):
    """A response whose body is at hand: who reads it all need not walk through a stream (httpx 0.27, 0.28).

    Everything else is as httpx has it; streaming too.
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
    length = None if reply.status in (204, 304) else len(reply.body)
    body = b"" if request.method == "HEAD" else reply.body
    return _WholeResponse(reply, body, _headers(reply.headers, length), request)


# httpx copies these, which costs it less than making them anew.
@lru_cache(maxsize=1024)
def _headers(headers: RawHeaders, length: int | None) -> httpx.Headers:
    framing = [] if length is None else [(b"content-length", b"%d" % length)]
    return httpx.Headers([*headers, *framing])


def _error(kind: DropKind, request: httpx.Request) -> httpx.TransportError:
    match kind:
        case DropKind.RESET:
            return httpx.ReadError("connection reset, as scripted", request=request)
        case DropKind.CLOSE:
            return httpx.RemoteProtocolError(
                "connection closed without a reply, as scripted", request=request
            )
