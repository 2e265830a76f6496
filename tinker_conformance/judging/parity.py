"""The form in which two timelines are compared event by event; `docs/scenarios.md` states it."""

from __future__ import annotations

from tinker_conformance.timeline import (
    Callback,
    ClockCause,
    ClockStep,
    Event,
    Log,
    Outcome,
    Request,
    Response,
    Telemetry,
    Timeline,
)


def comparable(timeline: Timeline) -> list[tuple[object, ...]]:
    """What of a timeline must be equal: polls, replies, clocks, observer calls, warnings, outcomes.

    Logger names, error texts and the data of telemetry differ between SDKs by right. Times are those of the
    scripts and the back-offs; a jittered delay (after HTTP 410) makes them incomparable, and they are left
    out of that timeline.
    """
    jittered = any(isinstance(event, Response) and event.status == 410 for event in timeline)
    return [part for event in timeline if (part := _part(event, jittered=jittered)) is not None]


def _part(event: Event, *, jittered: bool) -> tuple[object, ...] | None:  # noqa: PLR0911 - a case each
    at = None if jittered else round(event.at, 6)
    match event:
        case Request():
            return ("request", at, event.future, event.path, event.iteration, event.request_type)
        case Response():
            return ("response", at, event.future, event.status, event.fault, event.step)
        case ClockStep(cause=ClockCause.SLEEP):
            return None if jittered else ("slept", at, event.wall, event.monotonic)
        case ClockStep():
            return ("clock", at, event.wall, event.monotonic)
        case Callback():
            return ("callback", at, event.future, event.state, event.reason)
        case Log(level="warning" | "error"):
            return ("log", at, event.future, event.level, event.message)
        case Outcome():
            return ("outcome", at, event.future, event.kind)
        case Telemetry() | Log():
            return None
