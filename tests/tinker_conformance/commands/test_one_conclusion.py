"""Whatever was found: the terminal, every form of the report and the exit code say the same."""

from __future__ import annotations

import html
import json
import signal
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_runs import Judged, arguments, judging
from hypothesis import example, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml

from fake_server.core.visible_text import visible
from tinker_conformance.cli import main
from tinker_conformance.commands import measured_run
from tinker_conformance.commands import run as run_module
from tinker_conformance.commands.interruption import Interrupted
from tinker_conformance.error_families import SdkError
from tinker_conformance.generated.judged_scripts import ScriptJudgement
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import conclude
from tinker_conformance.report.markdown import literal
from tinker_conformance.report.report_reading import load_report
from tinker_conformance.requirements import Level, requirement
from tinker_conformance.suite import conformance_run

CONTRACTS = ("debounce.boundary", "parsing.known_states", "trigger.http_408", "wiring.sample")
QUIRKS = ("parsing.containers_end_the_poll", "polling.gives_up")

SCRIPTS = st.builds(
    lambda failed, adapter, kit, held: ScriptJudgement(
        judged=failed + adapter + kit + held,
        left_out=0,
        failed=failed,
        failures=(),
        adapter_errors=adapter,
        kit_errors=kit,
    ),
    *[st.integers(0, 2)] * 4,
)
RAISED = st.sampled_from(
    [SdkError("the adapter is lost"), Interrupted(signal.SIGTERM), KeyError("a fault of the kit")]
)
FOUND = st.builds(
    Judged,
    st.dictionaries(st.sampled_from(CONTRACTS + QUIRKS), st.sampled_from(list(Verdict)), min_size=1),
    scripts=st.none() | SCRIPTS,
    stale=st.just(()) | st.just(("an entry is stale",)),
    raised=st.none() | st.none() | RAISED,
)
NAME = "sdk ✓ \x1b[31m中 1 …"


def _run(judged: Judged, *options: str) -> Result:
    with judging(judged):
        return CliRunner().invoke(main, arguments(*options))


def test_the_levels_are_as_these_tests_need_them() -> None:
    assert {requirement(name).level for name in CONTRACTS} == {Level.CONTRACT}
    assert {requirement(name).level for name in QUIRKS} == {Level.QUIRK}


def test_a_quirk_that_is_not_shared_is_short_unless_quirks_count_or_all_is_asked_for() -> None:
    found = Judged({"debounce.boundary": Verdict.PASSED, "polling.gives_up": Verdict.FAILED})
    short, strict, verbose = (_run(found, *options).stdout for options in ((), ("--strict",), ("-v",)))
    notice = "quirks that are not shared do not count; -v shows their pictures and events"
    assert "polling.gives_up (quirk): not shared" in short
    assert "rerun:" not in short
    assert notice in short
    assert "polling.gives_up (quirk): failed" in strict
    assert "rerun:" in verbose
    for text in (strict, verbose):
        assert notice not in text


@settings(max_examples=60)
@given(FOUND, st.booleans())
@example(Judged({"debounce.boundary": Verdict.PASSED, "polling.gives_up": Verdict.ADAPTER_ERROR}), False)
@example(Judged({"debounce.boundary": Verdict.PASSED, "polling.gives_up": Verdict.KIT_ERROR}), False)
@example(Judged({"debounce.boundary": Verdict.PASSED, "polling.gives_up": Verdict.NOT_TESTABLE}), False)
def test_all_forms_agree_and_the_exit_code_follows(judged: Judged, strict: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "report"
        done = _run(judged, "--report", str(folder), *(["--strict"] if strict else []))
        report = load_report(folder)
        texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()}
    found = conclude(report)
    assert report.end is not None
    assert report.end.exit_code == found.exit_code == done.exit_code, done.output
    assert report.end.conclusion == found.sentence
    assert report.start.strict is strict

    assert found.sentence.startswith(NAME)
    shown = visible(found.sentence)
    if judged.raised is None:
        assert done.stdout.splitlines()[-1] == visible(str(found))
    else:
        assert done.stdout.splitlines()[-1].startswith("ended early, after ")
        assert "was only partly judged" in shown
    assert literal(found.sentence) in texts["summary.md"]
    assert f"<title>{html.escape(shown)}</title>" in texts["index.html"].replace("&#39;", "&#x27;")

    (suite,) = JUnitXml.fromstring(texts["junit.xml"])
    properties = {each.name: each.value for each in suite.properties()}
    assert properties["conclusion"] == shown
    assert properties["exit_code"] == str(done.exit_code)
    assert bool(suite.failures + suite.errors) == (done.exit_code != 0)

    badge = json.loads(texts["badge.json"])
    known = Verdict.KNOWN_FAILURE in report.counts
    good = "yellow" if known else "brightgreen"
    expected = "lightgrey" if judged.raised is not None else good if done.exit_code == 0 else "red"
    assert badge["color"] == expected
    assert ("could not be judged" in badge["message"]) == ("could not be judged" in shown)
    assert badge["message"].startswith("incomplete") == (judged.raised is not None)


@settings(max_examples=100)
@given(FOUND)
def test_exit_code_1_says_that_the_sdk_failed_and_nothing_else(judged: Judged) -> None:
    done = _run(judged)
    at_fault = any(
        verdict in {Verdict.FAILED, Verdict.NOT_TESTABLE} and name in CONTRACTS
        for name, verdict in judged.verdicts.items()
    ) or (judged.scripts is not None and judged.scripts.failed > 0)
    if done.exit_code == 1:
        assert at_fault
        assert "does not conform to tinker-0.5.1" in done.stdout
    if done.exit_code == 0:
        assert not at_fault
        assert " conforms to tinker-0.5.1" in done.stdout


@pytest.mark.parametrize(
    ("raised", "code", "expected"),
    [
        (SdkError("it is lost"), 4, "it is lost"),
        (Interrupted(signal.SIGINT), 130, "interrupted by SIGINT"),
        (KeyError("a bug"), 5, "this is a bug in tinker-conformance, not in the SDK: KeyError: 'a bug'"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
)
def test_what_was_judged_before_an_error_is_reported(
    raised: BaseException, code: int, expected: str, tmp_path: Path
) -> None:
    verdicts = {"debounce.boundary": Verdict.FAILED, "parsing.known_states": Verdict.PASSED}
    done = _run(Judged(verdicts, raised=raised), "--report", str(tmp_path))
    assert done.exit_code == code
    assert f"ended early, after 1 of 2 requirements: {expected}" in done.stdout
    assert "debounce.boundary (contract): failed" in done.stdout
    report = load_report(tmp_path)
    assert [each.id for each in report.results] == ["debounce.boundary"]
    assert report.cut_off is not None
    assert expected in report.cut_off


def test_the_report_is_finished_before_anything_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the terminal is gone")

    monkeypatch.setattr(run_module.Terminal, "print", fails)
    done = _run(
        Judged({"debounce.boundary": Verdict.FAILED}),
        *("--report", str(tmp_path), "--record-known-failures", str(tmp_path / "known.toml")),
    )
    assert done.exit_code == 5
    report = load_report(tmp_path)
    assert report.cut_off is None
    assert report.end is not None
    assert report.end.exit_code == 1
    assert "debounce.boundary" in (tmp_path / "known.toml").read_text(encoding="utf-8")


def test_an_interrupt_while_the_report_is_written_leaves_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measured_run.ReportFolder.close

    def close(self: measured_run.ReportFolder, end: object) -> None:
        signal.raise_signal(signal.SIGINT)
        whole(self, end)  # type: ignore[arg-type]

    monkeypatch.setattr(measured_run.ReportFolder, "close", close)
    done = _run(Judged({"debounce.boundary": Verdict.PASSED}), "--report", str(tmp_path))
    assert done.exit_code == 130
    assert done.output.strip() == "interrupted by SIGINT"
    assert load_report(tmp_path).cut_off is None


def test_an_adapter_that_crashes_in_the_scenario_of_a_quirk_is_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tuple(requirement(name) for name in ("parsing.case_sensitive", "polling.gives_up"))
    monkeypatch.setattr(conformance_run, "asked_of", lambda *_: asked)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    sdk = ["--sdk", "python:tests.support.report_sdks:CrashesInAQuirk", "--profile", "tinker-0.5.1"]
    done = CliRunner().invoke(main, ["run", *sdk, "--report", str(tmp_path)])
    expected = "could not be judged against tinker-0.5.1"
    assert done.exit_code == 4, done.output
    assert f"{expected}: 1 passed, 1 adapter error" in done.output
    assert f"{expected}</title>" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert literal(expected) in (tmp_path / "summary.md").read_text(encoding="utf-8")
    badge = json.loads((tmp_path / "badge.json").read_text(encoding="utf-8"))
    assert (badge["color"], badge["message"]) == ("red", "could not be judged, 1 of 2 hold")
    assert JUnitXml.fromstring((tmp_path / "junit.xml").read_text(encoding="utf-8")).errors == 1
    report = load_report(tmp_path)
    assert report.end is not None
    assert (report.end.exit_code, report.end.conclusion) == (4, f"reference 0.1.0 {expected}")
