"""What pytest prints as the name of a test of the suite can be given back to it."""

from __future__ import annotations

import pytest

from tests.support.forked_pytest import run_pytest


@pytest.mark.parametrize("module", ["tinker_conformance.suite", "tinker_conformance.suite.test_reasons"])
def test_a_printed_name_can_be_given_back(pytester: pytest.Pytester, module: str) -> None:
    options = ("--sdk", "reference", "-p", "no:randomly", "-p", "no:cacheprovider")
    collected = run_pytest(pytester, "--pyargs", module, *options, "--collect-only", "-q").outlines
    (printed,) = (line for line in collected if line.endswith("::reasons.sampling"))
    judged = run_pytest(pytester, "--pyargs", printed, *options, "-v").outlines
    assert [line.split()[0] for line in judged if "PASSED" in line] == [printed]
