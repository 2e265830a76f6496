"""What docs/reference/fixtures.md shows runs, and it names every fixture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance import fixtures
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.suite.subclass import method_name

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "fixtures.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_snippets_pass(pytester: pytest.Pytester) -> None:
    for number, snippet in enumerate(SNIPPETS):
        pytester.makepyfile(**{f"test_snippet_{number}": snippet})
    options = ["-k", "not TestMySdk or parsing or debounce_clock_stepping_back"]
    result = pytester.runpytest_subprocess(*QUIET, "-W", "error", *options, timeout=200)
    outcomes = result.parseoutcomes()
    assert "failed" not in outcomes
    assert "errors" not in outcomes
    assert outcomes["passed"] > len(SNIPPETS)


def test_every_fixture_is_described() -> None:
    assert {name for name in fixtures.__all__ if f"`{name}`" not in PAGE} == set()


def test_the_overridden_requirement_exists() -> None:
    shown = re.findall(r"def (test_[a-z_]+)\(self\)", PAGE)
    assert set(shown) <= {method_name(required.id) for required in REQUIREMENTS}
