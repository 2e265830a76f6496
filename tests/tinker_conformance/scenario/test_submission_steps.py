"""`submission:` of a future and `setup:` of a scenario: read, written, run, and their mistakes."""

from __future__ import annotations

import pytest

from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import ScenarioError, decode_scenario, encode_scenario
from tinker_conformance.scenario.stepwise import moves_clock, stepwise

BOTH = {
    "id": "both",
    "client": "sampling",
    "setup": {"create_session": [{"status": 503}, {"drop": "reset"}]},
    "futures": [
        {
            "submission": [{"advance": 1}, {"status": 429}, {"timeout": {"queue_state": "paused_capacity"}}],
            "steps": [{"complete": {}}],
        }
    ],
}


def test_a_scenario_with_both_is_written_as_it_was_read() -> None:
    scenario = decode_scenario(BOTH, "test")
    assert decode_scenario(encode_scenario(scenario), "test") == scenario
    assert [replies.name for replies in scenario.setup] == ["create_session"]
    assert len(scenario.futures[0].script.submission_turns) == 2
    assert moves_clock(scenario)
    with pytest.raises(ScenarioError, match="while an operation is submitted"):
        stepwise(scenario, load_profile("tinker-0.5.1"))


def test_only_the_first_piece_of_a_future_that_is_split_has_its_submission_refused() -> None:
    steps = [{"timeout": {}}, {"advance": 60}, {"complete": {}}]
    scenario = decode_scenario(
        {"id": "s", "client": "sampling", "futures": [{"submission": [{"status": 503}], "steps": steps}]}, "t"
    )
    split = stepwise(scenario, load_profile("tinker-0.5.1"))
    assert [len(future.script.submission) for future in split.futures] == [1, 0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"setup": {"asample": [{"status": 500}]}}, "setup, asample: asample is a submission"),
        ({"setup": {"create_session": {"status": 500}}}, "setup, create_session: expected a list"),
        (
            {"futures": [{"submission": [{"complete": {}}], "steps": []}]},
            "future 1: submission= takes only",
        ),
        ({"futures": [{"submision": [], "steps": []}]}, "did you mean 'submission'"),
    ],
)
def test_a_mistake_names_its_place(change: dict[str, object], expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        decode_scenario({**BOTH, **change}, "test")
