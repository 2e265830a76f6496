"""Where an event has its place that comes late through the pipe."""

from __future__ import annotations

import pytest

from tinker_conformance.sdk.stdio.timeline_builder import StdioTimeline, UnknownSeqError
from tinker_conformance.timeline import ClockCause, ClockStep, Event, Log, Request


def log(message: str) -> Event:
    return Log(at=0.0, level="info", logger="x", message=message)


def told(timeline: StdioTimeline, message: str, seq: int | None) -> None:
    timeline.told(lambda at: Log(at=at, level="info", logger="x", message=message), seq)


def step(at: float, cause: ClockCause = ClockCause.SCRIPT) -> ClockStep:
    return ClockStep(at=at, wall=at, monotonic=at, cause=cause)


def shown(timeline: StdioTimeline) -> list[tuple[str, float]]:
    return [(e.message if isinstance(e, Log) else type(e).__name__, e.at) for e in timeline.timeline()]


def test_an_event_goes_in_front_of_the_step_that_it_did_not_know_of() -> None:
    timeline = StdioTimeline(5)
    timeline.happened(Request(at=0.0, method="POST", path="/"))
    timeline.moved(6, step(60.0))
    told(timeline, "late", 5)
    told(timeline, "later", 5)
    told(timeline, "in time", 6)
    told(timeline, "without a number", None)
    assert shown(timeline) == [
        ("Request", 0.0),
        ("late", 0.0),
        ("later", 0.0),
        ("ClockStep", 60.0),
        ("in time", 60.0),
        ("without a number", 60.0),
    ]


def test_a_clock_read_before_the_scenario_is_as_good_as_its_first() -> None:
    timeline = StdioTimeline(5)
    timeline.moved(6, step(1.0))
    told(timeline, "old", 2)
    assert shown(timeline)[0] == ("old", 0.0)


def test_a_clock_that_has_not_come_yet_is_refused() -> None:
    timeline = StdioTimeline(5)
    with pytest.raises(UnknownSeqError, match="seq 6 is not yet: the clock file says 5"):
        told(timeline, "early", 6)
    assert timeline.timeline() == ()


def test_sleeps_that_follow_each_other_are_one_step() -> None:
    timeline = StdioTimeline(0)
    timeline.moved(1, ClockStep(at=1.0, wall=1.0, monotonic=1.0, cause=ClockCause.SLEEP))
    timeline.moved(2, ClockStep(at=3.0, wall=2.0, monotonic=2.0, cause=ClockCause.SLEEP))
    (merged,) = timeline.timeline()
    assert isinstance(merged, ClockStep)
    assert (merged.at, merged.monotonic) == (3.0, 3.0)
