"""Make the engine's replies look like those of another server, and refuse what that server refuses.

A dialect (`fake_server.dialects.dialect`) says how that server deviates from the official service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from fake_server.core.faults import Wire
from fake_server.core.http_messages import JSON_HEADERS, PROTOBUF, Reply, Request, TransportFault
from fake_server.core.json_values import encoded
from fake_server.core.operations import API_PREFIX
from fake_server.dialects.dialect import Dialect
from fake_server.dialects.in_the_way import EarlierRequests

_POLL: Final = f"{API_PREFIX}retrieve_future"
_SAMPLE: Final = f"{API_PREFIX}asample"
_LARGEST_ENDING: Final = 64 * 1024
"""Greatest size, in bytes, of a reply to a poll that is not a result; a larger reply is not examined."""
_MISSING: Final = Reply(404, JSON_HEADERS, encoded({"detail": "Not Found"}))
_decode: Final = msgspec.json.Decoder().decode
_LEFT_OUT: Final = object()


class Translator:
    """Translates the replies of one engine into a dialect. Thread-safe."""

    def __init__(self, dialect: Dialect, *, long_polls: bool = False) -> None:
        """Create a translator into a dialect.

        Args:
            dialect: The dialect.
            long_polls: Whether a reply "the result is not there yet" comes only after the time for which that
                server waits for the result.
        """
        self.dialect = dialect
        self._seconds = dialect.pending.seconds if long_polls and dialect.pending is not None else 0.0
        self._earlier = EarlierRequests(dialect)
        offered = dialect.endpoints.offered if dialect.endpoints is not None else None
        self._offered = None if offered is None else re.compile("|".join(map(_pattern, offered)))
        statuses = {} if dialect.submission is None else dialect.submission.statuses
        self._statuses = [(re.compile(_pattern(name)), status) for name, status in statuses.items()]

    def refusal(self, request: Request) -> Reply | None:
        """Return this server's refusal of a request that the official service accepts, or None."""
        name = _name(request)
        if self._offered is not None and not self._offered.fullmatch(name):
            return _MISSING
        key, protobuf = self.dialect.key, self.dialect.protobuf
        has_key = request.header("x-api-key") or request.header("authorization")
        if key is not None and not has_key and not name.endswith(" healthz"):
            return _detail(key.missing, "the API key is missing")
        if (
            protobuf is not None
            and not protobuf.requests
            and PROTOBUF in (request.header("content-type") or "")
        ):
            return _detail(protobuf.refusal, "the body is not JSON")
        if self._earlier.matters and request.method == "POST":
            endpoint = request.path.removeprefix(API_PREFIX)
            return self._earlier.refusal(endpoint, request.body, _object_of(request.body))
        return None

    def translated_request(self, request: Request) -> Request:
        """Return a request without protobuf in `Accept`, if this server does not know protobuf."""
        protobuf = self.dialect.protobuf
        if protobuf is None or protobuf.results or PROTOBUF not in (request.header("accept") or ""):
            return request
        headers = tuple(line for line in request.headers if line[0].lower() != b"accept")
        other = Request(request.method, request.path, request.query, headers, request.body)
        other.connection = request.connection
        return other

    def translated_reply(self, request: Request, answer: Reply | TransportFault) -> Reply | TransportFault:
        """Return the engine's answer to a request as this server would send it."""
        if isinstance(answer, Reply):
            changed, pending = self._reply(request, answer)
            late = pending and self._seconds > 0
            return TransportFault(Wire(delay=self._seconds), changed) if late else changed
        if answer.reply is None:
            return answer
        changed, _ = self._reply(request, answer.reply)
        return TransportFault(answer.kind, changed, gate=answer.gate, future=answer.future)

    def _reply(self, request: Request, reply: Reply) -> tuple[Reply, bool]:
        """Return a reply as this server would send it, and whether the result is not there yet."""
        if request.path == _POLL:
            translated, pending = self._polled(request, reply)
            if self._earlier.matters and not pending:
                self._earlier.ended(_object_of(request.body).get("request_id"))
            return translated, pending
        if not 200 <= reply.status < 300:
            return reply, False
        if self._earlier.matters:
            endpoint = request.path.removeprefix(API_PREFIX)
            if request.method == "DELETE":
                self._earlier.deleted(request.path)
            else:
                self._earlier.accepted(endpoint, request.body, _object_of(request.body), _object(reply))
        submission = self.dialect.submission
        if submission is not None and not submission.sample_sequence_ids and request.path == _SAMPLE:
            body = _object(reply)
            body.pop("sample_sequence_ids", None)
            reply = Reply(reply.status, reply.headers, encoded(body))
        name = _name(request)
        for pattern, status in self._statuses:
            if pattern.fullmatch(name):
                return Reply(status, reply.headers, b"" if status == 204 else reply.body), False
        return reply, False

    def _polled(self, request: Request, reply: Reply) -> tuple[Reply, bool]:
        dialect = self.dialect
        body = _object(reply)
        match reply.status, body:
            case (200, {"type": "try_again"}) | (408, _):
                if dialect.pending is None:
                    return reply, True
                known = {**body, "request_id": _object_of(request.body).get("request_id")}
                return _made(dialect.pending.status, dialect.pending.body, known), True
            case 200, {"error": error, "category": category}:
                if dialect.failed is None:
                    return reply, False
                word = dialect.failed.categories.get(str(category), category)
                known = {"error": error, "category": word}
                return _made(dialect.failed.status, dialect.failed.body, known), False
            case 404 | 410, _ if dialect.unknown_future is not None:
                return Reply(dialect.unknown_future.status, reply.headers, reply.body), False
            case _:
                return reply, False


def _made(status: int, body: Mapping[str, object], known: Mapping[str, object]) -> Reply:
    return Reply(status, JSON_HEADERS, b"" if status == 204 else encoded(_filled(body, known)))


def _filled(value: object, known: Mapping[str, object]) -> object:
    match value:
        case str() if value.startswith("{") and value.endswith("}"):
            found = known.get(value[1:-1])
            return _LEFT_OUT if found is None else found
        case str():
            return re.sub(r"\{([a-z_]+)\}", lambda found: str(known.get(found[1], "")), value)
        case Mapping():
            filled = {key: _filled(each, known) for key, each in value.items()}
            return {key: each for key, each in filled.items() if each is not _LEFT_OUT}
        case _:
            return value


def _detail(status: int, text: str) -> Reply:
    return Reply(status, JSON_HEADERS, encoded({"detail": text}))


def _name(request: Request) -> str:
    return f"{request.method} {request.path.removeprefix(API_PREFIX)}"


def _pattern(endpoint: str) -> str:
    parts = re.split(r"(\{[a-z_]+(?::path)?\})", endpoint)
    return "".join(
        (".+" if part.endswith(":path}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    )


def _object(reply: Reply) -> dict[str, object]:
    return {} if len(reply.body) > _LARGEST_ENDING else _object_of(reply.body)


def _object_of(body: bytes) -> dict[str, object]:
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
