"""The servers, each to be run in a process of its own: ours, and the peers that play the same script.

The peers hold their futures in a dictionary and have each reply encoded beforehand; they check nothing and
remember nothing else. Prints the port; then, for each line read, processor seconds and memory as JSON.

    python -m benchmarks.peers NAME FUTURES
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httptools
import msgspec

from benchmarks.workload import PATH, PAUSED, PAUSED_BODY, RESULT_BODY, body_of, future_name, try_again_body


class _Poll(msgspec.Struct):
    request_id: str


_decode: Final = msgspec.json.Decoder(_Poll).decode
_polls: Final[dict[str, int]] = {}


def _next(body: bytes) -> tuple[int, bytes]:
    name = _decode(body).request_id
    polls = _polls.get(name, 0)
    _polls[name] = polls + 1
    if polls < 3:
        return 408, PAUSED_BODY
    return 200, try_again_body(name) if polls == 3 else RESULT_BODY


class _Limit(asyncio.Protocol):
    """The minimal correct server: httptools, a dictionary, one write a reply."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._url = self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status, content = _next(self._body) if self._url == PATH.encode() else (404, b"")
        self._body = b""
        self._transport.write(
            b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (status, len(content), content)
        )


async def _limit() -> None:
    server = await asyncio.get_running_loop().create_server(_Limit, "127.0.0.1", 0)
    _say(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    status, content = _next(body) if scope["path"] == PATH else (404, b"")
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _uvicorn() -> None:
    import uvicorn

    settings = uvicorn.Config(
        _asgi, port=0, http="httptools", loop="uvloop", lifespan="off", log_level="warning", access_log=False
    )
    server = uvicorn.Server(settings)

    def report() -> None:
        while not server.started:
            time.sleep(0.01)
        _say(server.servers[0].sockets[0].getsockname()[1])

    threading.Thread(target=report, daemon=True).start()
    server.run()


async def _aiohttp() -> None:
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        status, content = _next(await request.read())
        return web.Response(status=status, body=content, content_type="application/json")

    app = web.Application()
    app.router.add_post(PATH, answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _say(runner.addresses[0][1])
    await asyncio.Event().wait()


def _pytest_httpserver() -> None:
    from pytest_httpserver import HTTPServer
    from werkzeug import Request, Response

    def answer(request: Request) -> Response:
        status, content = _next(request.get_data())
        return Response(content, status, content_type="application/json")

    server = HTTPServer(threaded=True)
    server.expect_request(PATH, method="POST").respond_with_handler(answer)
    server.start()
    _say(server.port)
    threading.Event().wait()


def _fake_server(futures: int, journal: int) -> None:
    from fake_server import FakeTinker, FakeTinkerServer, Request
    from fake_server.script import complete, script, timeout, try_again

    engine = FakeTinker(journal_limit=journal)
    steps = script().then(timeout(PAUSED)).times(3).then(try_again(PAUSED), complete()).build()
    before = _resident()
    for number in range(futures):
        engine.add_script(steps, name=future_name(number))
        engine.handle(Request("POST", "/api/v1/asample", body=b'{"num_samples":1}'))
    engine.journal.clear()
    per_future = (_resident() - before) / max(futures, 1)
    with FakeTinkerServer(engine) as server:
        _say(server.port, bytes_per_future=per_future)
        threading.Event().wait()


def _say(port: int, **more: float) -> None:
    print(json.dumps({"port": port, **more}), flush=True)
    threading.Thread(target=_report, daemon=True).start()


def _report() -> None:
    while sys.stdin.readline():
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(
            json.dumps(
                {
                    "cpu": used.ru_utime + used.ru_stime,
                    "user": used.ru_utime,
                    "faults": used.ru_minflt,
                    "sw": used.ru_nvcsw + used.ru_nivcsw,
                    "memory": _resident(),
                }
            ),
            flush=True,
        )
    os._exit(0)


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


SERVERS: Final[dict[str, Callable[[int], object]]] = {
    "limit": lambda _: asyncio.run(_limit()),
    "fake_server": lambda futures: _fake_server(futures, 100_000),
    "fake_server, no journal": lambda futures: _fake_server(futures, 0),
    "uvicorn": lambda _: _uvicorn(),
    "aiohttp": lambda _: asyncio.run(_aiohttp()),
    "pytest-httpserver": lambda _: _pytest_httpserver(),
}

if __name__ == "__main__":
    assert body_of("")
    SERVERS[sys.argv[1]](int(sys.argv[2]))
