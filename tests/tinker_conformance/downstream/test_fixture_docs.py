"""The tests that the pages show pass, and every fixture is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance import fixtures
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.suite.subclass import method_name

DOCS = Path(__file__).parents[3] / "docs"
NEEDS_TINKER = {"how-to/simulate-a-training-run.md"}
"""Run with the official SDK by tests/fake_server/service/test_service_page.py."""
PAGES = {
    page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8")
    for page in sorted(DOCS.glob("**/*.md"))
}
SNIPPETS = [
    snippet
    for name, text in PAGES.items()
    if name not in NEEDS_TINKER
    for snippet in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    if "def test_" in snippet and "import tinker\n" not in snippet
]


@pytest.mark.slow
def test_the_tests_on_the_pages_pass(pytester: pytest.Pytester) -> None:
    assert len(SNIPPETS) > 5
    for number, snippet in enumerate(SNIPPETS):
        pytester.makepyfile(**{f"test_snippet_{number}": snippet})
    options = ["-k", "not TestMySdk or parsing or debounce_clock_stepping_back"]
    result = run_pytest(pytester, *QUIET, "-W", "error", *options, timeout=200)
    outcomes = result.parseoutcomes()
    assert "failed" not in outcomes
    assert "errors" not in outcomes
    assert outcomes["passed"] > len(SNIPPETS)


def test_every_fixture_is_described() -> None:
    described = PAGES["reference/fixtures.md"]
    assert {name for name in fixtures.__all__ if f"`{name}`" not in described} == set()


def test_the_overridden_requirement_exists() -> None:
    shown = re.findall(r"def (test_[a-z_]+)\(self\)", PAGES["how-to/subclass-the-suite.md"])
    assert shown
    assert set(shown) <= {method_name(required.id) for required in REQUIREMENTS}
