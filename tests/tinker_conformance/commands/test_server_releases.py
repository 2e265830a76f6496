"""`tinker-conformance server --releases`: the matrix on the terminal and in every form of the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server import FakeTinker, FakeTinkerServer
from tinker_conformance.cli import main
from tinker_conformance.report import load_report, matrix_of_releases
from tinker_conformance.server.releases import VERBS, chosen_releases

NEWEST = chosen_releases("newest")[0]


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["server", *arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_the_matrix_is_in_the_output_and_in_each_form_of_the_report(tmp_path: Path) -> None:
    with FakeTinkerServer(FakeTinker(seed=7, dialect="skyrl")) as server:
        code, output = run(
            "--url", server.url, "--only", "session.create", "--releases", "newest", "--report", str(tmp_path)
        )
    report = load_report(tmp_path)
    assert report.end is not None
    matrix = matrix_of_releases(report.verbs)
    assert matrix.verbs == tuple(verb.name for verb in VERBS)
    assert matrix.releases == (NEWEST,)
    last = output.strip().splitlines()[-1]
    assert last == report.end.releases == matrix.conclusion
    assert (
        last
        == f"Which releases may my users have? None that was driven: tinker {NEWEST} does not work whole."
    )
    error = "asample promises always carry sample_sequence_ids"
    assert f"sample, tinker {NEWEST}: error: SDK: AssertionError: {error}" in output
    # It is information: the probe decides. Other mandatory chapters were not asked.
    assert code == report.end.exit_code
    assert "1 passed" in output
    verbs = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert sum(record["record"] == "verb" for record in verbs) == len(VERBS)
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "### Releases of the official SDK" in summary
    assert "does not work whole" in summary
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<h2 id="releases">' in page
    assert error in page
    assert "✗<i>error</i>" in page


def test_a_choice_of_no_releases_is_a_usage_error_before_anything_is_asked() -> None:
    with FakeTinkerServer(engine := FakeTinker(seed=7)) as server:
        code, output = run("--url", server.url, "--releases", "newset")
    assert code == 2
    assert "--releases 'newset' names no releases" in output
    assert len(engine.journal) == 0


@pytest.mark.slow
def test_a_spent_budget_ends_the_releases_too_and_nothing_is_left_behind(tmp_path: Path) -> None:
    engine = FakeTinker(seed=7)
    with FakeTinkerServer(engine) as server:
        run("--url", server.url, "--only", "session.create")
        surveyed = len(engine.journal)
    most = surveyed + 40
    engine = FakeTinker(seed=7)
    with FakeTinkerServer(engine) as server:
        code, output = run(
            *("--url", server.url, "--only", "session.create", "--releases", "newest,0.6.3"),
            *("--max-requests", str(most), "--report", str(tmp_path)),
        )
    assert code == 2
    text = " ".join(output.split())
    assert "driving tinker 0.6.3 (" in text
    assert f") needs more requests than the {most} that --max-requests allows; raise --max-requests" in text
    assert "Unknown: tinker 0.6.3 was not driven to the end." in text
    exchanges = [f"{each.method} {each.path}" for each in engine.journal.exchanges() if each.status < 300]
    tidying = [name for name in exchanges if name.startswith("DELETE ") or "/unload_model" in name]
    saved = sum("/save_weights" in name for name in exchanges)
    assert saved > 0
    assert sum(name.startswith("DELETE ") for name in exchanges) == saved
    # Each model is unloaded with one request and one poll; each session of the kit is finished.
    assert len(engine.journal) <= most + 2 * len(tidying) + 1
    report = load_report(tmp_path)
    assert report.cut_off is not None
    assert matrix_of_releases(report.verbs).releases == ("0.6.3",)


def test_help_says_how_many_requests_are_sent() -> None:
    help_text = " ".join(CliRunner().invoke(main, ["server", "--help"]).output.split())
    assert "The probes need about 500" in help_text
    assert "a release needs about 80" in help_text
    assert "Default: 1000, and 300 more for each release" in help_text


@pytest.mark.parametrize("version", [pytest.param("0.99.0", marks=pytest.mark.slow), "0.37.0"])
def test_a_release_that_was_never_published_is_a_usage_error_that_names_the_nearest(version: str) -> None:
    code, output = run("--url", "http://127.0.0.1:1", "--releases", f"newest,{version}")
    assert code == 2
    assert f"tinker has no release {version}" in output
    assert "the nearest are 0.35.0, 0.36.0, 0.38.0" in output
