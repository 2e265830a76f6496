"""What the fake server tells, as events of a timeline: the same in process and over stdio."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from fake_server.core.http_messages import Reply, TransportFault
from fake_server.engine.listener import Poll, Submission
from fake_server.script.steps import Advance, Complete, ReplyStep, intended_reply
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.timeline import ClockCause, ClockStep, Request, Response

MAX_EVENTS: Final = 20_000
"""Events of one scenario, beyond which it is ended: an SDK that polls without end."""
MAX_TEXT: Final = 4_000
"""Characters of a log message or an error that are kept."""


class FutureKey(NamedTuple):
    """Which future: the client's name, and the future's place in the scenario (from 1)."""

    client: str | None
    future: int | None


NO_FUTURE: Final = FutureKey(None, None)


def submission_event(at: float, key: FutureKey, submission: Submission) -> Request:
    """An operation was submitted."""
    return Request(
        at=at, client=key.client, future=key.future, method=submission.method, path=submission.path
    )


def poll_event(at: float, key: FutureKey, poll: Poll) -> Request:
    """A future was polled."""
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
    """A script has moved the clocks; `at` is the time afterwards."""
    return ClockStep(
        at=at,
        client=key.client,
        future=key.future,
        wall=advance.wall_us / MICROSECOND,
        monotonic=advance.monotonic_us / MICROSECOND,
    )


def sleep_event(at: float, moved_us: int) -> ClockStep:
    """The clocks have moved to the end of a sleep; `at` is the time afterwards."""
    seconds = moved_us / MICROSECOND
    return ClockStep(at=at, wall=seconds, monotonic=seconds, cause=ClockCause.SLEEP)


def response_event(at: float, key: FutureKey, poll: Poll, reply: Reply | TransportFault) -> Response:
    """A reply was chosen for a poll."""
    scripted = _scripted(poll)
    status, fault, body = None, None, None
    match reply:
        case TransportFault(reply=spoilt, name=name):
            fault = name
            if spoilt is not None:
                status, body = spoilt.status, _body_of(spoilt, scripted)
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


def _scripted(poll: Poll) -> ReplyStep | None:
    """The reply that the script has for a poll; None once it is used up."""
    turns = poll.future.script.turns
    return turns[poll.index].reply if poll.index < len(turns) else None


def _body_of(reply: Reply, scripted: ReplyStep | None) -> object:
    """What the timeline shows of a reply: what a script says, and nothing of a result."""
    return None if isinstance(intended_reply(scripted), Complete) else _json_or_none(reply.body)


def _json_or_none(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError):  # before msgspec 0.21 the first was no ValueError
        return None
