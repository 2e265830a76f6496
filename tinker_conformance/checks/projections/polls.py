"""Projections of requests and outcomes: polls and their headers, submissions, and how futures ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from fake_server.core.number_words import counted
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.timeline import Outcome, Request, Timeline


def poll_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the number of polls of each future."""
    last = {poll.future: (place, poll, number) for place, poll, number in _polls(timeline)}
    for future, (place, poll, number) in last.items():
        statement = f"{counted(number, 'poll')} of future {future}"
        yield Fact(("polls", future), poll.at, statement, statement, place)


def poll_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the time of each poll."""
    for place, poll, number in _polls(timeline):
        statement = f"poll {number} of future {poll.future} at {poll.at:.3f} s"
        yield Fact(("poll", poll.future, number), poll.at, statement, statement, place)


def poll_iterations(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the iteration header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Iteration", lambda request: request.iteration)


def poll_types(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the request-type header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Type", lambda request: request.request_type)


def _poll_headers(timeline: Timeline, name: str, value: Callable[[Request], str | None]) -> Iterator[Fact]:
    for place, poll, number in _polls(timeline):
        sent = value(poll)
        header = f"without {name}" if sent is None else f"with {name}: {sent}"
        statement = f"poll {number} of future {poll.future} {header}"
        yield Fact((name, poll.future, number), poll.at, statement, statement, place)


def _polls(timeline: Timeline) -> Iterator[tuple[int, Request, int]]:
    """Yield each poll: its index, the request, and its number within its future, from 1."""
    numbers: Counter[int | None] = Counter()
    for place, event in enumerate(timeline):
        match event:
            case Request(future=future) if event.is_poll:
                numbers[future] += 1
                yield place, event, numbers[future]
            case _:
                pass


def submissions(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield how often each operation was submitted."""
    submitted: defaultdict[tuple[int | None, str], list[tuple[int, Request]]] = defaultdict(list)
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if "retrieve_future" not in path:
                submitted[future, path].append((place, event))
            case _:
                pass
    for (future, path), requests in submitted.items():
        place, last = requests[-1]
        statement = f"future {future} submitted {counted(len(requests), 'time')} to {path}"
        yield Fact(("submission", future, path), last.at, statement, statement, place)


def outcomes(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield how each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                statement = f"future {event.future} to end in {event.kind.value!r}"
                shown = f"{event.kind.value!r} ({event.error})" if event.error else f"{event.kind.value!r}"
                yield Fact(("outcome", event.future), event.at, statement, shown, place)
            case _:
                pass


def outcome_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield when each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                statement = f"future {event.future} to end at {event.at:.3f} s"
                yield Fact(("end", event.future), event.at, statement, f"its end at {event.at:.3f} s", place)
            case _:
                pass
