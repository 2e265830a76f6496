"""A late event is placed before the clock steps that the SDK had not seen."""

from __future__ import annotations

import pytest

from tinker_conformance.sdk.session import ScenarioFaultError
from tinker_conformance.sdk.stdio.timeline_builder import StdioTimeline
from tinker_conformance.timeline import ClockCause, ClockStep, Event, Log, Request


def log(message: str) -> Event:
    return Log(at=0.0, level="info", logger="x", message=message)


def add_log(timeline: StdioTimeline, message: str, seq: int | None) -> None:
    timeline.add_adapter_event(lambda at: Log(at=at, level="info", logger="x", message=message), seq)


def step(at: float, cause: ClockCause = ClockCause.SCRIPT) -> ClockStep:
    return ClockStep(at=at, wall=at, monotonic=at, cause=cause)


def shown(timeline: StdioTimeline) -> list[tuple[str, float]]:
    return [(e.message if isinstance(e, Log) else type(e).__name__, e.at) for e in timeline.timeline()]


def test_an_event_goes_in_front_of_the_step_that_it_did_not_know_of() -> None:
    timeline = StdioTimeline(5)
    timeline.add_server_event(Request(at=0.0, method="POST", path="/"))
    timeline.add_clock_step(6, step(60.0))
    add_log(timeline, "late", 5)
    add_log(timeline, "later", 5)
    add_log(timeline, "in time", 6)
    add_log(timeline, "without a number", None)
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
    timeline.add_clock_step(6, step(1.0))
    add_log(timeline, "old", 2)
    assert shown(timeline)[0] == ("old", 0.0)


def test_a_clock_that_has_not_come_yet_is_refused() -> None:
    timeline = StdioTimeline(5)
    with pytest.raises(ScenarioFaultError, match="at most 5, which is in the clock file, got 6"):
        add_log(timeline, "early", 6)
    assert timeline.timeline() == ()


def test_sleeps_that_follow_each_other_are_one_step() -> None:
    timeline = StdioTimeline(0)
    timeline.add_clock_step(1, ClockStep(at=1.0, wall=1.0, monotonic=1.0, cause=ClockCause.SLEEP))
    timeline.add_clock_step(2, ClockStep(at=3.0, wall=2.0, monotonic=2.0, cause=ClockCause.SLEEP))
    (merged,) = timeline.timeline()
    assert isinstance(merged, ClockStep)
    assert (merged.at, merged.monotonic) == (3.0, 3.0)
