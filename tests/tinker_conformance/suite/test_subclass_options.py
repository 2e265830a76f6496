"""Known failures, strictness and reports of suites that are classes, by attributes and by options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET

ROOT = Path(__file__).parents[3]
CLASSES = """
from tinker_conformance import QueueStateConformance

class TestLoud(QueueStateConformance):
    sdk = "python:tests.support.report_sdks:{sdk}"
    profile = "tinker-0.5.1"
    {attribute}

class TestPlain(QueueStateConformance):
    sdk = "python:tests.support.report_sdks:{sdk}"
    profile = "tinker-0.5.1"

class TestOther(QueueStateConformance):
    sdk = "reference"
    profile = "tinker-0.5.1"
"""
BOUNDARY = """
[[known_failures]]
requirement = "debounce.begins_at_the_line"
class = "bug"
reason = "we log at once"
"""
PARSING = """
[[known_failures]]
requirement = "parsing.*"
class = "bug"
reason = "it passes"
"""
JUDGED = "debounce_begins_at_the_line or parsing_known_states"
JUST_BOUNDARY = ("-k", "TestLoud and debounce_begins_at_the_line")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return pytester


def _run(suite: pytest.Pytester, attribute: str, *options: str, sdk: str = "impatient") -> pytest.RunResult:
    folder = suite.mkdir("tests") if not (suite.path / "tests").exists() else suite.path / "tests"
    (folder / "test_mine.py").write_text(CLASSES.format(attribute=attribute, sdk=sdk))
    return run_pytest(suite, *QUIET, "-rA", "--import-mode=importlib", *options, timeout=200)


def test_a_failure_is_excused_by_the_file_that_the_class_names_beside_it(suite: pytest.Pytester) -> None:
    (suite.mkdir("tests") / "known.toml").write_text(BOUNDARY)
    both = ("-k", "(TestLoud or TestPlain) and debounce_begins_at_the_line")
    result = _run(suite, 'known_failures = "known.toml"', *both)
    result.assert_outcomes(xfailed=1, failed=1)
    result.stdout.fnmatch_lines(["XFAIL *TestLoud*known, bug: we log at once*", "FAILED *TestPlain*"])


def test_a_failure_is_excused_by_the_file_of_the_command_line(suite: pytest.Pytester) -> None:
    (suite.path / "known.toml").write_text(BOUNDARY)
    result = _run(suite, "pass", "--known-failures", "known.toml", *JUST_BOUNDARY)
    result.assert_outcomes(xfailed=1)


@pytest.mark.parametrize(
    "workers",
    [pytest.param((), id="alone"), pytest.param(("-n", "2"), id="workers", marks=pytest.mark.slow)],
)
def test_a_stale_entry_fails_though_no_option_asks_for_it(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    stale = '[[known_failures]]\nscenario = "parsing-*"\nclass = "bug"\nreason = "old"\n'
    (suite.mkdir("tests") / "known.toml").write_text(stale)
    options = ("-k", "TestLoud and parsing")
    result = _run(suite, 'known_failures = "known.toml"', *options, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["stale: * has no mismatch; remove or narrow the entry"])
    assert "failed" not in result.parseoutcomes()


def test_a_requirement_that_passes_though_it_is_known_to_fail_fails(suite: pytest.Pytester) -> None:
    (suite.mkdir("tests") / "known.toml").write_text(PARSING)
    result = _run(suite, 'known_failures = "known.toml"', "-k", "TestLoud and parsing_known_states")
    assert "failed" in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*it passes, but *known.toml*"])


def test_an_entry_that_matches_nothing_is_reported_with_the_nearest(suite: pytest.Pytester) -> None:
    (suite.mkdir("tests") / "known.toml").write_text(BOUNDARY.replace("begins", "begnis"))
    result = _run(suite, 'known_failures = "known.toml"', *JUST_BOUNDARY)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*debounce.begins_at_the_line*"])


def test_each_class_has_a_report_of_its_own_that_says_what_was_judged(suite: pytest.Pytester) -> None:
    result = _run(suite, "pass", "-k", f"not TestPlain and ({JUDGED})", "--report", "report")
    result.stdout.fnmatch_lines(
        ["conformance report: report*TestLoud", "conformance report: report*TestOther"]
    )
    folders = {
        path.name.rpartition(".")[2]: path for path in (suite.path / "report").iterdir() if path.is_dir()
    }
    assert set(folders) == {"TestLoud", "TestOther"}
    for name, spec, verdict in (
        ("TestLoud", "python:tests.support.report_sdks:impatient", "failed"),
        ("TestOther", "reference", "passed"),
    ):
        start, *results, end = _records(folders[name])
        assert start["sdk"]["spec"] == spec
        assert {each["id"]: each["verdict"] for each in results}["debounce.begins_at_the_line"] == verdict
        assert set(start["asked"]) == {each["id"] for each in results}
        assert end["early"] is None
        assert (folders[name] / "index.html").exists()
    assert 'name="verdict" value="failed"' in (suite.path / "report" / "junit.xml").read_text()


def test_what_fails_is_recorded_for_each_class(suite: pytest.Pytester) -> None:
    asked = "not TestPlain and debounce_begins_at_the_line"
    options = ("-k", asked, "--record-known-failures", "known.toml")
    _run(suite, "pass", *options).assert_outcomes(failed=1, passed=1)
    loud, other = sorted(suite.path.glob("known.*.toml"))
    assert "debounce.begins_at_the_line" in loud.read_text()
    assert "debounce.begins_at_the_line" not in other.read_text()
    loud.rename(suite.path / "tests" / "known.toml")
    _run(suite, 'known_failures = "known.toml"', *JUST_BOUNDARY).assert_outcomes(xfailed=1)


def test_quirks_count_where_that_is_asked_for(suite: pytest.Pytester) -> None:
    quirks = "(parsing_numbers or parsing_containers_are_unknown)"
    result = _run(
        suite, "strict = True", "-k", f"(TestLoud or TestPlain) and {quirks}", sdk="of_another_release"
    )
    ends = result.stdout.lines
    strict = [line for line in ends if line.startswith("FAILED ") and "::TestLoud::" in line]
    plain = [line for line in ends if line.startswith("XFAIL ") and "::TestPlain::" in line]
    assert len(strict) == len(plain) > 0
    result.assert_outcomes(
        failed=len(strict), xfailed=len(plain), passed=result.parseoutcomes().get("passed", 0)
    )
    asked = ("-k", f"TestPlain and {quirks}", "--strict-quirks")
    option = _run(suite, "pass", *asked, sdk="of_another_release")
    assert option.parseoutcomes()["failed"] == len(strict)


def _records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "report.jsonl").read_text().splitlines()]
