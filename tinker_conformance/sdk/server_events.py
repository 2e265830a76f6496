"""Convert what the fake server reports into events of a timeline, for SDKs in Python and over stdio alike."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from fake_server.core.errors import BodyError
from fake_server.core.http_messages import Reply, TransportFault
from fake_server.core.http_messages import Request as HttpRequest
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.request_decoding import decode_request
from fake_server.engine.tinker_api import CANCEL_PATH, POLL_MANY_PATH
from fake_server.script.steps import Advance, Complete, ReplyStep, intended_reply
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.timeline import ClockCause, ClockStep, Request, Response

SESSION_PATHS: Final = frozenset({POLL_MANY_PATH, CANCEL_PATH})
"""The paths of background requests for a session. A timeline shows the bodies of these and of the replies."""
MAX_EVENTS: Final = 20_000
"""The most events of one scenario: an SDK might poll without end."""
_MAX_BODY: Final = 20_000
"""How many bytes of a request's body a timeline shows."""
_MAX_RAW: Final = 200
"""How many bytes a timeline shows of a body that is not JSON."""
MAX_TEXT: Final = 20_000
"""How many characters a timeline shows of a log message or an error text."""


class FutureKey(NamedTuple):
    """Which future an event belongs to: its client's name, and its number in the scenario, from 1."""

    client: str | None
    future: int | None


API_KEY: Final = "tml-conformance-kit"
"""The API key that the kit gives to every SDK."""
NO_FUTURE: Final = FutureKey(None, None)


def submission_event(at: float, key: FutureKey, submission: Submission) -> Request:
    """Return the timeline's event for a submission at `at` virtual seconds."""
    return Request(
        at=at,
        client=key.client,
        future=key.future,
        method=submission.method,
        path=_path_of(submission),
        body=_body_of(submission.request),
        key=_key_in(submission.request),
    )


def poll_event(at: float, key: FutureKey, poll: Poll, gap: float | None) -> Request:
    """Return the timeline's event for a poll.

    Args:
        at: When the poll arrived, in virtual seconds.
        key: The future.
        poll: The poll.
        gap: The real seconds since the last reply to the same future; None for its first poll.
    """
    return Request(
        at=at,
        client=key.client,
        future=key.future,
        method=poll.method,
        path=_path_of(poll),
        iteration=poll.iteration,
        request_type=poll.request_type,
        body=_body_of(poll.request),
        key=_key_in(poll.request),
        gap=gap,
    )


def _path_of(asked: Submission | Poll) -> str:
    """Return the path of a request as the SDK sent it, including the path of the base URL."""
    return asked.path if asked.request is None else f"{asked.request.prefix}{asked.path}"


def _body_of(request: HttpRequest | None) -> dict[str, object] | None:
    if request is None or len(request.body) > _MAX_BODY:
        return None
    try:
        return dict(decode_request(request))
    except BodyError:
        return None


def _key_in(request: HttpRequest | None) -> str | None:
    """Return where a request carries the kit's API key: a header, the query or the body; None if nowhere."""
    if request is None:
        return None
    key = API_KEY.encode("ascii")
    for name, value in request.headers:
        if key in value:
            return name.decode("latin-1").lower()
    if API_KEY in request.query:
        return "query"
    return "body" if key in request.body else None


def advance_event(at: float, key: FutureKey, advance: Advance) -> ClockStep:
    """Return the timeline's event for a clock step that a script asks for.

    Args:
        at: The time after the step, in virtual seconds.
        key: The future whose script has the step.
        advance: How far the clocks move.
    """
    return ClockStep(
        at=at,
        client=key.client,
        future=key.future,
        wall=advance.wall_us / MICROSECOND,
        monotonic=advance.monotonic_us / MICROSECOND,
    )


def sleep_event(at: float, moved_us: int) -> ClockStep:
    """Return the timeline's event for a jump of the clocks to the end of the SDK's sleep.

    Args:
        at: The time after the sleep, in virtual seconds.
        moved_us: The length of the sleep, in microseconds.
    """
    seconds = moved_us / MICROSECOND
    return ClockStep(at=at, wall=seconds, monotonic=seconds, cause=ClockCause.SLEEP)


def response_event(at: float, key: FutureKey, poll: Poll, reply: Reply | TransportFault) -> Response:
    """Return the timeline's event for the reply to a poll at `at` virtual seconds."""
    scripted = _scripted(poll)
    sent, fault = _sent(reply)
    # The timeline shows everything but results.
    body, raw = _content(None if isinstance(intended_reply(scripted), Complete) else sent)
    return Response(
        at=at,
        client=key.client,
        future=key.future,
        status=None if sent is None else sent.status,
        body=body,
        raw=raw,
        fault=fault,
        step=None if scripted is None else poll.index + 1,
    )


def refusal_event(at: float, key: FutureKey, reply: Reply | TransportFault) -> Response:
    """Return the timeline's event for the reply to a refused submission, at `at` virtual seconds."""
    sent, fault = _sent(reply)
    body, raw = _content(sent)
    return Response(
        at=at,
        client=key.client,
        future=key.future,
        status=None if sent is None else sent.status,
        body=body,
        raw=raw,
        fault=fault,
        submission=True,
    )


def setup_events(at: float, request: HttpRequest, reply: Reply | TransportFault) -> tuple[Request, Response]:
    """Return the timeline's two events for a request that belongs to no future, and for its reply."""
    path = f"{request.prefix}{request.path}"
    if request.path not in SESSION_PATHS:
        return Request(at=at, method=request.method, path=path), refusal_event(at, NO_FUTURE, reply)
    asked = Request(
        at=at,
        method=request.method,
        path=path,
        body=_body_of(request),
        key=_key_in(request),
    )
    return asked, msgspec.structs.replace(refusal_event(at, NO_FUTURE, reply), submission=False)


def _scripted(poll: Poll) -> ReplyStep | None:
    """Return the step of the script that answers a poll, or None if the script has ended."""
    turns = poll.future.script.turns
    return turns[poll.index].reply if poll.index < len(turns) else None


def _sent(reply: Reply | TransportFault) -> tuple[Reply | None, str | None]:
    """Return the reply that was sent, and the fault that corrupted or replaced it; each may be None."""
    match reply:
        case TransportFault(reply=corrupted, name=name):
            return corrupted, name
        case Reply():
            return reply, None


def _content(shown: Reply | None) -> tuple[object, str | None]:
    """Return a reply's body as a JSON value, or as text if the body is not JSON."""
    if shown is None:
        return None, None
    body = _json_or_none(shown.body)
    return body, _as_text(shown.body) if body is None else None


def _as_text(body: bytes) -> str:
    return body[:_MAX_RAW].decode("utf-8", "backslashreplace")


def _json_or_none(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError):  # before msgspec 0.21 the first was no ValueError
        return None
