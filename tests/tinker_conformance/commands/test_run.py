"""One run gives every form of report, and they agree; a killed run leaves what it measured."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import JUnitXml

from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import QUIRKS, number_of, to_look_at
from tinker_conformance.report.record_schema import schema
from tinker_conformance.report.report_reading import Report, load_report

ROOT = Path(__file__).parents[3]
SECONDS = 120
KNOWN = 11
"""How many requirements the SDK below breaks."""
IMPATIENT = ["--sdk", "python:tests.support.report_sdks:impatient", "--profile", "tinker-0.5.1"]


@dataclass(frozen=True)
class Done:
    code: int
    output: str
    folder: Path

    @property
    def report(self) -> Report:
        return load_report(self.folder)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _run(folder: Path, *arguments: str) -> Done:
    command = [sys.executable, "-m", "tinker_conformance", "run", *arguments, "--report", str(folder)]
    done = subprocess.run(
        command, env=_environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    return Done(done.returncode, done.stdout + done.stderr, folder)


def _pytest(folder: Path, *arguments: str, chapter: str | None = None) -> Done:
    suite = "tinker_conformance.suite" if chapter is None else f"tinker_conformance.suite.test_{chapter}"
    command = [sys.executable, "-m", "pytest", *QUIET, "--tb=short", "--pyargs"]
    command += [suite, *arguments, "--report", str(folder / "report")]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    return Done(done.returncode, done.stdout + done.stderr, folder / "report")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("impatient")
    # With -v every failure is explained in full, and not only the first of its kind.
    return _run(folder / "report", "-v", *IMPATIENT, "--record-known-failures", str(folder / "known.yaml"))


NODE = pytest.param("node", marks=[pytest.mark.needs_tool("node"), pytest.mark.slow])
WORKERS = pytest.param("pytest -n 2", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["run", "pytest", WORKERS, NODE])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    match request.param:
        case "run":
            return request.getfixturevalue("impatient")
        case "pytest":
            # One chapter: what the command does with all of them is in the other parameters.
            return _pytest(tmp_path_factory.mktemp("pytest"), *IMPATIENT, chapter="debounce")
        case "node":
            return _node_with_a_bug(tmp_path_factory.mktemp("node"))
        case _:
            return _pytest(tmp_path_factory.mktemp("xdist"), *IMPATIENT, "-n", "2", chapter="debounce")


def _node_with_a_bug(folder: Path) -> Done:
    """The example SDK in JavaScript, whose minute is a second too short."""
    copied = shutil.copytree(ROOT / "examples/node", folder / "node")
    source = copied / "src/pause-logger.js"
    text = source.read_text(encoding="utf-8")
    assert "LOG_INTERVAL_SECONDS = 60;" in text
    source.write_text(
        text.replace("LOG_INTERVAL_SECONDS = 60;", "LOG_INTERVAL_SECONDS = 59;"), encoding="utf-8"
    )
    command = shlex.join(["node", str(copied / "adapter.mjs")])
    # One chapter: `tests/examples/test_node.py` judges it by all.
    return _pytest(folder, "--sdk", f"exec:{command}", chapter="debounce")


def test_every_form_is_there_and_they_agree_in_every_count(done: Done) -> None:
    assert done.code == 1, done.output
    report = done.report
    assert report.cut_off is None
    counts = report.counts
    passed, unclaimed = counts[Verdict.PASSED], counts[Verdict.NOT_CLAIMED]
    failed = len(to_look_at(report))
    quirks = counts[Verdict.FAILED] - failed
    assert "debounce.within_a_minute" in {each.id for each in to_look_at(report)}
    assert failed + quirks + passed + unclaimed == len(report.start.asked) == len(report.results)
    assert report.end is not None
    assert {verdict: n for verdict, n in report.end.counts.items() if n} == dict(counts)
    assert report.end.quirks_not_shared == quirks
    assert json.loads(done.text("badge.json"))["message"] == f"{passed} of {failed + passed} hold"
    for name in ("summary.md", "index.html"):
        assert f"{passed} passed, {failed} failed" in done.text(name)
        assert not quirks or number_of(quirks, QUIRKS) in done.text(name)
    assert done.text("index.html").count('class="part"') == failed + quirks
    (suite,) = JUnitXml.fromstring(done.text("junit.xml"))
    skipped = quirks + unclaimed
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(report.results),
        failed,
        0,
        skipped,
    )
    cases = ElementTree.fromstring(done.text("junit.xml")).iter("testcase")
    properties = [{p.get("name"): p.get("value") for p in case.iter("property")} for case in cases]
    assert {p["requirement"]: p["verdict"] for p in properties} == {
        result.id: result.verdict.value for result in report.results
    }
    assert all(p["level"] in {"contract", "quirk"} for p in properties)


def test_every_line_is_valid_and_the_schema_is_fresh(done: Done) -> None:
    """To update it, run:

    python -m tinker_conformance.report.record_schema > docs/reference/report.schema.json
    """
    text = (ROOT / "docs/reference/report.schema.json").read_text(encoding="utf-8")
    assert text == schema()
    validator = jsonschema.Draft202012Validator(json.loads(text))
    lines = [json.loads(line) for line in done.text("report.jsonl").splitlines()]
    for line in lines:
        validator.validate(line)
    assert [line["record"] for line in lines] == ["start", *["requirement"] * (len(lines) - 2), "end"]
    assert not validator.is_valid({**lines[1], "verdict": "splendid"})


def test_the_environment_is_in_the_report(impatient: Done) -> None:
    start = impatient.report.start
    assert start.sdk.spec == "python:tests.support.report_sdks:impatient"
    assert start.profile.name == "tinker-0.5.1"
    assert start.interpreter.startswith("CPython 3.")
    assert start.kit
    assert start.platform


def test_the_terminal_shows_the_picture(impatient: Done) -> None:
    part = impatient.output.split("\ndebounce.fraction (contract): failed\n")[1].split("\n\n  rerun:")[0]
    part = part.split("\n  scenario ")[1]
    rows = {line.strip()[:19].strip(): line for line in part.splitlines()}
    assert rows["virtual time"].index("59.500 s") == rows["log line, actual"].index("✗ WARNING")
    assert rows["virtual time"].index("60.500 s") == rows["log line, expected"].index("✗ missing")
    assert rows["60 s window"].count("├") == 1


@pytest.mark.slow
def test_nothing_that_an_sdk_prints_is_interpreted(tmp_path: Path) -> None:
    arguments = ["--sdk", "python:tests.support.report_sdks:Hostile", "--profile", "tinker-0.5.1"]
    done = _run(tmp_path / "report", "-v", *arguments, "--record-known-failures", str(tmp_path / "k.toml"))
    assert done.code == 1
    for name in ("index.html", "summary.md"):
        # In Markdown a backslash makes it text.
        assert not re.search(r"(?<!\\)<(script|img)", done.text(name))
    assert JUnitXml.fromstring(done.text("junit.xml")).tests == len(done.report.results)
    files = [
        done.text(name) for name in ("index.html", "summary.md", "junit.xml", "badge.json", "report.jsonl")
    ]
    files += [done.output, (tmp_path / "k.toml").read_text(encoding="utf-8")]
    for text in files:
        assert not {"\x1b", "\x07", "\x00"} & set(text)
        assert "\u202e" not in text or text.startswith('{"record"'), "only the JSON keeps what it measured"
    assert "{{ 7*7 }}" in done.text("index.html")
    assert r"\x1b[31mred" in done.text("index.html")


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _processes_of(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[signal.Signals, Done, str]:
    """A run that a signal ends while it judges."""
    folder, mark = tmp_path / "report", uuid.uuid4().hex
    command = [sys.executable, "-m", "tinker_conformance", "run", *IMPATIENT, "--report", str(folder)]
    with subprocess.Popen(
        command, env=_environment(REPORT_MARK=mark), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        limit = time.monotonic() + SECONDS
        while _lines(folder / "report.jsonl") < 5:
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            assert time.monotonic() < limit
            time.sleep(0.01)
        process.send_signal(request.param)
        output, _ = process.communicate(timeout=SECONDS)
    return request.param, Done(process.returncode, output.decode(), folder), mark


@pytest.mark.slow
def test_a_killed_run_leaves_a_report_that_says_so_and_no_process(
    killed: tuple[signal.Signals, Done, str],
) -> None:
    number, done, mark = killed
    report = done.report
    assert 4 <= len(report.results) < len(report.start.asked)
    assert report.cut_off is not None
    if number is signal.SIGKILL:
        assert report.cut_off.startswith("incomplete")
    else:
        assert done.code == 128 + number
        assert f"interrupted by {number.name}" in report.cut_off
        assert report.end is not None
        assert report.end.exit_code == done.code
    for name, expected in (("index.html", "requirements were judged"), ("summary.md", "not judged")):
        assert expected in done.text(name)
    assert json.loads(done.text("badge.json"))["message"].startswith("incomplete")
    assert 'name="complete" value="no"' in done.text("junit.xml")
    limit = time.monotonic() + SECONDS
    while _processes_of(mark):
        assert time.monotonic() < limit, _processes_of(mark)
        time.sleep(0.01)


@pytest.mark.slow
def test_known_failures_are_recorded_and_then_excuse_the_run(impatient: Done, tmp_path: Path) -> None:
    assert impatient.code == 1
    assert f"{KNOWN} known failures; edit the reasons" in " ".join(impatient.output.split())
    file = impatient.folder.with_name("known.yaml")
    excused = _run(tmp_path / "second", *IMPATIENT, "--known-failures", str(file))
    assert excused.code == 0
    passed = len(excused.report.start.asked) - KNOWN
    known = number_of(KNOWN, "known failure")
    expected = f"conforms to tinker-0.5.1 except for known failures: {passed} passed, {known}"
    assert expected in " ".join(excused.output.split())
    assert JUnitXml.fromstring(excused.text("junit.xml")).skipped == KNOWN
    assert 'color":"yellow' in excused.text("badge.json")
    again = _pytest(tmp_path, *IMPATIENT, "--known-failures", str(file), chapter="debounce")
    assert again.code == 0, again.output
    of_the_chapter = {result.id: result.verdict for result in again.report.results}
    assert of_the_chapter.items() <= {result.id: result.verdict for result in excused.report.results}.items()
    known = list(of_the_chapter.values()).count(Verdict.KNOWN_FAILURE)
    assert JUnitXml.fromstring(again.text("junit.xml")).skipped == known > 1


STALE = '[[known_failures]]\nrequirement = "{}"\nclass = "bug"\nreason = "r"\n'


@pytest.mark.slow
def test_stale_entries_are_exit_code_3_and_fail_pytest(tmp_path: Path) -> None:
    file = tmp_path / "known.toml"
    reference = ["--sdk", "reference", "--profile", "tinker-0.5.1", "--known-failures", str(file)]
    requirement, scenario = (
        STALE.format("parsing.numbers"),
        STALE.replace("requirement", "scenario").format("parsing-numbers"),
    )
    file.write_text(requirement + scenario, encoding="utf-8")
    done = _run(tmp_path / "run", *reference)
    assert done.code == 3
    assert "parsing.numbers (quirk): stale known failure" in done.output
    assert "parsing-numbers has no mismatch" in done.output
    file.write_text(requirement, encoding="utf-8")
    again = _pytest(tmp_path, *reference, chapter="parsing")
    assert again.code == 1
    assert again.report.counts[Verdict.STALE_KNOWN_FAILURE] == 1
    file.write_text(scenario, encoding="utf-8")
    again = _pytest(tmp_path, *reference, "-n", "2", chapter="parsing")
    assert again.code == 1
    assert "parsing-numbers has no mismatch" in again.output


def test_an_entry_that_matches_nothing_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "known.toml"
    file.write_text(STALE.format("parsing.nubers"), encoding="utf-8")
    reference = ["--sdk", "reference", "--profile", "tinker-0.5.1", "--known-failures", str(file)]
    done = _run(tmp_path / "run", *reference)
    assert done.code == 3
    assert "did you mean 'parsing.numbers'?" in done.output
    assert "did you mean 'parsing.numbers'?" in _pytest(tmp_path, *reference).output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--as-of", "99"], "is newer than this kit"),
        (["--known-failures", "none.toml"], "cannot be read"),
        (["--known-failures", "a.toml", "--record-known-failures", "b.toml"], "exclude each other"),
    ],
)
def test_bad_usage_names_the_fix(arguments: list[str], expected: str, tmp_path: Path) -> None:
    reference = ["--sdk", "reference", "--profile", "tinker-0.5.1", *arguments]
    done = _run(tmp_path / "run", *reference)
    assert done.code == 2
    assert expected in " ".join(done.output.replace("│", " ").split())
    again = _pytest(tmp_path, *reference)
    assert again.code == 4
    assert expected in again.output


@pytest.mark.slow
def test_quirks_count_where_that_is_asked_for(tmp_path: Path) -> None:
    """This SDK differs from its profile in one quirk."""
    sdk = ["--sdk", "python:tests.support.report_sdks:of_another_release", "--profile", "tinker-0.5.1"]
    asked = ["-k", "parsing.numbers or parsing.containers_are_unknown"]
    lenient = _pytest(tmp_path, *sdk, *asked)
    assert lenient.code == 0, lenient.output
    (tmp_path / "strict").mkdir()
    strict = _pytest(tmp_path / "strict", *sdk, *asked, "--strict-quirks")
    assert strict.code == 1, strict.output
    assert (
        len(to_look_at(strict.report))
        == len([r for r in lenient.report.results if r.verdict == "failed"])
        > 0
    )
