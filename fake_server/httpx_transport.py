"""The engine as a transport of httpx, for clients that take one: the cheapest face."""

from __future__ import annotations

import httpx

from fake_server.httpx_faults import Handle, Spoilt, refusing
from fake_server.messages import Reply, Request
from fake_server.tinker_api import FakeTinker


class FakeTinkerTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers every request of a client from the engine, whatever its host.

    Serves ``httpx.Client`` and ``httpx.AsyncClient``. Faults become what httpx makes of them on a socket:
    ``fake_server.httpx_faults``.
    """

    def __init__(self, engine: FakeTinker) -> None:
        """Answers from ``engine``."""
        self._handle: Handle = engine.handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request of a synchronous client."""
        request.read()
        try:
            return answer(self._handle, request)
        except Spoilt as spoilt:
            self._meet(spoilt)
            return spoilt.respond()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request of an asynchronous client. The listener is called on the client's event loop."""
        await request.aread()
        try:
            return answer(self._handle, request)
        except Spoilt as spoilt:
            self._meet(spoilt)
            return await spoilt.respond_async()

    def _meet(self, spoilt: Spoilt) -> None:
        def restore(handle: Handle) -> None:
            self._handle = handle

        self._handle = refusing(self._handle, spoilt.fault, restore)


def answer(handle: Handle, request: httpx.Request) -> httpx.Response:
    """The engine's answer to an httpx request that has been read.

    Raises:
        Spoilt: The script says that the reply is spoilt, or that none comes.
        httpx.ConnectError: The script says that connections are refused at this time.
    """
    target = request.url.raw_path
    path, _, query = target.partition(b"?")
    asked = Request(
        request.method.upper(),
        path.decode("ascii"),
        query.decode("ascii"),
        tuple(request.headers.raw),
        request.content,
    )
    answered = handle(asked)
    match answered:
        case Reply():
            return _response(answered, request)
        case _:
            raise Spoilt(answered, request)


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    framing = [] if reply.status in (204, 304) else [(b"content-length", b"%d" % len(reply.body))]
    body = b"" if request.method == "HEAD" else reply.body
    return httpx.Response(
        reply.status,
        headers=[*reply.headers, *framing],
        stream=httpx.ByteStream(body),
        request=request,
    )
