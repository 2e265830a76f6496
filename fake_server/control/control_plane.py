"""A control plane for test suites in other languages, below ``/_control`` on the fake server's own port.

Each test has an engine of its own, whose base URL is ``/t/NAME``, so that many tests can share one server::

    POST   /_control/tests               {"name": "mine"}, or nothing   {"name", "base_url", "clock"}
    POST   /_control/tests/NAME/scripts  [{"steps": [...]}, ...]        {"futures": [name, ...]}
    GET    /_control/tests/NAME/journal                                 one JSON object a line
    GET    /_control/tests/NAME/verdict                                 {"ok", "text"}
    POST   /_control/tests/NAME/release  {"future": name}, or nothing   {"released": how many held replies}
    GET    /_control/tests/NAME/clock                                   {"seq", "wall_ns", "monotonic_ns"}
    POST   /_control/tests/NAME/clock    {"advance": 60}                the same, afterwards
    DELETE /_control/tests/NAME
    GET    /_control/clock                                              the clock of requests outside any test
    POST   /_control/clock               {"advance": 60}                the same, afterwards
    POST   /_control/reset                                              forgets every test

Creating a test replaces an existing test of the same name. With ``--clock-file`` each test has a clock file
of its own, whose path is ``clock`` in the reply. The clock starts at the default time, and other tests do not
move it.

Every request needs the token printed at startup (``Authorization: Bearer TOKEN``) and a loopback Host. A
request with an Origin is refused, so that no web page can reach the control plane.
"""

from __future__ import annotations

import contextlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fake_server.control.clock_file import SteppedClock
from fake_server.core.bounded_files import parse_json
from fake_server.core.errors import FileError, ScriptError, ScriptViolation
from fake_server.core.http_messages import JSON_HEADERS, Reply, Request, TransportFault
from fake_server.core.json_values import encoded
from fake_server.core.plain_data import refuse_unknown
from fake_server.core.refused_request import RefusedError
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import FakeTinker
from fake_server.script.builder import advance as advance_step
from fake_server.script.script_yaml import decode_all
from fake_server.script.spelling import near_words_of
from fake_server.script.steps import Advance

CONTROL: Final = "/_control"
TESTS: Final = "/t/"
MAX_TESTS: Final = 10_000
"""Greatest number of tests that exist at the same time."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LINES: Final = ((b"content-type", b"application/x-ndjson"),)


class _MovesClock:
    """The listener of a test's engine, which moves the test's clock file when a script says ``advance``."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:  # noqa: ARG002 - the listener's signature
        self._clock.advance(advance.wall_us, advance.monotonic_us)

    def submission_arrived(self, submission: Submission) -> None:
        """Do nothing: a submission moves no clock."""

    def request_arrived(self, poll: Poll) -> None:
        """Do nothing: only an advance moves the clock."""

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Do nothing: a reply moves no clock."""

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Do nothing: a reply moves no clock."""

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Do nothing: a reply moves no clock."""


@dataclass(frozen=True)
class _Test:
    """One test of a suite, with an engine of its own.

    Attributes:
        engine: Answers the requests below the test's base URL.
        clock: The test's clock file, which the test's scripts and the control plane move; None if the server
            has no clock files.
    """

    engine: FakeTinker
    clock: SteppedClock | None

    def end(self) -> None:
        """Release every held reply, and remove the clock file."""
        self.engine.release()
        if self.clock is not None:
            self.clock.remove()


class ControlledServer:
    """Answers requests to the control plane, and passes each other request to an engine.

    A request below ``/t/NAME`` goes to the engine of that test, any other to an engine that belongs to no
    test.

    Attributes:
        token: The bearer token that requests to the control plane need.
    """

    def __init__(
        self, engine: FakeTinker, make: Callable[[], FakeTinker], clock: SteppedClock | None = None
    ) -> None:
        """Create a server that has no tests.

        Args:
            engine: Answers requests that belong to no test.
            make: Creates the engine of a test.
            clock: The clock file of `engine`, which its scripts and the control plane move; None for no clock
                files. If given, each test gets a clock file of its own, in a folder beside this file whose
                name ends in ``.tests``.
        """
        self.token = secrets.token_urlsafe(32)
        self._engine = engine
        self._make = make
        self._clock = clock
        self._tests: dict[str, _Test] = {}
        self._made = 0
        self._lock = threading.Lock()
        if clock is not None:
            engine.listener = _MovesClock(clock)

    def handle(self, request: Request) -> Reply | TransportFault:
        """Return the answer to one request; can be called from any thread, and never raises."""
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            try:
                self._admit(request)
                return self._control(request)
            except RefusedError as refusal:
                return refusal.reply
        if request.path.startswith(TESTS):
            name, slash, rest = request.path.removeprefix(TESTS).partition("/")
            try:
                engine = self._test(name).engine
            except RefusedError as refusal:
                return refusal.reply
            return engine.handle(request.at(slash + rest))
        return self._engine.handle(request)

    def close(self) -> None:
        """End every test: release its held replies, and remove its clock file."""
        self._end_tests()
        if self._clock is not None:
            with contextlib.suppress(OSError):  # the folder is missing, or another program has files in it
                _clock_folder(self._clock).rmdir()

    def _admit(self, request: Request) -> None:
        host = (request.header("host") or "").lower()
        if re.sub(r":\d+$", "", host) not in _LOOPBACK:
            text = f"the Host {host!r} is not a loopback name; use 127.0.0.1 or localhost"
            raise RefusedError(HTTPStatus.FORBIDDEN, text)
        if request.header("origin") is not None:
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                "web pages may not use the control plane; send the request without an Origin header",
            )
        given = (request.header("authorization") or "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode("latin-1"), self.token.encode("ascii")):
            text = "send 'Authorization: Bearer TOKEN' with the token that was printed at the start"
            raise RefusedError(HTTPStatus.UNAUTHORIZED, text)

    def _control(self, request: Request) -> Reply:
        match request.method, request.path.removeprefix(CONTROL).strip("/").split("/"):
            case "POST", ["tests"]:
                return self._begin(request)
            case method, ["tests", name, *rest]:
                return self._of_test(name, method, rest, request)
            case "GET", ["clock"]:
                return _json(200, _present(self._clock).reading())
            case "POST", ["clock"]:
                return _moved(_present(self._clock), request)
            case "POST", ["reset"]:
                self._end_tests()
                return Reply(204, ())
        raise _unknown(request)

    def _of_test(  # noqa: PLR0911 - one return for each endpoint
        self, name: str, method: str, rest: list[str], request: Request
    ) -> Reply:
        match method, rest:
            case "POST", ["scripts"]:
                return _add_scripts(self._test(name).engine, request)
            case "GET", ["journal"]:
                return Reply(200, _LINES, self._test(name).engine.journal.to_json_lines().encode())
            case "GET", ["verdict"]:
                return _verdict(self._test(name).engine)
            case "POST", ["release"]:
                return _release(self._test(name).engine, request)
            case "GET", ["clock"]:
                return _json(200, _present(self._test(name).clock).reading())
            case "POST", ["clock"]:
                return _moved(_present(self._test(name).clock), request)
            case "DELETE", []:
                return self._delete(name)
        raise _unknown(request)

    def _delete(self, name: str) -> Reply:
        test = self._test(name)
        with self._lock:
            if self._tests.get(name) is test:
                del self._tests[name]
        test.end()
        return Reply(204, ())

    def _begin(self, request: Request) -> Reply:
        body = _object(request, "name")
        with self._lock:
            self._made += 1
            number = self._made
            name = body.get("name", f"test-{number}")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                text = f"{name!r} is not a valid name; use up to 100 letters, digits, dots and hyphens"
                raise RefusedError(HTTPStatus.BAD_REQUEST, text)
            if name not in self._tests and len(self._tests) >= MAX_TESTS:
                text = (
                    f"there are already {MAX_TESTS} tests, which is the limit; delete those that have ended"
                )
                raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, text)
            before = self._tests.get(name)
            self._tests[name] = test = self._made_test(number)
        if before is not None:
            before.end()
        reply = {"name": name, "base_url": f"http://{request.header('host')}{TESTS}{name}"}
        if test.clock is not None:
            reply["clock"] = str(test.clock.path.absolute())
        return _json(201, reply)

    def _made_test(self, number: int) -> _Test:
        """Create a test.

        Its clock file is named by ``number``, because a test's name may not be valid as a file name.
        """
        engine = self._make()
        if self._clock is None:
            return _Test(engine, None)
        folder = _clock_folder(self._clock)
        try:
            folder.mkdir(exist_ok=True)
            clock = SteppedClock(folder / str(number))
        except OSError as error:
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, _unwritable(error)) from error
        engine.listener = _MovesClock(clock)
        return _Test(engine, clock)

    def _end_tests(self) -> None:
        with self._lock:
            ended = tuple(self._tests.values())
            self._tests.clear()
        for test in ended:
            test.end()

    def _test(self, name: str) -> _Test:
        with self._lock:
            test = self._tests.get(name)
        if test is None:
            text = f"there is no test {name!r}; create it with POST {CONTROL}/tests"
            raise RefusedError(HTTPStatus.NOT_FOUND, text)
        return test


def _add_scripts(engine: FakeTinker, request: Request) -> Reply:
    try:
        data = _decoded(request)
        entries = decode_all(data, "the request")
        added = [engine.add_entry(entry) for entry in entries]
    except ScriptError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    reply: dict[str, object] = {"futures": [future.name for future in added if future is not None]}
    doubts = list(near_words_of(data, "the request"))
    return _json(201, {**reply, "warnings": doubts} if doubts else reply)


def _verdict(engine: FakeTinker) -> Reply:
    try:
        engine.verify()
    except ScriptViolation as violation:
        return _json(200, {"ok": False, "text": str(violation)})
    return _json(200, {"ok": True, "text": ""})


def _release(engine: FakeTinker, request: Request) -> Reply:
    body = _object(request, "future")
    return _json(200, {"released": engine.release(body.get("future"))})


def _object(request: Request, key: str) -> dict[str, Any]:
    """Return the JSON object in the body of a request; empty if there is no body.

    Args:
        request: The request.
        key: The only key that the object may have.
    """
    body = _decoded(request) if request.body else {}
    if not isinstance(body, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"send an object with the key {key!r}, or nothing")
    try:
        refuse_unknown(body, (key,))
    except ScriptError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    return body


def _unknown(request: Request) -> RefusedError:
    text = (
        f"{request.method} {request.path} is not an endpoint of the control plane; "
        "`tinker-conformance docs control-plane` lists them"
    )
    return RefusedError(HTTPStatus.NOT_FOUND, text)


def _clock_folder(clock: SteppedClock) -> Path:
    return clock.path.with_name(f"{clock.path.name}.tests")


def _present(clock: SteppedClock | None) -> SteppedClock:
    if clock is None:
        text = "the server has no clock file; start it with --clock-file PATH"
        raise RefusedError(HTTPStatus.NOT_FOUND, text)
    return clock


def _unwritable(error: OSError) -> str:
    return f"the clock file cannot be written ({error}); keep its folder while the server runs"


def _moved(clock: SteppedClock, request: Request) -> Reply:
    body = _decoded(request)
    if not isinstance(body, dict) or set(body) != {"advance"}:
        text = 'send {"advance": 60}, or {"advance": {"wall": -5, "monotonic": 0.001}}'
        raise RefusedError(HTTPStatus.BAD_REQUEST, text)
    amount = body["advance"]
    try:
        if isinstance(amount, dict):
            refuse_unknown(amount, ("wall", "monotonic"))
            step = advance_step(wall=amount.get("wall"), monotonic=amount.get("monotonic"))
        else:
            step = advance_step(amount)
    except ScriptError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    try:
        clock.advance(step.wall_us, step.monotonic_us)
    except OSError as error:
        raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, _unwritable(error)) from error
    return _json(200, clock.reading())


def _decoded(request: Request) -> object:
    try:
        return parse_json(request.body)
    except FileError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, error.of("the body")) from error


def _json(status: int, value: object) -> Reply:
    return Reply(status, JSON_HEADERS, encoded(value))
