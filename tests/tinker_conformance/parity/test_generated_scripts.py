"""Generated scripts: the reference and the published SDK live them alike, and properties hold for both.

The properties are stated on timelines alone, not in terms of the reference's code.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.shared_runs import SharedRuns, SharedSession
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.parity.comparable import comparable
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import decode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.timeline import Callback, Log, Timeline

PROFILE = load_profile("tinker-0.5.1")
MANY = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def sdks() -> Iterator[tuple[SdkSession, SdkSession]]:
    """No other test runs these scripts: there is nothing to share."""
    reference, official = open_sdk("reference"), open_sdk("official==0.6.3")
    yield reference, official
    reference.close()
    official.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
STATES = st.sampled_from(
    ["active", "paused_capacity", "paused_rate_limit", "unknown", "Active", " active", ""]
)
BODIES = st.fixed_dictionaries({"queue_state": STATES | st.text(max_size=12)}) | st.just({})
ADVANCES = st.sampled_from([0.001, 1, 29.5, 30, 59.999, 60, 61, 900]).map(
    lambda seconds: {"advance": seconds}
)
STEPS = st.one_of(
    BODIES.map(lambda body: {"timeout": body}),
    BODIES.map(lambda body: {"try_again": body}),
    JSON.map(lambda body: {"timeout": body}),
    st.sampled_from([500, 502, 503]).map(
        lambda status: {"status": status, "body": {"queue_state": "active"}}
    ),
    st.just({"drop": "reset"}),
    ADVANCES,
)
SCENARIOS = st.builds(
    lambda kind, futures: {
        "id": "generated",
        "client": kind,
        "futures": [[*steps, {"complete": {}}] for steps in futures],
    },
    st.sampled_from(["sampling", "training"]),
    st.lists(st.lists(STEPS, max_size=6), min_size=1, max_size=3),
)


def _lines(timeline: Timeline) -> list[Log]:
    return [event for event in timeline if isinstance(event, Log) and "paused" in event.message]


def _check_debounce(timeline: Timeline) -> None:
    """First pause logs; then none within 60 s, and every pause from 60 s on; calls come in order of time."""
    due: list[float] = []
    for event in timeline:
        paused = isinstance(event, Callback) and event.state != "active"
        if paused and (not due or event.at >= due[-1] + 60):
            due.append(event.at)
    assert [line.at for line in _lines(timeline)] == due


@pytest.mark.slow
@settings(MANY, max_examples=100)
@given(SCENARIOS)
def test_generated_scripts_give_equal_timelines(sdks: tuple[SdkSession, SdkSession], data: object) -> None:
    _check_equal(sdks, data)


@pytest.mark.nightly
@MANY
@given(SCENARIOS)
def test_many_generated_scripts_give_equal_timelines(
    sdks: tuple[SdkSession, SdkSession], data: object
) -> None:
    _check_equal(sdks, data)


def _check_equal(sdks: tuple[SdkSession, SdkSession], data: object) -> None:
    scenario = decode_scenario(data, "generated")
    runs = [sdk.run(scenario, PROFILE) for sdk in sdks]
    assert [run.fault for run in runs] == [None, None]
    assert comparable(runs[0].timeline) == comparable(runs[1].timeline)
    for run in runs:
        _check_debounce(run.timeline)


def test_shipped_scenarios_give_equal_timelines(shared_runs: SharedRuns, reference: SharedSession) -> None:
    sdks = (reference, shared_runs.release("0.6.3"))
    for scenario in shipped_scenarios().values():
        if unclaimed([scenario], sdks[1].info):
            continue
        if scenario.threads:
            continue  # the scheduler orders these events; requirements compare what does not depend on it
        runs = [sdk.run(scenario, PROFILE) for sdk in sdks]
        assert [run.fault for run in runs] == [None, None], scenario.id
        assert comparable(runs[0].timeline) == comparable(runs[1].timeline), scenario.id
