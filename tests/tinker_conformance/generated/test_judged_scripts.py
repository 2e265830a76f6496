"""Generated scripts against any SDK: a planted difference is found, shrunk, written down and replayed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fake_server.core.operations import Operation
from tests.support.shared_runs import SharedSession
from tinker_conformance.cli import main
from tinker_conformance.generated.drawn_scenarios import generated
from tinker_conformance.generated.judged_scripts import ScriptJudge, ScriptJudgement
from tinker_conformance.generated.shrink import steps_of
from tinker_conformance.judging.judge import Judge
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario, load_scenarios
from tinker_conformance.sdk.spec import open_sdk

PLANTED = Path(__file__).parents[1] / "parity"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(PLANTED))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(sdk: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["run", "--sdk", sdk, "--profile", "tinker-0.10", *options])


def _smallest(folder: Path) -> list[int]:
    return [steps_of(scenario) for scenario in load_scenarios(folder / "failed-scripts.yaml")]


@pytest.mark.slow
def test_a_planted_difference_is_shrunk_to_three_steps_and_replayed(folder: Path) -> None:
    planted = "python:planted:LogsAfterFiftySeconds"
    result = _run(planted, "--generated", "60")
    assert result.exit_code == 1, result.output
    assert "agree with the reference" in result.output
    assert min(_smallest(folder)) <= 3
    replayed = _run(planted, "--replay", "failed-scripts.yaml", "--failures", "again.yaml")
    assert replayed.exit_code == 1, replayed.output
    assert "debounce.within_a_minute" in replayed.output
    assert "0 of " in replayed.output


@pytest.mark.slow
def test_an_sdk_that_conforms_agrees_with_every_script_and_nothing_is_written(folder: Path) -> None:
    result = _run("reference", "--generated", "40", "--seed", "3", "--strict")
    assert result.exit_code == 0, result.output
    # As many as were asked for: those with a random delay are not drawn, rather than left out.
    assert "scripts: 40 of 40 agree with the reference\n" in result.output
    assert list(folder.iterdir()) == []


def test_a_replay_alone_ends_in_a_count(folder: Path) -> None:
    result = _run("reference", "--replay", str(_file(folder)))
    assert result.exit_code == 0, result.output
    assert "scripts: 1 of 1 agree with the reference\n" in result.output
    assert result.output.splitlines()[-1].endswith("conforms to tinker-0.10: 0 of 1 scripts failed")


def test_an_adapter_that_fails_in_a_script_is_no_failure_of_the_sdk(folder: Path) -> None:
    result = _run("python:planted:FailsToOpen", "--replay", str(_file(folder)))
    assert result.exit_code == 4, result.output
    assert "could not be judged against tinker-0.10: " in result.output
    assert "1 script with an adapter error" in result.output
    assert "it did not finish" in result.output
    assert "no network today" in result.output


def _file(folder: Path) -> Path:
    file = folder / "scripts.yaml"
    file.write_text("- id: one\n  client: sampling\n  futures: [[{complete: {}}]]\n")
    return file


def test_a_file_that_is_none_is_a_usage_error() -> None:
    result = _run("reference", "--replay", "missing.yaml")
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_ordinary_scripts_hold_nothing_odd() -> None:
    from fake_server.script.steps import Advance, Status

    for scenario in generated(60, ordinary=True):
        for future in scenario.futures:
            for step in future.script.steps:
                match step:
                    case Advance():
                        assert step.wall_us == step.monotonic_us > 0
                    case Status():
                        assert step.status >= 500
                    case _:
                        pass


REFUSED = tuple(s for s in generated(60, 2, ordinary=True) if s.is_refused)


def _judged(name: str, reference: SharedSession, scripts: Sequence[Scenario]) -> ScriptJudgement:
    profile = load_profile("tinker-0.38")
    sdk = open_sdk(f"python:planted:{name}")
    with contextlib.closing(Judge(sdk, lambda: reference, profile, {})) as judge:
        return ScriptJudge(judge).judge_all(scripts, lambda: None)


def test_ordinary_scripts_find_an_sdk_that_gives_up_where_a_submission_is_refused(
    reference: SharedSession,
) -> None:
    creates = [s for s in REFUSED if s.futures[0].operation is Operation.CREATE_MODEL]
    (found,) = _judged("CreatesNoModelAfterARefusal", reference, creates[:1]).failures
    assert "submissions.sent_again" in found.requirements
    assert steps_of(found.scenario) <= 2


def test_how_long_an_sdk_waits_after_a_refusal_is_its_own_choice(reference: SharedSession) -> None:
    found = _judged("WaitsLongerAfterRefusals", reference, REFUSED)
    assert (found.judged, found.held) == (len(REFUSED), len(REFUSED))
