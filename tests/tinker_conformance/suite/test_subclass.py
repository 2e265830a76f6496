"""The suite to subclass: it asks what the suite asks, and an override needs a reason."""

from __future__ import annotations

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance import QueueStateConformance, overrides
from tinker_conformance.error_families import UserError
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.suite.subclass import method_name


def test_there_is_a_test_for_each_requirement() -> None:
    tests = {name for name in vars(QueueStateConformance) if name.startswith("test_")}
    assert tests == {method_name(required.id) for required in REQUIREMENTS}


def test_an_override_needs_a_reason() -> None:
    def replaced(self: object) -> None:
        pass

    with pytest.raises(UserError, match=r"replaces the requirement 'debounce.boundary' without a reason"):
        type("TestMine", (QueueStateConformance,), {"test_debounce_boundary": replaced})
    with pytest.raises(UserError, match="needs a reason"):
        overrides(" ")
    with pytest.raises(UserError):
        type("TestMine", (QueueStateConformance,), {"test_debounce_boundary": None})
    made = type("TestMine", (QueueStateConformance,), {"test_debounce_boundary": overrides("why")(replaced)})
    assert made.__test__


def test_a_subclass_judges_its_sdk_and_shows_what_does_not_hold(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        loud="""
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.reference.observer import ClientObserver

class Adapter(ReferenceAdapter):
    async def open(self, context):
        ClientObserver._outlasted_grace = lambda self, state: setattr(self._memory, "logged_at", 0.0) or True
        await super().open(context)
""",
        test_mine="""
from tinker_conformance import QueueStateConformance, overrides

class TestReference(QueueStateConformance):
    sdk = "reference"
    profile = "tinker-0.5.1"

class TestLoud(QueueStateConformance):
    sdk = "python:loud:Adapter"
    profile = "tinker-0.5.1"

    @overrides("we log at once, on purpose")
    def test_debounce_boundary(self):
        pass
""",
    )
    result = run_pytest(pytester, *QUIET, "-k", "parsing or debounce or grace", timeout=300)
    text = result.stdout.str()
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 10
    assert outcomes["skipped"] > 0  # what is no requirement of the profile
    assert outcomes["failed"] > 0
    assert "FAILED test_mine.py::TestReference" not in text
    assert "FAILED test_mine.py::TestLoud::test_debounce_" in text
    assert "TestLoud::test_debounce_boundary" not in text
    assert "what the SDK did" in text
    assert "rerun:" in text


def test_the_error_for_a_class_without_an_sdk_says_what_to_write(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from tinker_conformance import QueueStateConformance\nclass TestMine(QueueStateConformance): pass"
    )
    result = run_pytest(pytester, *QUIET, "-k", "parsing", "-x", timeout=120)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*names no SDK; write sdk = *"])
