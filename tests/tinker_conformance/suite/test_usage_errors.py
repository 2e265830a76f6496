"""A mistake in how the suite is started is one message, and pytest's exit code 4."""

from __future__ import annotations

from typing import Final

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET

SUITE: Final = ("--pyargs", "tinker_conformance.suite")
ADAPTER: Final = """
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

class Adapter(ReferenceAdapter):
    info = AdapterInfo(name="nobody", version="1", capabilities=ReferenceAdapter.info.capabilities,
                       operations=ReferenceAdapter.info.operations)
"""
KNOWN: Final = '[[known_failures]]\nrequirement = "no.such"\nclass = "bug"\nreason = "why"\n'

MISTAKES: Final = {
    "no SDK": ((), "the conformance suite needs an SDK: add --sdk reference"),
    "no such form of SPEC": (("--sdk", "nonsense"), "--sdk 'nonsense' is not understood"),
    "no such module": (("--sdk", "python:no_such:Adapter"), "cannot import no_such"),
    "no such profile": (
        ("--sdk", "reference", "--profile", "tinker-9"),
        "profile tinker-9: there is no such profile",
    ),
    "no such profile file": (("--sdk", "reference", "--profile", "./none.toml"), "none.toml"),
    "no profile": (("--sdk", "python:nobody:Adapter"), "names no profile"),
    "no version": (("--sdk", "reference", "--as-of", "soon"), "--as-of 'soon'"),
    "no such file": (("--sdk", "reference", "--known-failures", "none.toml"), "none.toml"),
    "an entry that matches nothing": (("--sdk", "reference", "--known-failures", "known.toml"), "no.such"),
    "a clock for an SDK in process": (("--sdk", "reference", "--clock", "file"), "--clock is for exec:"),
}


def _project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(nobody=ADAPTER)
    (pytester.path / "known.toml").write_text(KNOWN)
    return pytester


def _is_one_error(result: pytest.RunResult, expected: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str()
    errors = [line for line in (*result.outlines, *result.errlines) if "ERROR" in line]
    assert len(errors) == 1, errors
    assert errors[0].startswith("ERROR: ")
    assert expected in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "error" not in result.parseoutcomes()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    arguments, expected = MISTAKES[mistake]
    project = _project(pytester)
    monkeypatch.setenv("PYTHONPATH", str(project.path))
    _is_one_error(run_pytest(project, *QUIET, *arguments, *SUITE, timeout=240), expected)


def test_a_mistake_is_one_message_from_workers_too(pytester: pytest.Pytester) -> None:
    arguments, expected = MISTAKES["no such profile"]
    result = run_pytest(pytester, *QUIET, "-n", "2", *arguments, *SUITE, timeout=240)
    _is_one_error(result, expected)


def test_no_option_turns_one_usage_error_into_several(pytester: pytest.Pytester) -> None:
    more = ("--continue-on-collection-errors", "--collect-only", "-q")
    _is_one_error(run_pytest(pytester, *QUIET, *more, *SUITE, timeout=240), "needs an SDK")


def test_a_module_of_a_users_own_that_holds_a_chapter_says_it_once(pytester: pytest.Pytester) -> None:
    text = "from tinker_conformance.suite.chapter import Chapter\nchapter = Chapter('parsing')"
    pytester.makepyfile(test_one=text, test_two=text)
    _is_one_error(run_pytest(pytester, *QUIET, timeout=240), "needs an SDK")


def test_the_reference_is_judged_by_the_newest_profile_by_default(
    pytester: pytest.Pytester,
) -> None:
    arguments = ("--sdk", "reference", "--report", "report", "-k", "known_states")
    result = run_pytest(pytester, *QUIET, *arguments, *SUITE, timeout=240)
    assert result.parseoutcomes()["passed"] == 1
    assert '"name":"tinker-0.38"' in (pytester.path / "report" / "report.jsonl").read_text()


@pytest.mark.parametrize(
    "attributes", ['sdk = "nonsense"', 'sdk = "reference"\n    profile = "tinker-9"', "pass"]
)
def test_a_class_reports_one_error_and_skips_the_rest(pytester: pytest.Pytester, attributes: str) -> None:
    pytester.makepyfile(
        f"""
from tinker_conformance import QueueStateConformance

class TestMine(QueueStateConformance):
    {attributes}

    def test_own(self): pass

class TestReference(QueueStateConformance):
    sdk = "reference"
"""
    )
    result = run_pytest(pytester, *QUIET, "-rs", "-k", "parsing or own", timeout=240)
    outcomes = result.parseoutcomes()
    assert outcomes["errors"] == 1
    assert outcomes["passed"] > 6  # its own test, and the other class
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines(["SKIPPED*not judged, see the error of *TestMine::test_parsing_*"])
    expected = result.stdout.str().partition("short test summary")[0]
    assert (
        expected.count("is not understood")
        + expected.count("there is no such profile")
        + expected.count("names no SDK")
        == 1
    )


def test_the_option_names_the_profile_of_a_class_that_names_none(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from tinker_conformance import QueueStateConformance\n"
        "class TestMine(QueueStateConformance): sdk = 'python:nobody:Adapter'\n"
    )
    _project(pytester)
    run = ("-k", "parsing_known_states")
    pytester.syspathinsert()
    without = run_pytest(pytester, *QUIET, *run, timeout=240)
    assert without.parseoutcomes()["errors"] == 1
    named = run_pytest(pytester, *QUIET, *run, "--profile", "tinker-0.5.1", timeout=240)
    assert named.parseoutcomes()["passed"] == 1


def test_a_folder_for_the_report_that_cannot_be_created_is_an_error_before_the_session(
    pytester: pytest.Pytester,
) -> None:
    result = run_pytest(
        _project(pytester), *QUIET, "--sdk", "reference", "--report", "known.toml", *SUITE, timeout=240
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str()
    file = pytester.path / "known.toml"
    expected = f"ERROR: known.toml: cannot be written ({file} is not a folder); name another folder"
    assert [line for line in result.errlines if line] == [expected]
