"""Reduce timelines to what is compared event by event, as `docs/reference/scenarios.md` defines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from tinker_conformance.checks.session_polls import (
    CANCELLATION,
    SESSION_POLL,
    awaited_session_polls,
    cancelled_futures,
)
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
    with_merged_sleeps,
)


def comparable(timeline: Timeline) -> list[tuple[object, ...]]:
    """Return what must be equal in two timelines: polls, replies, clocks, observer calls, warnings, outcomes.

    Logger names, error texts and telemetry data may differ between SDKs. A random delay (after HTTP 410, and
    after a refused submission) makes times incomparable, so such a timeline is compared without times. Lines
    logged for a future before its submission, or while it is refused, are ignored, such as the deprecation of
    `load_state` since 0.36, or the HTTP client's report of each retry until 0.9. An error line about an
    unusable body is compared without the text of the decoding library. If futures run concurrently, order and
    times are ignored, and so are polls of whole sessions. Otherwise, polls of whole sessions are compared if
    a sample waits for them. Of cancellations, only the futures are compared, since their order among other
    requests is not fixed.
    """
    awaited = () if _interleaved(timeline) else awaited_session_polls(timeline)
    kept = _without_session_polls(timeline, frozenset(place for place, _ in awaited))
    cancelled = sorted(("cancelled", name) for _, _, name in cancelled_futures(timeline))
    shown = with_merged_sleeps(event for event in kept if not _is_left_out(event))
    events = list(_without_decoder_messages(_without_lines_before_submission(shown)))
    if _interleaved(timeline):
        parts = (part for event in events if (part := _part_apart(event)) is not None)
        return [*sorted(parts, key=repr), *cancelled]
    jittered = any(
        isinstance(event, Response) and (event.status == 410 or event.submission) for event in timeline
    )
    return [*(part for event in events if (part := _part(event, jittered=jittered)) is not None), *cancelled]


def _is_left_out(event: Event) -> bool:
    """Return whether an event is never compared, so that the sleeps before and after it are merged."""
    match event:
        case Telemetry() | Log(level="debug" | "info"):
            return True
        case _:
            return False


def _interleaved(timeline: Timeline) -> bool:
    """Return whether futures run concurrently, so that an SDK may poll them in any order."""
    running: set[int | None] = set()
    for event in timeline:
        match event:
            case Request(path=path) if path.endswith((SESSION_POLL, CANCELLATION)):
                pass
            case Request(future=future):
                running.add(future)
                if len(running) > 1:
                    return True
            case Outcome(future=future):
                running.discard(future)
            case _:
                pass
    return False


def _part_apart(event: Event) -> tuple[object, ...] | None:
    """Return what is compared of an event if futures run concurrently, without its future and its time."""
    match event:
        case Request() | Response() | Outcome():
            return _part(event, jittered=True)
        case Callback():
            return ("callback", event.state, event.reason)
        case Log(level="warning" | "error"):
            return ("log", event.level)
        case ClockStep() | Telemetry() | Log():
            return None


def _without_session_polls(timeline: Timeline, kept: Collection[int]) -> Iterator[Event]:
    """Yield the events at the indices `kept`, and all but cancellations and polls of whole sessions."""
    dropped = False
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path) if path.endswith((SESSION_POLL, CANCELLATION)) and place not in kept:
                dropped = True
            case Response(future=None, submission=False) if dropped:
                dropped = False
            case _:
                yield event


def _without_lines_before_submission(timeline: Iterable[Event]) -> Iterator[Event]:
    submitted: set[int | None] = set()
    refused: set[int | None] = set()
    for event in timeline:
        match event:
            case Request(future=future):
                submitted.add(future)
                refused.discard(future)
            case Response(future=future, submission=True):
                refused.add(future)
            case Log(future=future) if future in refused:
                continue
            case Log(future=int() as future) if future not in submitted:
                continue
            case _:
                pass
        yield event


def _without_decoder_messages(events: Iterable[Event]) -> Iterator[Event]:
    unusable: dict[int | None, bool] = {}
    for event in events:
        match event:
            case Response(future=future, status=status, body=body):
                reported = isinstance(body, dict) and "error" in body
                unusable[future] = status == 200 and not reported
                yield event
            case Log(future=future, level="error", message=message) if unusable.get(future):
                yield msgspec.structs.replace(event, message=message.partition(": ")[0])
            case _:
                yield event


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
