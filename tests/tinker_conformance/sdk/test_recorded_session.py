"""Recorded runs: the same verdicts as those of the SDK, without the SDK."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.needs_tools import tool
from tinker_conformance.cli import main
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile import load_profile
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.recorded_session import RecordingSession, ReplayedSession
from tinker_conformance.sdk.session import FaultKind, SdkSession
from tinker_conformance.sdk.spec import check_spec, open_sdk

PROFILE = load_profile("tinker-0.38")
ASKED = [
    each for each in REQUIREMENTS if each.id in {"debounce.boundary", "polling.failure", "wiring.sample"}
]


def _verdicts(sdk: SdkSession, reference: SdkSession) -> dict[str, tuple[Verdict, int]]:
    judge = Judge(sdk, lambda: reference, PROFILE, shipped_scenarios())
    judged = {required.id: judge.judge(required) for required in ASKED}
    return {name: (each.verdict, len(each.mismatches)) for name, each in judged.items()}


def _recorded(spec: str, path: Path, reference: SdkSession) -> dict[str, tuple[Verdict, int]]:
    sdk = RecordingSession(open_sdk(spec), path)
    try:
        return _verdicts(sdk, reference)
    finally:
        sdk.close()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The recording of an SDK of another profile, which fails some of what is asked."""
    path = tmp_path / "run.jsonl"
    specs = ["--sdk", "reference", "--profile", "tinker-0.38", "--replay", str(_script(tmp_path))]
    done = CliRunner().invoke(main, ["run", "-q", *specs, "--record", str(path)])
    assert done.exit_code == 0, done.output
    return path


def _script(folder: Path) -> Path:
    path = folder / "script.yaml"
    path.write_text("- id: one\n  client: sampling\n  futures: [[{complete: {}}]]\n")
    return path


@pytest.mark.needs_tool("node")
def test_the_verdicts_on_a_recording_are_those_on_the_sdk(tmp_path: Path) -> None:
    path = tmp_path / "node.jsonl"
    spec = f"exec:{tool('node')} examples/node/adapter.mjs"
    reference = open_sdk("reference")
    try:
        wanted = _recorded(spec, path, reference)
        replayed = open_sdk(f"recorded:{path}")
        assert _verdicts(replayed, reference) == wanted
    finally:
        reference.close()
    assert replayed.info.language == "javascript"
    assert {verdict for verdict, _ in wanted.values()} == {Verdict.PASSED}


def test_a_changed_timeline_changes_the_verdict(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    reference = open_sdk("reference")
    try:
        assert set(_recorded("reference", path, reference).values()) == {(Verdict.PASSED, 0)}
        first, *runs = [json.loads(line) for line in path.read_text().splitlines()]
        for run in runs:
            ends = [event for event in run["timeline"] if event.get("kind") == "failed"]
            for event in ends:
                event["kind"] = "result"
        path.write_text("\n".join(json.dumps(each) for each in (first, *runs)))
        changed = _verdicts(ReplayedSession("recorded:x", path), reference)
        assert changed["polling.failure"][0] is Verdict.FAILED
        assert changed["debounce.boundary"][0] is Verdict.PASSED
    finally:
        reference.close()


def test_the_command_writes_a_recording_and_judges_it(recording: Path, tmp_path: Path) -> None:
    first, run = [json.loads(line) for line in recording.read_text().splitlines()]
    assert (first["spec"], first["info"]["name"], run["scenario"]) == ("reference", "reference", "one")
    arguments = ["--sdk", f"recorded:{recording}", "--profile", "tinker-0.38"]
    done = CliRunner().invoke(main, ["run", "-q", *arguments, "--replay", str(_script(tmp_path))])
    assert (done.exit_code, "0 of 1 scripts failed" in done.output) == (0, True), done.output


def test_a_scenario_that_is_not_in_it_is_not_testable_with_the_way_to_record_it(recording: Path) -> None:
    run = ReplayedSession("recorded:x", recording).run(shipped_scenarios()["debounce-boundary"], PROFILE)
    assert run.fault is not None
    assert run.fault.kind is FaultKind.NOT_TESTABLE
    reference = open_sdk("reference")
    try:
        judged = _verdicts(ReplayedSession("recorded:x", recording), reference)
    finally:
        reference.close()
    assert {verdict for verdict, _ in judged.values()} == {Verdict.NOT_TESTABLE}
    assert "holds no run of debounce-boundary in its present form; record the SDK again" in run.fault.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: .*; name a file that `run --record` wrote"),
        ("{}", "line 1: .*missing required field"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_recording_is_named(text: str | None, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=problem):
        open_sdk(f"recorded:{path}")


def test_a_damaged_line_and_another_format_are_named(recording: Path) -> None:
    lines = recording.read_text().splitlines()
    recording.write_text("\n".join([lines[0], lines[1][:40]]))
    with pytest.raises(UserError, match=r"run\.jsonl, line 2: "):
        open_sdk(f"recorded:{recording}")
    recording.write_text(lines[0].replace('"format":1', '"format":2'))
    with pytest.raises(UserError, match="format 2; this kit reads 1, so record it again"):
        open_sdk(f"recorded:{recording}")


def test_a_place_that_cannot_be_written_is_an_error_before_the_run(tmp_path: Path) -> None:
    for place, problem in (
        (tmp_path / "no" / "x.jsonl", "its folder does not exist"),
        (tmp_path, "is a folder"),
    ):
        arguments = ["run", "--sdk", "exec:/no/such", "--profile", "tinker-0.38", "--record", str(place)]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2
        assert problem in " ".join(done.output.split()) or "is a directory" in done.output


def test_a_spec_without_a_file_is_not_understood() -> None:
    with pytest.raises(UserError, match="recorded:FILE"):
        check_spec("recorded:")
