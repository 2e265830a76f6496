"""Calls of an observer: what it is told, how often, and after which replies."""

from __future__ import annotations

from collections.abc import Iterator

from tinker_conformance.judging.case import Case
from tinker_conformance.judging.facts import Fact
from tinker_conformance.judging.pause_lines import pause_lines
from tinker_conformance.judging.projections.lines import line_reasons
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.timeline import Callback, Log, Response, Timeline


def told_states(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Which states the observer was told at each instant, however often.

    Where observer calls cannot be seen, the reason in a pause line stands for the state.
    """
    if Capability.CALLBACKS not in case.sdk.capabilities:
        yield from line_reasons(case, timeline)
        return
    last: tuple[object, ...] | None = None
    for place, event, _ in _pauses_told(timeline):
        key = ("told", event.at, event.state)
        if key != last:
            last = key
            said = f"the observer told {event.state!r} at {event.at:.3f} s"
            yield Fact(("told", event.at), event.at, said, said, place)


def _pauses_told(timeline: Timeline) -> Iterator[tuple[int, Callback, Response | None]]:
    """Calls of the client's observer, each with the reply before it; not what is told at a future's end.

    That ACTIVE is told there, or not, is a matter of its own.
    """
    replies: dict[int | None, Response] = {}
    latest: Response | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response():
                replies[event.future] = latest = event
            case Callback(custom=False):
                reply = replies.get(event.future, latest)
                if event.state != "active" or reply is None or not _ends(reply):
                    yield place, event, reply
            case _:
                pass


def _ends(reply: Response) -> bool:
    body = reply.body
    return reply.status == 200 and not (isinstance(body, dict) and body.get("type") == "try_again")


def told_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often the observer was told each pause, by whichever future."""
    counts: dict[str, tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=False, state=state) if state != "active":
                counts[state] = (counts.get(state, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for state, (count, place, at) in counts.items():
        said = f"the observer told {state!r} {count} time{'s' if count != 1 else ''}"
        yield Fact(("count", state), at, said, said, place)


def notified_steps(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """After which replies a pause was noticed.

    Where observer calls cannot be seen, pause lines stand for them.
    """
    if Capability.CALLBACKS in case.sdk.capabilities:
        for place, told, reply in _pauses_told(timeline):
            yield _notified(told, reply, f"state {told.state!r}", place)
        return
    lines = {line.event for line in pause_lines(timeline, case)}
    replies: dict[int | None, Response] = {}
    latest: Response | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response():
                replies[event.future] = latest = event
            case Log() if place in lines:
                yield _notified(event, replies.get(event.future, latest), event.message, place)
            case _:
                pass


def _notified(event: Callback | Log, reply: Response | None, shown: str, place: int) -> Fact:
    future, step = (None, None) if reply is None else (reply.future, reply.step)
    answered = "before any reply" if reply is None else f"after reply {step} ({_shown_reply(reply)})"
    return Fact(
        ("notified", future, step), event.at, f"the observer called {answered}", f"{shown} {answered}", place
    )


def _shown_reply(reply: Response) -> str:
    if reply.fault is not None:
        return reply.fault
    kind = reply.body.get("type") if isinstance(reply.body, dict) else None
    return f"HTTP {reply.status} {kind}" if kind == "try_again" else f"HTTP {reply.status}"


def callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Each call of the observer: which reply it followed, and what it was told."""
    yield from _callbacks(timeline, custom=False)


def custom_callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Each call of an observer that the caller handed in."""
    yield from _callbacks(timeline, custom=True)


def _callbacks(timeline: Timeline, *, custom: bool) -> Iterator[Fact]:
    whose = "the caller's observer" if custom else "the observer"
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=flag) if flag is custom:
                said = f"{whose} told {event.state!r} at {event.at:.3f} s"
                yield Fact((whose, event.future, event.at), event.at, said, said, place)
            case _:
                pass


def callback_reasons(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The server's reason in each call of the observer."""
    for place, event, _ in _pauses_told(timeline):
        said = f"the observer told {event.state!r} with the reason {event.reason!r}"
        yield Fact(("reason", event.future, event.at), event.at, said, said, place)
