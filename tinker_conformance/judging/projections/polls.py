"""Requests and ends: polls, their headers, submissions, and how each future ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tinker_conformance.judging.case import Case
from tinker_conformance.judging.facts import Fact
from tinker_conformance.timeline import Outcome, Request, Timeline


def poll_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often each future was polled."""
    counts: dict[int | None, tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                counts[future] = (counts.get(future, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for future, (count, place, at) in counts.items():
        said = f"{count} poll{'s' if count != 1 else ''} of future {future}"
        yield Fact(("polls", future), at, said, said, place)


def poll_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When each poll was sent."""
    numbers: dict[int | None, int] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                numbers[future] = number = numbers.get(future, 0) + 1
                said = f"poll {number} of future {future} at {event.at:.3f} s"
                yield Fact(("poll", future, number), event.at, said, said, place)
            case _:
                pass


def poll_iterations(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The iteration header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Iteration", lambda request: request.iteration)


def poll_types(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The request-type header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Type", lambda request: request.request_type)


def _poll_headers(timeline: Timeline, name: str, value: Callable[[Request], str | None]) -> Iterator[Fact]:
    numbers: dict[int | None, int] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                numbers[future] = number = numbers.get(future, 0) + 1
                sent = value(event)
                said = f"poll {number} of future {future} " + (
                    f"without {name}" if sent is None else f"with {name}: {sent}"
                )
                yield Fact((name, future, number), event.at, said, said, place)
            case _:
                pass


def submissions(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often each operation was submitted."""
    counts: dict[tuple[int | None, str], tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if "retrieve_future" not in path:
                key = (future, path)
                counts[key] = (counts.get(key, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for (future, path), (count, place, at) in counts.items():
        said = f"future {future} submitted {count} time{'s' if count != 1 else ''} to {path}"
        yield Fact(("submission", future, path), at, said, said, place)


def outcomes(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                said = f"future {event.future} to end in {event.kind.value!r}"
                shown = f"{event.kind.value!r}" + (f" ({event.error})" if event.error else "")
                yield Fact(("outcome", event.future), event.at, said, shown, place)
            case _:
                pass


def outcome_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                said = f"future {event.future} to end at {event.at:.3f} s"
                yield Fact(("end", event.future), event.at, said, f"its end at {event.at:.3f} s", place)
            case _:
                pass
