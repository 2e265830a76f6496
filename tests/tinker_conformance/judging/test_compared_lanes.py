"""Which lanes of a picture each requirement compares: those in which the events of its facts are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinker_conformance.checks import projections
from tinker_conformance.checks.case import Case
from tinker_conformance.judging.compared_lanes import compared_lanes, lanes_of
from tinker_conformance.judging.picture import LaneKind, lane_of
from tinker_conformance.parity.golden import Golden, decoded
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import AdapterInfo, Capability

GOLDEN = Path(__file__).parents[2] / "golden"
RECORDED = [decoded(GOLDEN / f"tinker-{release}.json") for release in ("0.6.3", "0.38.0")]
SAME = {each.id: each.check for each in REQUIREMENTS if isinstance(each.check, projections.Same)}


@pytest.mark.parametrize("capabilities", [frozenset(Capability), frozenset()], ids=["calls", "no calls"])
@pytest.mark.parametrize("golden", RECORDED, ids=lambda golden: golden.version)
def test_the_events_of_what_is_compared_are_drawn_in_the_lanes_that_are_compared(
    golden: Golden, capabilities: frozenset[Capability]
) -> None:
    info = AdapterInfo(name="tinker", version="1", language="python", capabilities=capabilities)
    profile = load_profile(golden.profile)
    asked = {each.id: each.scenarios for each in REQUIREMENTS if each.id in SAME and each.holds(profile)}
    for identifier, scenarios in asked.items():
        for name in golden.scenarios.keys() & set(scenarios):
            timeline = golden.scenarios[name]
            case = Case(shipped_scenarios()[name], profile, timeline, timeline, info)
            for projection in SAME[identifier].projections:
                drawn = {lane_of(timeline[fact.event]) for fact in projection(case, timeline)} - {None}
                assert drawn <= compared_lanes(identifier), (identifier, name, projection)


def test_a_check_that_the_kit_does_not_know_compares_everything() -> None:
    assert lanes_of(lambda _case: ()) == frozenset(LaneKind)


def test_few_requirements_compare_everything() -> None:
    everything = {each.id for each in REQUIREMENTS if lanes_of(each.check) == frozenset(LaneKind)}
    assert everything == {"isolation.sessions", "polling.compressed_reply", "polling.header_twice"}


@pytest.mark.parametrize(
    ("identifier", "lanes"),
    [
        ("submissions.delays", {LaneKind.REQUESTS}),
        ("polling.expired_delay", {LaneKind.REQUESTS}),
        ("submissions.same_number", {LaneKind.REQUESTS}),
        ("functions.log_state_change", {LaneKind.LINES}),
        ("functions.should_log", {LaneKind.ENDS}),
    ],
)
def test_checks_of_delays_and_functions_compare_one_lane(identifier: str, lanes: set[LaneKind]) -> None:
    assert compared_lanes(identifier) == lanes
