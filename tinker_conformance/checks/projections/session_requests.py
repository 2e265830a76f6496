"""Projections of requests that are sent for a whole session: polls for all samples, and cancellations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.session_polls import SESSION_POLL, awaited_session_polls, cancelled_futures
from tinker_conformance.timeline import Request, Timeline


def session_polls(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield each poll of a session for which a sample waits."""
    for place, request, session, number in _polls(timeline):
        statement = f"poll {number} of the session {session}"
        yield Fact(("session poll", session, number), request.at, statement, statement, place)


def session_poll_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the time of each poll of a session for which a sample waits."""
    for place, request, session, number in _polls(timeline):
        statement = f"poll {number} of the session {session} at {request.at:.3f} s"
        yield Fact(("session poll", session, number), request.at, statement, statement, place)


def session_poll_cursors(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the cursor (how far the SDK has read) in each poll of a session."""
    for place, request, session, number in _polls(timeline):
        cursor = (request.body or {}).get("prev_cursor", 0)
        statement = f"poll {number} of the session {session} from the cursor {cursor}"
        yield Fact(("cursor", session, number), request.at, statement, statement, place)


def fetched_reports(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield each future whose result a poll reports as fetched, except the last, reported only by chance."""
    last = f"future-{len(case.scenario.futures)}"
    seen: set[object] = set()
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, body={"retrieved_request_ids": list(ids)}) if path.endswith(SESSION_POLL):
                for name in ids:
                    if name != last and name not in seen:
                        seen.add(name)
                        statement = f"a poll that reports {name} as fetched"
                        yield Fact(("fetched", name), event.at, statement, statement, place)
            case _:
                pass


def cancellations(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield each cancellation of a future."""
    for place, request, name, number in _cancellations(timeline):
        statement = f"cancellation {number} of {name}"
        yield Fact(("cancelled", name, number), request.at, statement, statement, place)


def cancellation_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the time of each cancellation."""
    for place, request, name, number in _cancellations(timeline):
        statement = f"cancellation {number} of {name} at {request.at:.3f} s"
        yield Fact(("cancelled", name, number), request.at, statement, statement, place)


def _cancellations(timeline: Timeline) -> Iterator[tuple[int, Request, object, int]]:
    """Yield each cancellation: its index, itself, its future's id, and its number for that id, from 1."""
    numbers: Counter[object] = Counter()
    for place, request, name in cancelled_futures(timeline):
        numbers[name] += 1
        yield place, request, name, numbers[name]


def _polls(timeline: Timeline) -> Iterator[tuple[int, Request, object, int]]:
    """Yield each poll that a sample awaits: its index, itself, its session, its number there, from 1."""
    numbers: Counter[object] = Counter()
    for place, request in awaited_session_polls(timeline):
        target = (request.body or {}).get("target")
        session = target.get("sampling_session_id") if isinstance(target, dict) else None
        shown = session if isinstance(session, str) else "without a name"
        numbers[shown] += 1
        yield place, request, shown, numbers[shown]
