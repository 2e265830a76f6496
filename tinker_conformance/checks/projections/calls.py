"""Projections of observer calls: which states, how often, and after which replies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from fake_server.core.number_words import counted
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.checks.projections.lines import line_reasons
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.timeline import Callback, Event, Log, Response, Timeline


def notified_states(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the queue states of which the observer was notified at each time, each state once.

    If the kit cannot see the SDK's observer calls, the state is derived from the reason in each pause line.
    """
    if Capability.CALLBACKS not in case.sdk.capabilities:
        yield from line_reasons(case, timeline)
        return
    last: tuple[float, str] | None = None
    for place, event, _ in _notifications(timeline):
        if (event.at, event.state) != last:
            last = (event.at, event.state)
            statement = f"the observer notified of {event.state!r} at {event.at:.3f} s"
            yield Fact(("state", event.at), event.at, statement, statement, place)


def notified_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield how often the observer was notified of each state except ACTIVE, by all futures together."""
    calls_by_state: defaultdict[str, list[tuple[int, Callback]]] = defaultdict(list)
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=False, state=state) if state != "active":
                calls_by_state[state].append((place, event))
            case _:
                pass
    for state, calls in calls_by_state.items():
        place, last = calls[-1]
        statement = f"the observer notified of {state!r} {counted(len(calls), 'time')}"
        yield Fact(("count", state), last.at, statement, statement, place)


def notified_steps(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the replies after which the observer was called.

    If the kit cannot see the SDK's observer calls, pause lines are taken in their place.
    """
    if Capability.CALLBACKS in case.sdk.capabilities:
        for place, call, reply in _notifications(timeline):
            yield _notified(call, reply, f"state {call.state!r}", place)
        return
    lines = {line.event for line in pause_lines(timeline, case)}
    for place, event, reply in _with_replies(timeline):
        match event:
            case Log(message=message) if place in lines:
                yield _notified(event, reply, message, place)
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
    return f"HTTP {reply.status} try_again" if _says_try_again(reply) else f"HTTP {reply.status}"


def callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield each call of the client's observer, with state and time."""
    yield from _callbacks(timeline, custom=False)


def custom_callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield each call of an observer that the caller passed in, with state and time."""
    yield from _callbacks(timeline, custom=True)


def _callbacks(timeline: Timeline, *, custom: bool) -> Iterator[Fact]:
    whose = "the caller's observer" if custom else "the observer"
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=flag) if flag is custom:
                statement = f"{whose} notified of {event.state!r} at {event.at:.3f} s"
                yield Fact((whose, event.future, event.at), event.at, statement, statement, place)
            case _:
                pass


def callback_reasons(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the state and the server's reason in each call of the observer."""
    for place, event, _ in _notifications(timeline):
        statement = f"the observer notified of {event.state!r} with the reason {event.reason!r}"
        yield Fact(("reason", event.future, event.at), event.at, statement, statement, place)


def _notifications(timeline: Timeline) -> Iterator[tuple[int, Callback, Response | None]]:
    """Yield each call of the client's observer with the reply before it, except ACTIVE at a future's end.

    Other requirements judge whether the observer is notified of ACTIVE when a future ends.
    """
    for place, event, reply in _with_replies(timeline):
        match event:
            case Callback(custom=False, state=state) if state != "active" or not _ends(reply):
                yield place, event, reply
            case _:
                pass


def _ends(reply: Response | None) -> bool:
    return reply is not None and reply.status == 200 and not _says_try_again(reply)


def _says_try_again(reply: Response) -> bool:
    return isinstance(reply.body, dict) and reply.body.get("type") == "try_again"


def _with_replies(timeline: Timeline) -> Iterator[tuple[int, Event, Response | None]]:
    """Yield each event that is no reply, with the reply before it: of the same future, else of any future."""
    replies: dict[int | None, Response] = {}
    latest: Response | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response():
                replies[event.future] = latest = event
            case _:
                yield place, event, replies.get(event.future, latest)
