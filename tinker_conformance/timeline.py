"""The timeline: what an SDK did in a scenario, as one ordered list of typed events.

The kit records a timeline of the SDK under test and one of the reference, and checks compare the two. A time
is in virtual seconds: seconds of the SDK's monotonic clock, which the kit moves without waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

import msgspec


class OutcomeKind(StrEnum):
    """How a future, or a call of a function, ended."""

    RESULT = "result"
    FAILED = "failed"
    EXPIRED = "expired"
    ERROR = "error"
    TIMEOUT = "timeout"


class ClockCause(StrEnum):
    """Why the clocks moved: a step of the script, or a sleep of the SDK."""

    SCRIPT = "script"
    SLEEP = "sleep"


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", forbid_unknown_fields=True):
    """The fields that all events share.

    Attributes:
        at: Virtual seconds since the scenario began, on the monotonic clock.
        client: The client's name in the scenario, or None if it is not known.
        future: The future's number in the scenario, from 1, or None if it is not known.
    """

    at: float
    client: str | None = None
    future: int | None = None


class Request(_Event, frozen=True, kw_only=True, tag="request"):
    """A request that the SDK sent: a submission, a poll or another.

    Attributes:
        method: The HTTP method.
        path: The path, without the query string.
        iteration: The header `X-Tinker-Request-Iteration` of a poll, as sent.
        request_type: The header `X-Tinker-Request-Type` of a poll, as sent.
        body: The decoded JSON body, if it is an object; else None.
        gap: For a poll after the first of its future: real seconds since the reply before it; never compared
            exactly.
        key: Where the API key was sent: the name of a header in lower case, `query` or `body`; None if
            nowhere.
    """

    method: str
    path: str
    iteration: str | None = None
    request_type: str | None = None
    body: dict[str, object] | None = None
    key: str | None = None
    gap: float | None = None

    @property
    def is_poll(self) -> bool:
        """Return whether this request polls one future, with or without the headers of a poll."""
        return self.path.endswith("/retrieve_future")


class Response(_Event, frozen=True, kw_only=True, tag="response"):
    """The fake server's reply to a poll, or to a submission that it does not accept.

    Attributes:
        status: The HTTP status, or None if a fault replaced the reply.
        body: The scripted JSON body; None for a finished result, for `null` and for a body that is not JSON.
        raw: The first 200 characters of a body that is not in `body`; None for a result.
        fault: The fault that replaced the reply (`reset`, …) or corrupted it on the way.
        step: The number of the reply in the future's script, from 1; None once the script is used up.
        submission: Whether this is the reply to a submission, not to a poll.
    """

    status: int | None
    body: object = None
    raw: str | None = None
    fault: str | None = None
    step: int | None = None
    submission: bool = False


class ClockStep(_Event, frozen=True, kw_only=True, tag="clock"):
    """A move of the clocks, before the events that follow.

    Attributes:
        wall: Seconds that the wall clock moved; negative if it stepped back.
        monotonic: Seconds that the monotonic clock moved.
        cause: What moved the clocks: a step of the script, or a sleep of the SDK.
    """

    wall: float
    monotonic: float
    cause: ClockCause = ClockCause.SCRIPT


class Callback(_Event, frozen=True, kw_only=True, tag="callback"):
    """A call of the SDK's queue-state observer.

    Attributes:
        state: The state as the SDK named it (`active`, `paused_rate_limit`, …).
        reason: The server's reason, if the SDK passes it to the observer.
        custom: Whether the caller passed the observer in; otherwise it is the client's own.
    """

    state: str
    reason: str | None = None
    custom: bool = False


class Log(_Event, frozen=True, kw_only=True, tag="log"):
    """A line that the SDK logged.

    Attributes:
        level: `debug`, `info`, `warning` or `error`.
        logger: The name of the logger.
        message: The formatted text.
    """

    level: str
    logger: str
    message: str


class Telemetry(_Event, frozen=True, kw_only=True, tag="telemetry"):
    """A telemetry event that the SDK emitted.

    Attributes:
        name: The event's name.
        data: Its payload, if it is JSON.
    """

    name: str
    data: dict[str, object] = {}


class Outcome(_Event, frozen=True, kw_only=True, tag="outcome"):
    """The end of a future, or of one call of a function.

    Attributes:
        kind: How the future or the call ended.
        error: Type and text of the error; None for a result.
        value: The value that a called function returned (only in scenarios with `calls`).
    """

    kind: OutcomeKind
    error: str | None = None
    value: object = None


Event: TypeAlias = Request | Response | ClockStep | Callback | Log | Telemetry | Outcome
Timeline: TypeAlias = tuple[Event, ...]


def with_merged_sleeps(events: Iterable[Event]) -> Timeline:
    """Return the timeline with successive clock steps of one sleep merged into one step.

    An SDK with timers of its own, such as heartbeats, splits one long sleep into several steps. No
    requirement depends on that.
    """
    merged: list[Event] = []
    for event in events:
        match event, merged[-1] if merged else None:
            case (
                ClockStep(cause=ClockCause.SLEEP) as step,
                ClockStep(cause=ClockCause.SLEEP) as before,
            ):
                merged[-1] = msgspec.structs.replace(
                    before,
                    at=step.at,
                    wall=round(before.wall + step.wall, 6),
                    monotonic=round(before.monotonic + step.monotonic, 6),
                )
            case _:
                merged.append(event)
    return tuple(merged)
