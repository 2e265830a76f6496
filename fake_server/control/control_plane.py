"""A control plane for test suites in other languages, below ``/_control`` on the fake server's own port.

Each test has an engine of its own below ``/t/NAME``, so that many tests share one server::

    POST   /_control/tests               {"name": "mine"}, or nothing   {"name", "base_url"}
    POST   /_control/tests/NAME/scripts  [{"steps": [...]}, ...]        {"futures": [name, ...]}
    GET    /_control/tests/NAME/journal                                 one JSON object a line
    GET    /_control/tests/NAME/verdict                                 {"ok", "text"}
    POST   /_control/tests/NAME/release  {"future": name}, or nothing   {"released": how many held replies}
    DELETE /_control/tests/NAME
    GET    /_control/clock                                              {"seq", "wall_ns", "monotonic_ns"}
    POST   /_control/clock               {"advance": 60}                the same, afterwards
    POST   /_control/reset                                              forgets every test

A test whose name exists begins anew.

It answers only with the token that was printed at the start (``Authorization: Bearer TOKEN``), only to a
loopback Host, and to no request with an Origin: a page in a browser cannot reach it.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fake_server.control.clock_file import SteppedClock
from fake_server.core.errors import ScriptError, ScriptViolation
from fake_server.core.http_messages import JSON_HEADERS, Reply, Request, TransportFault
from fake_server.core.json_values import encoded
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import FakeTinker
from fake_server.script.builder import advance as advance_step
from fake_server.script.script_yaml import decode_all
from fake_server.script.steps import Advance

CONTROL: Final = "/_control"
TESTS: Final = "/t/"
MAX_TESTS: Final = 10_000
"""Tests that one server knows at a time."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LINES: Final = ((b"content-type", b"application/x-ndjson"),)


class _Refusal(Exception):  # noqa: N818 - it carries the error reply to `handle`
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status.value, JSON_HEADERS, encoded({"error": text}))


class _MovesClock:
    """Lets the scripts of a test move the clock file."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock

    def clock_advanced(self, poll: Poll, advance: Advance) -> None:  # noqa: ARG002 - the listener's signature
        self._clock.advance(advance.wall_us, advance.monotonic_us)

    def submission_arrived(self, submission: Submission) -> None:
        """Nothing moves."""

    def request_arrived(self, poll: Poll) -> None:
        """Nothing moves."""

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Nothing moves."""


class ControlledServer:
    """Answers the control plane, the tests' engines, and everything else from one engine.

    Attributes:
        token: What a request to the control plane has to carry.
    """

    def __init__(
        self, engine: FakeTinker, make: Callable[[], FakeTinker], clock: SteppedClock | None = None
    ) -> None:
        """Knows no test yet.

        Args:
            engine: Answers what belongs to no test.
            make: Makes the engine of a test.
            clock: Moved by scripts and by the control plane.
        """
        self.token = secrets.token_urlsafe(32)
        self._engine = engine
        self._make = make
        self._clock = clock
        self._tests: dict[str, FakeTinker] = {}
        self._made = 0
        self._lock = threading.Lock()
        if clock is not None:
            engine.listener = _MovesClock(clock)

    def handle(self, request: Request) -> Reply | TransportFault:
        """Answers one request; thread-safe, never raises."""
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            try:
                self._admit(request)
                return self._control(request)
            except _Refusal as refusal:
                return refusal.reply
        if request.path.startswith(TESTS):
            name, slash, rest = request.path.removeprefix(TESTS).partition("/")
            with self._lock:
                engine = self._tests.get(name)
            if engine is None:
                text = f"there is no test {name!r}; make it with POST {CONTROL}/tests"
                return Reply(404, JSON_HEADERS, encoded({"error": text}))
            inner = Request(request.method, slash + rest, request.query, request.headers, request.body)
            return engine.handle(inner)
        return self._engine.handle(request)

    def _admit(self, request: Request) -> None:
        host = (request.header("host") or "").lower()
        if re.sub(r":\d+$", "", host) not in _LOOPBACK:
            text = f"the Host {host!r} is not a loopback name; ask 127.0.0.1 or localhost"
            raise _Refusal(HTTPStatus.FORBIDDEN, text)
        if request.header("origin") is not None:
            raise _Refusal(HTTPStatus.FORBIDDEN, "this is not for pages in a browser; leave Origin out")
        given = (request.header("authorization") or "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode("latin-1"), self.token.encode("ascii")):
            text = "send 'Authorization: Bearer TOKEN' with the token that was printed at the start"
            raise _Refusal(HTTPStatus.UNAUTHORIZED, text)

    def _control(self, request: Request) -> Reply:  # noqa: PLR0911 - one return for each thing to ask
        match request.method, request.path.removeprefix(CONTROL).strip("/").split("/"):
            case "POST", ["tests"]:
                return self._begin(request)
            case "POST", ["tests", name, "scripts"]:
                return self._add_scripts(self._test(name), request)
            case "GET", ["tests", name, "journal"]:
                return Reply(200, _LINES, self._test(name).journal.to_json_lines().encode())
            case "GET", ["tests", name, "verdict"]:
                return self._verdict(self._test(name))
            case "POST", ["tests", name, "release"]:
                return self._release(self._test(name), request)
            case "DELETE", ["tests", name]:
                self._test(name).release()
                with self._lock:
                    self._tests.pop(name, None)
                return Reply(204, ())
            case "GET", ["clock"]:
                return _json(200, self._the_clock().reading())
            case "POST", ["clock"]:
                return self._move_clock(request)
            case "POST", ["reset"]:
                with self._lock:
                    ended = tuple(self._tests.values())
                    self._tests.clear()
                for engine in ended:
                    engine.release()
                return Reply(204, ())
            case method, _:
                text = f"{method} {request.path} is not known here; see the package fake_server.control"
                raise _Refusal(HTTPStatus.NOT_FOUND, text)

    def _begin(self, request: Request) -> Reply:
        body = _decoded(request) if request.body else {}
        if not isinstance(body, dict) or set(body) - {"name"}:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "send an object with the key 'name', or nothing")
        with self._lock:
            self._made += 1
            name = body.get("name", f"test-{self._made}")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                text = f"{name!r} is no name; use up to 100 letters, digits, dots and hyphens"
                raise _Refusal(HTTPStatus.BAD_REQUEST, text)
            if name not in self._tests and len(self._tests) >= MAX_TESTS:
                text = f"there are {MAX_TESTS} tests already; delete those that have ended"
                raise _Refusal(HTTPStatus.TOO_MANY_REQUESTS, text)
            before = self._tests.get(name)
            self._tests[name] = engine = self._make()
        if before is not None:
            before.release()
        if self._clock is not None:
            engine.listener = _MovesClock(self._clock)
        return _json(201, {"name": name, "base_url": f"http://{request.header('host')}{TESTS}{name}"})

    def _test(self, name: str) -> FakeTinker:
        with self._lock:
            engine = self._tests.get(name)
        if engine is None:
            text = f"there is no test {name!r}; make it with POST {CONTROL}/tests"
            raise _Refusal(HTTPStatus.NOT_FOUND, text)
        return engine

    def _add_scripts(self, engine: FakeTinker, request: Request) -> Reply:
        try:
            entries = decode_all(_decoded(request), "the request")
            added = [engine.add_entry(entry) for entry in entries]
        except ScriptError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        return _json(201, {"futures": [future.name for future in added if future is not None]})

    def _verdict(self, engine: FakeTinker) -> Reply:
        try:
            engine.verify()
        except ScriptViolation as violation:
            return _json(200, {"ok": False, "text": str(violation)})
        return _json(200, {"ok": True, "text": ""})

    def _release(self, engine: FakeTinker, request: Request) -> Reply:
        body = _decoded(request) if request.body else {}
        if not isinstance(body, dict) or set(body) - {"future"}:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "send an object with the key 'future', or nothing")
        return _json(200, {"released": engine.release(body.get("future"))})

    def _the_clock(self) -> SteppedClock:
        if self._clock is None:
            raise _Refusal(HTTPStatus.NOT_FOUND, "there is no clock file; start with --clock-file PATH")
        return self._clock

    def _move_clock(self, request: Request) -> Reply:
        clock, body = self._the_clock(), _decoded(request)
        if not isinstance(body, dict) or set(body) != {"advance"}:
            text = 'send {"advance": 60}, or {"advance": {"wall": -5, "monotonic": 0.001}}'
            raise _Refusal(HTTPStatus.BAD_REQUEST, text)
        amount = body["advance"]
        try:
            if isinstance(amount, dict):
                step = advance_step(wall=amount.get("wall"), monotonic=amount.get("monotonic"))
            else:
                step = advance_step(amount)
        except ScriptError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        try:
            clock.advance(step.wall_us, step.monotonic_us)
        except OSError as error:
            text = f"the clock file cannot be written ({error}); keep its folder while the server runs"
            raise _Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, text) from error
        return _json(200, clock.reading())


def _decoded(request: Request) -> object:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise _Refusal(HTTPStatus.BAD_REQUEST, f"the body is not JSON ({error}); send JSON") from error


def _json(status: int, value: object) -> Reply:
    return Reply(status, JSON_HEADERS, encoded(value))
