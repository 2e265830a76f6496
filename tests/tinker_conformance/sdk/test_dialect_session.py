"""Scenarios in another server's dialect, and SDKs that meet one in every scenario."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from fake_server.core.errors import ScriptError
from fake_server.dialects import dialect_names
from tinker_conformance.profile import load_profile
from tinker_conformance.scenario import ScenarioError, decode_scenario, encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.dialect_session import DialectSession
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.suite.conformance_run import RunRequest

PROFILE = load_profile("tinker-0.38")


def scenario(**more: object) -> Scenario:
    steps = [{"timeout": {"queue_state": "paused_capacity"}}, {"complete": {}}]
    return decode_scenario({"id": "pause", "client": "sampling", "futures": [steps], **more}, "test")


@pytest.fixture(scope="module")
def reference() -> Iterator[SdkSession]:
    sdk = open_sdk("reference")
    yield sdk
    sdk.close()


def statuses(sdk: SdkSession, asked: Scenario) -> tuple[list[object], int]:
    """The statuses of the polls, and how often the observer is told of a pause."""
    run = sdk.run(asked, PROFILE)
    assert run.fault is None, run.fault
    events = [msgspec.to_builtins(event) for event in run.timeline]
    polls = [event["status"] for event in events if event["event"] == "response"]
    return polls, sum(event.get("state") == "paused_capacity" for event in events)


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        (None, ([408, 200], 1)),
        ("skyrl", ([408, 200], 0)),
        ("tuft", ([200, 200], 0)),
        ("hatchery", ([200, 200], 1)),
        ("open-rl", ([400, 200], 0)),
    ],
)
def test_an_sdk_meets_the_replies_of_the_dialect(
    reference: SdkSession, dialect: str | None, wanted: tuple[list[object], int]
) -> None:
    sdk = reference if dialect is None else DialectSession(reference, dialect)
    assert statuses(sdk, scenario()) == wanted
    assert (sdk.spec, sdk.info, sdk.clock) == (reference.spec, reference.info, reference.clock)
    if dialect is not None:
        assert statuses(reference, scenario(dialect=dialect)) == wanted


def test_a_scenario_keeps_its_dialect_in_plain_data() -> None:
    for name in dialect_names():
        asked = scenario(dialect=name)
        assert asked.dialect == name
        assert decode_scenario(encode_scenario(asked), "again") == asked
    assert "dialect" not in encode_scenario(scenario())


def test_an_unknown_dialect_is_an_error_before_anything_runs(reference: SdkSession) -> None:
    with pytest.raises(
        ScenarioError, match="scenario pause, dialect: there is no dialect 'skyrll'; did you mean"
    ):
        scenario(dialect="skyrll")
    with pytest.raises(ScenarioError, match="dialect"):
        scenario(dialect=3)
    with pytest.raises(ScriptError):
        DialectSession(reference, "nobody")
    with pytest.raises(ValueError, match="there is no dialect 'nobody'; use one of hatchery, "):
        RunRequest(spec="reference", dialect="nobody").checked()
