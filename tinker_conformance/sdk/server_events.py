"""Converts the fake server's notifications into events of a timeline, in process and over stdio alike."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from fake_server.core.http_messages import Reply, TransportFault
from fake_server.core.http_messages import Request as HttpRequest
from fake_server.engine.listener import Poll, Submission
from fake_server.script.steps import Advance, Complete, ReplyStep, intended_reply
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.timeline import ClockCause, ClockStep, Request, Response

MAX_EVENTS: Final = 20_000
"""Limit for the events of one scenario, for an SDK that would poll without end."""
MAX_TEXT: Final = 4_000
"""Limit for a log message or an error text, in characters."""


class FutureKey(NamedTuple):
    """The client's name, and the future's number in the scenario (from 1)."""

    client: str | None
    future: int | None


NO_FUTURE: Final = FutureKey(None, None)


def submission_event(at: float, key: FutureKey, submission: Submission) -> Request:
    """Return the event of a submission at `at` virtual seconds."""
    return Request(
        at=at, client=key.client, future=key.future, method=submission.method, path=submission.path
    )


def poll_event(at: float, key: FutureKey, poll: Poll) -> Request:
    """Return the event of a poll at `at` virtual seconds."""
    return Request(
        at=at,
        client=key.client,
        future=key.future,
        method=poll.method,
        path=poll.path,
        iteration=poll.iteration,
        request_type=poll.request_type,
    )


def advance_event(at: float, key: FutureKey, advance: Advance) -> ClockStep:
    """Return the event of a clock step in a script; `at` is the time after it, in virtual seconds."""
    return ClockStep(
        at=at,
        client=key.client,
        future=key.future,
        wall=advance.wall_us / MICROSECOND,
        monotonic=advance.monotonic_us / MICROSECOND,
    )


def sleep_event(at: float, moved_us: int) -> ClockStep:
    """Return the event of a sleep; `at` is the time after it, in virtual seconds.

    Args:
        at: The time after the sleep.
        moved_us: The length of the sleep, in microseconds.
    """
    seconds = moved_us / MICROSECOND
    return ClockStep(at=at, wall=seconds, monotonic=seconds, cause=ClockCause.SLEEP)


def response_event(at: float, key: FutureKey, poll: Poll, reply: Reply | TransportFault) -> Response:
    """Return the event of the reply to a poll at `at` virtual seconds."""
    scripted = _scripted(poll)
    status, fault, body = None, None, None
    match reply:
        case TransportFault(reply=corrupted, name=name):
            fault = name
            if corrupted is not None:
                status, body = corrupted.status, _body_of(corrupted, scripted)
        case Reply():
            status = reply.status
            body = _body_of(reply, scripted)
    return Response(
        at=at,
        client=key.client,
        future=key.future,
        status=status,
        body=body,
        fault=fault,
        step=None if scripted is None else poll.index + 1,
    )


def refusal_event(at: float, key: FutureKey, reply: Reply | TransportFault) -> Response:
    """Return the event of the reply to a submission that is not accepted, at `at` virtual seconds."""
    status, fault, body = None, None, None
    match reply:
        case TransportFault(reply=corrupted, name=name):
            fault = name
            if corrupted is not None:
                status, body = corrupted.status, _json_or_none(corrupted.body)
        case Reply():
            status, body = reply.status, _json_or_none(reply.body)
    return Response(
        at=at, client=key.client, future=key.future, status=status, body=body, fault=fault, submission=True
    )


def setup_event(at: float, request: HttpRequest) -> Request:
    """Return the event of a request of the set-up at `at` virtual seconds."""
    return Request(at=at, method=request.method, path=request.path)


def _scripted(poll: Poll) -> ReplyStep | None:
    """Return the scripted reply to a poll, or None after the end of the script."""
    turns = poll.future.script.turns
    return turns[poll.index].reply if poll.index < len(turns) else None


def _body_of(reply: Reply, scripted: ReplyStep | None) -> object:
    """Return the part of a reply that the timeline shows: everything but results."""
    return None if isinstance(intended_reply(scripted), Complete) else _json_or_none(reply.body)


def _json_or_none(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError):  # before msgspec 0.21 the first was no ValueError
        return None
