"""Two builds of one version are told apart wherever reports stand side by side."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import msgspec
from click.testing import CliRunner

from tests.tinker_conformance.report.making import report, result
from tinker_conformance.cli import main
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.builds import MOST_CHARACTERS, with_builds
from tinker_conformance.report.markdown import step_summary
from tinker_conformance.report.page import page
from tinker_conformance.report.report_reading import Report
from tinker_conformance.report.sdk_matrix import markdown_matrix
from tinker_conformance.requirements import requirement


def _report(spec: str, folder: str = "", version: str = "1") -> Report:
    made = report("sdk", version, result(requirement("debounce.boundary")))
    sdk = msgspec.structs.replace(made.start.sdk, spec=spec)
    start = msgspec.structs.replace(made.start, sdk=sdk)
    return dataclasses.replace(made, start=start, folder=folder)


def _builds(*reports: Report) -> list[str]:
    return [each.build for each in with_builds(reports)]


def test_different_versions_need_no_build() -> None:
    assert _builds(_report("exec:a"), _report("exec:b", version="2")) == ["", ""]


def test_two_specs_are_with_builds_by_what_differs() -> None:
    specs = ("exec:node /opt/sdk/before/adapter.mjs", "exec:node /opt/sdk/after/adapter.mjs")
    assert _builds(*map(_report, specs)) == ["before/adapter.mjs", "after/adapter.mjs"]
    long = [f"exec:node /opt/{'x' * 50}{number}" for number in (1, 2)]
    assert {len(each) for each in _builds(*map(_report, long))} == {MOST_CHARACTERS + 1}


def test_equal_specs_are_with_builds_by_the_folder_of_the_report() -> None:
    runs = [_report("exec:a", folder=f"reports/{day}") for day in ("monday", "tuesday")]
    assert _builds(*runs) == ["monday", "tuesday"]
    assert _builds(*runs, _report("exec:c", version="2")) == ["monday", "tuesday", ""]
    assert _builds(runs[0], runs[0]) == ["1: monday", "2: monday"]


def test_every_form_shows_them(tmp_path: Path) -> None:
    arguments = ["run", "-q", "--sdk", "reference", "--profile", "tinker-0.1", "--replay"]
    script = tmp_path / "s.yaml"
    script.write_text("- id: one\n  client: sampling\n  futures: [[{complete: {}}]]\n")
    first = tmp_path / "before"
    CliRunner().invoke(main, [*arguments, str(script), "--report", str(first)])
    shutil.copytree(first, tmp_path / "after")
    out = tmp_path / "m.json"
    both = [str(first), str(tmp_path / "after")]
    done = CliRunner().invoke(main, ["report", "combine", *both, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "(before)" in done.output
    assert "(after)" in done.output
    names = json.loads(out.read_text())["names"]
    assert [name.rpartition(" ")[2] for name in names] == ["(before)", "(after)"]
    worse = CliRunner().invoke(main, ["report", "diff", *both])
    assert "(before) (tinker-0.1) -> " in worse.output
    pair = with_builds([_report("exec:a", folder="r/x"), _report("exec:a", folder="r/y")])
    assert "sdk 1 (x)" in markdown_matrix(pair)
    assert "sdk 1 (y)" in page(pair)


def test_failures_known_failures_and_quirks_are_lists_of_their_own() -> None:
    failed = result(requirement("debounce.boundary"), Verdict.FAILED)
    quirk = result(requirement("debounce.wall_clock"), Verdict.FAILED)
    known = msgspec.structs.replace(
        result(requirement("debounce.active"), Verdict.FAILED), verdict=Verdict.KNOWN_FAILURE
    )
    text = page([report("sdk", "1", quirk, known, failed)])
    places = [
        text.index(each)
        for each in (
            "<h2>Failures: 1</h2>",
            "<h2>Known failures: 1</h2>",
            "<h2>Quirks that are not shared: 1</h2>",
            'id="matrix"',
            'id="debounce.boundary"',
            'id="debounce.active"',
            'id="debounce.wall_clock"',
        )
    ]
    assert places == sorted(places)
    alone = page([report("sdk", "1", failed)])
    assert "Quirks that are not shared" not in alone


def test_the_step_summary_names_language_and_runtime_and_is_readable_raw() -> None:
    made = report("my-sdk", "1.0-rc.1", result(requirement("debounce.boundary"), Verdict.FAILED))
    sdk = msgspec.structs.replace(made.start.sdk, language="elixir", runtime="Elixir 1.18.4, OTP 25")
    text = step_summary(dataclasses.replace(made, start=msgspec.structs.replace(made.start, sdk=sdk)))
    assert "## my-sdk 1.0-rc.1 does not conform to tinker-0.5.1" in text
    assert "SDK: elixir, Elixir 1.18.4, OTP 25. Kit: 0.1.0, CPython 3.11.7." in text
    assert "&#" not in text
