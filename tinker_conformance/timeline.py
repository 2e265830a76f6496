"""The timeline: one ordered list of typed events, the only thing that checks look at.

Every event says when it happened (`at`, virtual seconds since the scenario began, read from the
monotonic clock), and, where that is known, for which client (its name in the scenario) and which
future (counted from 1 in the order in which the scenario lists them).
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
    """Why the clocks moved: the script said so, or the SDK slept until then."""

    SCRIPT = "script"
    SLEEP = "sleep"


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", forbid_unknown_fields=True):
    """What all events share.

    Attributes:
        at: Virtual seconds since the scenario began, on the monotonic clock.
        client: The client's name in the scenario, or None where it is not known.
        future: The future's place in the scenario, from 1, or None where it is not known.
    """

    at: float
    client: str | None = None
    future: int | None = None


class Request(_Event, frozen=True, kw_only=True, tag="request"):
    """A request that the SDK sent: a submission (`iteration` is None) or a poll.

    Attributes:
        method: The HTTP method.
        path: The path, without a query.
        iteration: The header `X-Tinker-Request-Iteration` of a poll, as sent.
        request_type: The header `X-Tinker-Request-Type` of a poll, as sent.
    """

    method: str
    path: str
    iteration: str | None = None
    request_type: str | None = None


class Response(_Event, frozen=True, kw_only=True, tag="response"):
    """What the fake server answered to a poll.

    Attributes:
        status: The HTTP status, or None for a fault of the transport.
        body: The scripted JSON body; None for a finished result and for a body that is not JSON.
        fault: The fault in place of an answer (`reset`, …), or on its way.
        step: Which reply of the future's script it is, from 1 (None once the script is used up).
    """

    status: int | None
    body: object = None
    fault: str | None = None
    step: int | None = None


class ClockStep(_Event, frozen=True, kw_only=True, tag="clock"):
    """The clocks moved, by these many seconds each, before what follows.

    Attributes:
        wall: Seconds that the wall clock moved (below zero: it stepped back).
        monotonic: Seconds that the monotonic clock moved.
        cause: The script, or a sleep of the SDK.
    """

    wall: float
    monotonic: float
    cause: ClockCause = ClockCause.SCRIPT


class Callback(_Event, frozen=True, kw_only=True, tag="callback"):
    """The SDK called its queue-state observer.

    Attributes:
        state: The state as the SDK named it (`active`, `paused_rate_limit`, …).
        reason: The server's reason where the SDK hands one on.
        custom: True where it was the caller's own observer.
    """

    state: str
    reason: str | None = None
    custom: bool = False


class Log(_Event, frozen=True, kw_only=True, tag="log"):
    """A line that the SDK logged.

    Attributes:
        level: `debug`, `info`, `warning` or `error`.
        logger: The name of the logger.
        message: The text, formatted.
    """

    level: str
    logger: str
    message: str


class Telemetry(_Event, frozen=True, kw_only=True, tag="telemetry"):
    """A telemetry event that the SDK emitted.

    Attributes:
        name: The event's name.
        data: Its payload, as far as it is JSON.
    """

    name: str
    data: dict[str, object] = {}


class Outcome(_Event, frozen=True, kw_only=True, tag="outcome"):
    """The end of a future, or of one call of a function.

    Attributes:
        kind: How it ended.
        error: Type and text of the error, for every kind but `result`.
        value: What a called function returned (`call:` scenarios only).
    """

    kind: OutcomeKind
    error: str | None = None
    value: object = None


Event: TypeAlias = Request | Response | ClockStep | Callback | Log | Telemetry | Outcome
Timeline: TypeAlias = tuple[Event, ...]


def with_merged_sleeps(events: Iterable[Event]) -> Timeline:
    """Makes one step of the clock steps that follow each other while an SDK sleeps.

    An SDK that has timers of its own (heartbeats) wakes up in between; that is not what a timeline is about.
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
