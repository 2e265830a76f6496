"""`tinker-conformance server --releases`: the matrix on the terminal and in every form of the report."""

from __future__ import annotations

import json
from pathlib import Path

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
