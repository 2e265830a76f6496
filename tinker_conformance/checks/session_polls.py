"""Find polls of whole sampling sessions, and cancellations, in a timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.timeline import Outcome, Request, Timeline

_SUBMISSION: Final = "/asample"
SESSION_POLL: Final = "/retrieve_futures"
CANCELLATION: Final = "/cancel_future"


def cancelled_futures(timeline: Timeline) -> Iterator[tuple[int, Request, str]]:
    """Yield each cancellation: its index in the timeline, itself, and the id of its future."""
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, body=body) if path.endswith(CANCELLATION):
                name = (body or {}).get("request_id")
                yield place, event, name if isinstance(name, str) else "no future"
            case _:
                pass


def awaited_session_polls(timeline: Timeline) -> Iterator[tuple[int, Request]]:
    """Yield each poll of a session for which a sample waits, with its index in the timeline.

    Other polls of a session only report what the SDK has received or fetched. They are sent concurrently with
    other requests, in no fixed order, and from release 0.38 ask for a reply at once.
    """
    waiting: set[int | None] = set()
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, body=body) if path.endswith(SESSION_POLL):
                if waiting and (body or {}).get("timeout") != 0:
                    yield place, event
            case Request(path=path, future=future) if path.endswith(_SUBMISSION):
                waiting.add(future)
            case Request(future=future) if event.is_poll:
                waiting.discard(future)
            case Outcome(future=future):
                waiting.discard(future)
            case _:
                pass
