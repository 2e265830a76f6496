"""A forked run of pytest is as good as one in a process of its own."""

from __future__ import annotations

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET

PROJECT = """
import os, sys, time
import pytest

def test_it():
    assert "left_by_another_run" not in sys.modules
    sys.modules["left_by_another_run"] = None
    os.environ["LEFT"] = "by another run"
    print("CALLED WITH", os.environ.get("GIVEN"), os.environ.get("LEFT"), os.getcwd())
    assert sys.path[0] == os.getcwd()
    raise SystemExit

def test_slow():
    if os.environ.get("GIVEN") == "time":
        time.sleep(600)
"""


def test_runs_know_nothing_of_each_other(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(PROJECT)
    for given in ("one", "two"):
        monkeypatch.setenv("GIVEN", given)
        forked = run_pytest(pytester, *QUIET, "--import-mode=importlib", "-rP")
        alone = pytester.runpytest_subprocess(*QUIET, "--import-mode=importlib", "-rP")
        assert forked.ret == alone.ret
        assert forked.parseoutcomes() == alone.parseoutcomes()
        forked.stdout.fnmatch_lines([f"CALLED WITH {given} by another run {pytester.path}"])


def test_a_run_that_does_not_end_is_ended(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(PROJECT)
    monkeypatch.setenv("GIVEN", "time")
    with pytest.raises(TimeoutError, match="did not end within"):
        run_pytest(pytester, *QUIET, "-k", "slow", timeout=0.01)
    monkeypatch.setenv("GIVEN", "none")
    assert run_pytest(pytester, *QUIET, "-k", "slow").parseoutcomes() == {"passed": 1, "deselected": 1}
