"""How a broken server is declared: its name, its fault, and the probes that it breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fake_server import Operation, Reply, Request
from fake_server.core.errors import BodyError
from fake_server.core.http_messages import JSON_HEADERS
from fake_server.engine.request_decoding import decode_request

from .laboratory import Bench

_B = TypeVar("_B", bound=type["BrokenBench"])
Json = dict[str, Any]
API = "/api/v1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenServer:
    """A server that does one thing wrong.

    Attributes:
        name: What it does.
        caught_by: The probe that must catch it.
        saying: A piece of the mismatch that this probe must report.
        also: All other probes that it breaks.
        make: Makes it.
    """

    name: str
    caught_by: str
    saying: str
    also: frozenset[str]
    make: Callable[[], Bench]

    @property
    def breaks(self) -> frozenset[str]:
        """All probes that it breaks."""
        return self.also | {self.caught_by}


class BrokenBench(Bench):
    """The fake with a fault in what goes into it, or in what comes out."""

    def before(self, request: Request) -> Request | Reply:
        """What the fake is asked instead, or the reply without asking it."""
        return request

    def after(self, request: Request, reply: Reply) -> Reply:
        """What is answered instead."""
        return reply

    def respond(self, request: Request, seconds: float) -> Reply:
        asked = self.before(request)
        return asked if isinstance(asked, Reply) else self.after(request, super().respond(asked, seconds))


@dataclass(slots=True)
class Chapter:
    """The broken servers of one chapter, in order."""

    servers: list[BrokenServer] = field(default_factory=list)

    def __iter__(self) -> Iterator[BrokenServer]:
        return iter(self.servers)

    def add(self, name: str, *, caught_by: str, saying: str, also: Iterable[str] = ()) -> Callable[[_B], _B]:
        """Add the decorated server."""

        def kept(made: _B) -> _B:
            self._keep(name, caught_by, saying, also, made)
            return made

        return kept

    def answers(
        self,
        name: str,
        when: Callable[[Request], bool],
        reply: Reply,
        *,
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
    ) -> None:
        """Add a server that answers some requests with this reply."""

        class Answers(BrokenBench):
            def before(self, request: Request) -> Request | Reply:
                return reply if when(request) else request

        self._keep(name, caught_by, saying, also, Answers)

    def asks(
        self,
        name: str,
        path: str,
        change: Callable[[Json], Json],
        *,
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
    ) -> None:
        """Add a server that takes the JSON bodies to a path for others."""

        class Asks(BrokenBench):
            def before(self, request: Request) -> Request | Reply:
                if not is_to(request, path) or (body := json_of(request)) is None:
                    return request
                return with_body(request, change(body))

        self._keep(name, caught_by, saying, also, Asks)

    def says(
        self,
        name: str,
        path: str,
        change: Callable[[Json], Json],
        *,
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
    ) -> None:
        """Add a server that answers other JSON at a path."""

        class Says(BrokenBench):
            def after(self, request: Request, reply: Reply) -> Reply:
                return changed(reply, change) if is_to(request, path) and reply.status < 300 else reply

        self._keep(name, caught_by, saying, also, Says)

    def results(
        self,
        name: str,
        operations: Iterable[Operation],
        change: Callable[[Json], Json],
        *,
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
    ) -> None:
        """Add a server whose results of some operations are others, in JSON and in protobuf."""
        kinds = frozenset(operations)

        class Results(BrokenBench):
            def __init__(self) -> None:
                super().__init__()
                service = service_of(self)
                right = service.result

                def result(future: str) -> Json:
                    kind = service._works[future][1].operation
                    value = dict(right(future))
                    return change(json.loads(json.dumps(value))) if kind in kinds else value

                service.result = result

        self._keep(name, caught_by, saying, also, Results)

    def _keep(
        self, name: str, caught_by: str, saying: str, also: Iterable[str], make: Callable[[], Bench]
    ) -> None:
        self.servers.append(
            BrokenServer(name=name, caught_by=caught_by, saying=saying, also=frozenset(also), make=make)
        )


def service_of(bench: Bench) -> Any:
    """The simulated service behind a bench."""
    return bench.engine._service


def is_to(request: Request, path: str) -> bool:
    """Whether a request is to a path below `/api/v1/`."""
    return request.path == API + path


def json_of(request: Request) -> Json | None:
    """The JSON object in a request, or None."""
    if b"protobuf" in dict(request.headers).get(b"content-type", b""):
        return None
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def decoded(request: Request) -> Mapping[str, object]:
    """The body of a request in any form; empty if it has none."""
    try:
        return decode_request(request)
    except BodyError:
        return {}


def with_body(request: Request, body: object) -> Request:
    """The same request with another JSON body."""
    return Request(request.method, request.path, request.query, request.headers, json.dumps(body).encode())


def replied(status: int, body: object) -> Reply:
    """A reply in JSON."""
    return Reply(status, JSON_HEADERS, json.dumps(body).encode())


def changed(reply: Reply, change: Callable[[Json], Json]) -> Reply:
    """The reply with another JSON object; the same if it has none."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    return replied(reply.status, change(body)) if isinstance(body, dict) else reply


def without(*keys: str) -> Callable[[Json], Json]:
    """A change that drops keys."""
    return lambda body: {key: value for key, value in body.items() if key not in keys}


def polled(request: Request) -> str | None:
    """The request id of a poll; None for other requests."""
    if not is_to(request, "retrieve_future"):
        return None
    found = decoded(request).get("request_id")
    return found if isinstance(found, str) else None


def is_pending(reply: Reply) -> bool:
    return reply.status == 408 or b'"try_again"' in reply.body


def is_failure(reply: Reply) -> bool:
    return reply.status == 200 and reply.body.startswith(b'{"error"')


FAILED = replied(500, {"detail": "internal server error"})
"""What a server answers that does not expect a request."""
EMPTY_408 = Reply(408, JSON_HEADERS, b"")
WAITING = replied(408, {"queue_state": "active"})
GONE = replied(404, {"detail": "there is no such future"})
