"""Properties of parsing, reasons and debounce, stated from the facts alone: reference and real SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario, decode_scenario
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.timeline import Callback, Log, Timeline

PROFILE = load_profile("tinker-0.5.1")
PROPERTY = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
WORDS = ("active", "paused_rate_limit", "paused_capacity")
REASONS = {
    ("sampling", "paused_rate_limit"): "concurrent LoRA rate limit hit",
    ("training", "paused_rate_limit"): "concurrent models rate limit hit",
    ("sampling", "paused_capacity"): "out of capacity",
    ("training", "paused_capacity"): "out of capacity",
}
SUBJECTS = {
    "sampling": "Sampling is paused for sampler sampler-1",
    "training": "Training is paused for model-1",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module", params=["reference", "official==0.6.3"])
def sdk(request: pytest.FixtureRequest) -> Iterator[SdkSession]:
    session = open_sdk(request.param)
    yield session
    session.close()


def _scenario(kind: str, steps: list[object]) -> Scenario:
    return decode_scenario({"id": "p", "client": kind, "futures": [[*steps, {"complete": {}}]]}, "p")


def _timeline(sdk: SdkSession, scenario: Scenario) -> Timeline:
    run = sdk.run(scenario, PROFILE)
    assert run.fault is None
    return run.timeline


def _lines(timeline: Timeline) -> list[Log]:
    return [event for event in timeline if isinstance(event, Log) and "paused" in event.message]


@PROPERTY
@given(state=st.sampled_from(WORDS) | JSON)
def test_a_state_is_one_of_three_words_or_unknown_and_nothing_when_false(
    sdk: SdkSession, state: object
) -> None:
    timeline = _timeline(sdk, _scenario("sampling", [{"timeout": {"queue_state": state}}]))
    states = [event.state for event in timeline if isinstance(event, Callback)]
    if not state:
        assert states == []
    else:
        assert states == [state if state in WORDS else "unknown"]


@PROPERTY
@given(body=JSON)
def test_any_json_body_of_a_408_is_polled_again(sdk: SdkSession, body: object) -> None:
    timeline = _timeline(sdk, _scenario("sampling", [{"timeout": body}]))
    calls = [event for event in timeline if isinstance(event, Callback)]
    assert bool(calls) == (isinstance(body, dict) and bool(body.get("queue_state")))


@PROPERTY
@given(
    kind=st.sampled_from(["sampling", "training"]),
    state=st.sampled_from(["paused_rate_limit", "paused_capacity"]) | st.text(min_size=1),
    reason=st.none() | st.text(),
)
def test_a_line_gives_the_reason_of_its_state_whatever_the_server_says(
    sdk: SdkSession, kind: str, state: str, reason: str | None
) -> None:
    body = {"queue_state": state, "queue_state_reason": reason}
    lines = _lines(_timeline(sdk, _scenario(kind, [{"timeout": body}])))
    if state == "active":
        assert lines == []
    else:
        expected = f"{SUBJECTS[kind]}. Reason: {REASONS.get((kind, state), 'unknown')}"
        assert [(line.level, line.message) for line in lines] == [("warning", expected)]


MILLISECONDS = st.integers(1, 70_000) | st.sampled_from([1, 59_999, 60_000, 60_001])


@PROPERTY
@given(pauses=st.lists(st.tuples(MILLISECONDS, st.sampled_from([*WORDS, "resting"])), max_size=8))
def test_lines_are_a_minute_apart_and_none_that_is_due_is_lost(
    sdk: SdkSession, pauses: list[tuple[int, str]]
) -> None:
    steps: list[object] = []
    now, due = 0, []
    for milliseconds, state in pauses:
        steps += [{"advance": milliseconds / 1000}, {"timeout": {"queue_state": state}}]
        now += milliseconds
        if state != "active" and (not due or now - due[-1] >= 60_000):
            due.append(now)
    lines = _lines(_timeline(sdk, _scenario("training", steps)))
    assert [round(line.at * 1000) for line in lines] == due
