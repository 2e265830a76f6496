"""Scenarios whose clocks move only between futures, and what cannot be made one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_server.script.steps import Advance, Complete, Status
from tinker_conformance.clocks.sdk_clocks import FileClock, SdkClock
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import (
    Scenario,
    ScenarioError,
    decode_scenario,
    encode_scenario,
    parse_scenarios,
)
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.stepwise import for_clock, moves_clock, stepwise
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.timeline import Log

OLD, NEW = load_profile("tinker-0.5.1"), load_profile("tinker-0.38")
TOGETHER = "client: training, concurrent: true"
PAUSE = "{timeout: {queue_state: paused_capacity}}"


def scenario(futures: str, *, more: str = "client: training") -> Scenario:
    (made,) = parse_scenarios(f"- {{id: x, {more}, futures: [{futures}]}}", source="test")
    return made


def test_a_script_is_split_at_each_advance() -> None:
    split = stepwise(
        scenario(f"[{PAUSE}, {{advance: 1}}, {{advance: 2}}, {PAUSE}, {PAUSE}, {{complete: {{}}}}]"), OLD
    )
    first, second = split.futures
    assert [type(step).__name__ for step in first.script.steps] == ["Timeout", "Complete"]
    assert second.before == (Advance(1_000_000, 1_000_000), Advance(2_000_000, 2_000_000))
    assert [type(step).__name__ for step in second.script.steps] == ["Timeout", "Timeout", "Complete"]
    assert stepwise(split, OLD) == split


def test_where_the_end_of_a_future_notifies_the_observer_a_piece_ends_in_silence() -> None:
    asked = scenario(f"[{PAUSE}, {{advance: 1}}, {PAUSE}, {{complete: {{}}}}]")
    assert isinstance(stepwise(asked, OLD).futures[0].script.steps[-1], Complete)
    end = stepwise(asked, NEW).futures[0].script.steps[-1]
    assert isinstance(end, Status)
    assert end.status == 422


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (scenario(f"[{PAUSE}, {{advance: -5}}, {PAUSE}]"), "different amounts"),
        (scenario(f"[{PAUSE}, {{advance: {{wall: 1, monotonic: 0}}}}, {PAUSE}]"), "different amounts"),
        (scenario(f"[{PAUSE}, {{advance: 1}}, {PAUSE}]", more=TOGETHER), "flight"),
        (scenario(f"{{timeout: 9, steps: [{PAUSE}, {{advance: 1}}, {PAUSE}]}}"), "timeout"),
        (scenario(f"[{PAUSE}, {{advance: 1}}, {PAUSE}]", more="client: model_creation"), "created"),
        (scenario(f"{{exhausted: repeat, steps: [{PAUSE}, {{advance: 1}}]}}"), "repeats"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_says_why(asked: Scenario, why: str) -> None:
    with pytest.raises(ScenarioError, match=why):
        stepwise(asked, NEW)


def test_only_a_clock_that_cannot_move_in_flight_changes_a_scenario() -> None:
    asked = shipped_scenarios()["debounce-boundary"]
    assert for_clock(asked, OLD, SdkClock.FROZEN) is asked
    assert for_clock(asked, OLD, SdkClock.FILE) is asked
    assert len(for_clock(asked, OLD, SdkClock.LIBFAKETIME).futures) == 2
    assert len(for_clock(asked, OLD, SdkClock.WALL).futures) == 2
    with pytest.raises(ScenarioError, match="fractions of a second"):
        for_clock(shipped_scenarios()["debounce-within"], OLD, SdkClock.WALL)
    with pytest.raises(ScenarioError, match="it needs a wait of 1200 s"):
        for_clock(shipped_scenarios()["debounce-clock-moves"], OLD, SdkClock.WALL)


def test_the_grace_period_is_the_same_whole_and_split() -> None:
    """If the end of a piece notified the observer, no piece would ever log."""
    reference = open_sdk("reference")
    try:
        for name in ("grace-boundary", "grace-then-once-a-minute", "grace-change-of-state"):
            whole = shipped_scenarios()[name]
            runs = [reference.run(asked, NEW) for asked in (whole, stepwise(whole, NEW))]
            texts = [
                [e.message for e in run.timeline if isinstance(e, Log) and "paused" in e.message]
                for run in runs
            ]
            assert texts[0] == texts[1]
            assert texts[0]
    finally:
        reference.close()


def test_clock_steps_before_a_future_are_part_of_a_scenario_file() -> None:
    asked = scenario("{before: [{advance: 1.5}], steps: [{complete: {}}]}")
    assert asked.futures[0].before == (Advance(1_500_000, 1_500_000),)
    assert moves_clock(asked)
    assert decode_scenario(encode_scenario(asked), "test") == asked
    with pytest.raises(ScenarioError, match="takes only clock steps"):
        scenario("{before: [{complete: {}}], steps: [{complete: {}}]}")
    with pytest.raises(ScenarioError, match="cannot be used in concurrent futures"):
        scenario("{before: [{advance: 1}], steps: []}", more="client: training, concurrent: true")


def test_the_clock_file_is_one_line_that_is_replaced_and_its_number_grows(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock")
    seen = [clock.path.read_text()]
    with clock.path.open() as before:
        clock.new_scenario(1_750_000_000.5)
        assert before.read() == seen[0]
    seen.append(clock.path.read_text())
    clock.advance(59_999_000, 1_000)
    seen.append(clock.path.read_text())
    numbers = [[int(word) for word in line.split()] for line in seen]
    assert [seq for seq, _, _ in numbers] == [0, 1, 2]
    assert numbers[1][1] == 1_750_000_000_500_000_000
    assert numbers[2][1] - numbers[1][1] == 59_999_000_000
    assert numbers[2][2] - numbers[1][2] == 1_000_000
    assert clock.elapsed() == 0.001
    assert all(line.endswith("\n") for line in seen)
