"""`--dialect` of the suite in pytest: information about a server's users, never a failed test."""

from __future__ import annotations

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.report import load_report

SUITE = (
    "--pyargs",
    "tinker_conformance.suite.test_trigger",
    "--sdk",
    "reference",
    "--profile",
    "tinker-0.5.1",
)


def test_what_differs_in_a_dialect_is_an_expected_failure(pytester: pytest.Pytester) -> None:
    result = run_pytest(
        pytester, *QUIET, "-rx", *SUITE, "--dialect", "skyrl", "-k", "http_408", "--tinker-report", "report"
    )
    result.assert_outcomes(xfailed=1)
    # SkyRL sends no queue state, so no pause is noticed there.
    result.stdout.fnmatch_lines(["*information on the dialect skyrl: *"])
    report = load_report(pytester.path / "report")
    assert report.start.dialect == "skyrl"
    assert [result.verdict.value for result in report.results] == ["failed"]
    assert "was run against the dialect skyrl" in (pytester.path / "report" / "index.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--dialect", "skyrll"), "*there is no dialect 'skyrll'; did you mean 'skyrl'?*"),
        (("--dialect", "skyrl", "--record-known-failures", "known.toml"), "*leave out --dialect, or*"),
    ],
)
def test_a_mistake_is_a_usage_error(
    pytester: pytest.Pytester, options: tuple[str, ...], expected: str
) -> None:
    result = run_pytest(pytester, *QUIET, *SUITE, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([expected])


def test_a_class_meets_the_dialect_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tinker_conformance import QueueStateConformance

        class TestMine(QueueStateConformance):
            sdk = "reference"
            profile = "tinker-0.5.1"
        """
    )
    result = run_pytest(pytester, *QUIET, "--tinker-dialect", "skyrl", "-k", "trigger_http_408")
    assert result.parseoutcomes() == {"xfailed": 1, "deselected": result.parseoutcomes()["deselected"]}
