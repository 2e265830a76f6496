"""An engine behind any of its transports, and short ways to ask it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import requests

from fake_server import FakeTinker, FakeTinkerServer, FakeTinkerTransport, Reply, Request, mounted

Transport = Callable[[FakeTinker], AbstractContextManager[httpx.Client]]


def outcome(post: Callable[[], Any]) -> str:
    """How a request ends: a status, whether what came is JSON, or the name of an error."""
    try:
        reply = post()
    except (httpx.RequestError, requests.RequestException) as error:
        return type(error).__name__
    try:
        reply.json()
    except ValueError:
        return f"{reply.status_code}, not JSON"
    return str(reply.status_code)


class Asker:
    """Asks an engine directly, without a transport."""

    def __init__(self, engine: FakeTinker) -> None:
        self.engine = engine

    def __call__(self, path: str, body: object = None, method: str = "POST", **headers: str) -> Reply:
        raw = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.engine.handle(Request(method, f"/api/v1/{path}", "", raw, content))
        assert isinstance(answer, Reply)
        return answer

    def json(self, path: str, body: object = None, method: str = "POST", **headers: str) -> Any:
        return json.loads(self(path, body, method, **headers).body)

    def submit(self, path: str = "asample", /, **body: object) -> str:
        request_id = self.json(path, body)["request_id"]
        assert isinstance(request_id, str)
        return request_id

    def poll(self, request_id: str) -> Reply:
        return self("retrieve_future", {"request_id": request_id})


@contextmanager
def over_respx(engine: FakeTinker) -> Iterator[httpx.Client]:
    with mounted(engine), httpx.Client(base_url="http://tinker.test") as client:
        yield client


@contextmanager
def over_transport(engine: FakeTinker) -> Iterator[httpx.Client]:
    transport = FakeTinkerTransport(engine)
    with httpx.Client(base_url="http://tinker.test", transport=transport) as client:
        yield client


@contextmanager
def over_socket(engine: FakeTinker) -> Iterator[httpx.Client]:
    with FakeTinkerServer(engine) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


TRANSPORTS: dict[str, Transport] = {"respx": over_respx, "transport": over_transport, "socket": over_socket}
