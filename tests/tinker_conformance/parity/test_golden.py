"""The reference lives every scenario as the real releases did when their timelines were recorded.

Needs no registry. New timelines: ``tinker-conformance record-goldens --out tests/golden``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.parity.comparable import comparable
from tinker_conformance.parity.golden import decoded, encoded, recorded
from tinker_conformance.profile.profile_files import index, load_profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.session import SdkSession

FOLDER = Path(__file__).parents[2] / "golden"
FILES = sorted(FOLDER.iterdir())
SESSION_FLAG = "sample_use_retrieve_futures"
NOT_OF_THE_OFFICIAL_SDK = {
    "custom-observer",
    "custom-observer-training",
    "fault-read-timeout-sampling",
    "fault-read-timeout-training",
    "fault-read-timeout-model-creation",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reference_does_what_the_release_did(path: Path, reference: SdkSession) -> None:
    golden = decoded(path)
    profile = load_profile(golden.profile)
    assert profile == profile_for(golden.version)
    for identifier, timeline in golden.scenarios.items():
        run = reference.run(shipped_scenarios()[identifier], profile)
        assert comparable(run.timeline) == comparable(timeline), identifier


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_is_recorded_that_the_release_can_be_asked(path: Path) -> None:
    golden = decoded(path)
    polling = profile_for(golden.version).polling
    operations = set(polling.operations)
    askable = {
        scenario.id
        for scenario in shipped_scenarios().values()
        if not scenario.calls
        and not scenario.concurrent
        and scenario.operations <= operations
        and (polling.session_polling is not None or SESSION_FLAG not in scenario.client_config)
        and (polling.from_checkpoint is not None or not any(c.checkpoint for c in scenario.clients))
        and (polling.cancellation is not None or not any(future.cancels for future in scenario.futures))
    }
    assert set(golden.scenarios) == askable - NOT_OF_THE_OFFICIAL_SDK


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_form_is_that_of_the_recorder(path: Path, reference: SdkSession) -> None:
    """Any change of the events' fields, or of how they are written, needs new recordings."""
    golden = decoded(path)
    assert encoded(golden) == path.read_bytes()
    scenario = shipped_scenarios()["debounce-within"]
    profile = load_profile(golden.profile)
    again = recorded(reference, profile, [scenario], golden.recorded)
    fields = [
        {(type(event).__name__, *msgspec.to_builtins(event)) for event in timelines.scenarios[scenario.id]}
        for timelines in (golden, again)
    ]
    assert fields[0] == fields[1]


def test_there_is_a_set_for_each_observer_revision_of_the_official_sdk() -> None:
    revisions = {pair.observer for pair in index().releases.values()}
    assert {profile_for(decoded(path).version).observer.revision for path in FILES} == revisions


def test_a_file_of_another_form_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_bytes(FILES[0].read_bytes().replace(b'"format":1', b'"format":0', 1))
    with pytest.raises(UserError, match="record it again with tinker-conformance record-goldens"):
        decoded(file)
    file.write_bytes(FILES[0].read_bytes().replace(b'"at":', b'"when":', 1))
    with pytest.raises(UserError, match="record it again"):
        decoded(file)
