"""`tinker-conformance run --dialect`: information about a server's users, never conformance."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from tinker_conformance.cli import main
from tinker_conformance.report import load_report


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["run", "--sdk", "reference", "--profile", "tinker-0.5.1", *arguments])
    return done.exit_code, done.output


def test_what_an_sdk_meets_is_shown_as_information_in_each_form(tmp_path: Path) -> None:
    code, output = run("--quiet", "--dialect", "skyrl", "--report", str(tmp_path))
    sentence = (
        "was run against the dialect skyrl; this is information only, and says nothing about tinker-0.5.1"
    )
    assert code == 0
    assert sentence in output.splitlines()[-1]
    assert "failed" in output.splitlines()[-1]
    report = load_report(tmp_path)
    assert report.start.dialect == "skyrl"
    failed = {result.id for result in report.results if result.verdict.value == "failed"}
    # SkyRL sends no queue state, so no pause is noticed there.
    assert "trigger.http_408" in failed
    assert "information on a dialect, " in (tmp_path / "badge.json").read_text(encoding="utf-8")
    for form in ("index.html", "junit.xml"):
        assert "was run against the dialect skyrl" in (tmp_path / form).read_text(encoding="utf-8")
    assert "was run against the dialect skyrl" in (tmp_path / "summary.md").read_text(
        encoding="utf-8"
    ).replace("&#59;", ";")
    assert " conforms to " not in output


def test_a_dialect_goes_with_no_known_failures_and_must_exist(tmp_path: Path) -> None:
    code, output = run("--dialect", "skyrl", "--record-known-failures", str(tmp_path / "known.toml"))
    assert code == 2
    assert "a run in a dialect is information" in output
    code, output = run("--dialect", "skyrll")
    assert code == 2
    assert "there is no dialect 'skyrll'; did you mean 'skyrl'?" in output
