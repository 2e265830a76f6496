"""Each broken SDK fails exactly what it declares; a crash, a hang or a failed set-up is a verdict too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.library import shipped_scenarios
from tinker_conformance.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS, Level, requirement
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.sdk.worker_session import WorkerSession

HERE = Path(__file__).parent
PROFILE = load_profile("tinker-0.5.1")
BREAKS = {
    # Wherever a scenario asks at 59 s, 59.5 s or 59.999 s.
    "LogsAt59Seconds": {
        "debounce.within_a_minute",
        "debounce.fraction",
        "debounce.begins_at_the_line",
        "debounce.active",
        "debounce.training",
    },
    # Wherever a scenario asks at 60 s to the millisecond; the public function shares the comparison.
    "MissesTheBoundary": {
        "debounce.boundary",
        "debounce.begins_at_the_line",
        "debounce.across_futures",
        "debounce.active",
        "debounce.training",
        "functions.should_log",
    },
    "SaysOnHold": {"messages.sampling_verb", "messages.sampling_text", "functions.log_state_change"},
    "LogsAtInfo": {"messages.sampling_level", "functions.log_state_change"},
    "LowercasesTheState": {
        "parsing.case_sensitive",
        "parsing.spaces_count",
        "functions.parse_queue_state",
    },
    "ForgetsTheObserverInOptimStep": {"wiring.optim_step"},
    "SharesOneDebounce": {"debounce.separate_clients"},
}
"""By the name of the SDK, the contract requirements that it must fail, and no other."""


def _session(name: str) -> WorkerSession:
    spec = f"python:adapters:{name}"
    command = [sys.executable, "-m", "tinker_conformance.sdk.worker", spec]
    return WorkerSession(spec, command, environment={**os.environ, "PYTHONPATH": str(HERE)})


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    made = Judge(_session(request.param), lambda: open_sdk("reference"), PROFILE, shipped_scenarios())
    yield made
    made.close()


@pytest.mark.parametrize(("judge", "broken"), BREAKS.items(), indirect=["judge"], ids=BREAKS)
def test_a_broken_sdk_fails_exactly_what_it_breaks(judge: Judge, broken: set[str]) -> None:
    asked = [r for r in REQUIREMENTS if r.holds(PROFILE) and r.level is Level.CONTRACT]
    failed = {r.id for r in asked if judge.judge(r).verdict is not Verdict.PASSED}
    assert failed == broken


@pytest.mark.parametrize("judge", ["IsSilent"], indirect=True)
def test_a_silent_sdk_is_not_testable_where_the_clock_moves(judge: Judge) -> None:
    assert judge.judge(requirement("clock.moves")).verdict is Verdict.FAILED
    assert judge.judge(requirement("debounce.boundary")).verdict is Verdict.NOT_TESTABLE
    assert judge.judge(requirement("debounce.first_pause_logs")).verdict is Verdict.FAILED


@pytest.mark.parametrize("judge", ["Crashes"], indirect=True)
def test_a_crash_is_a_verdict_and_the_run_goes_on(judge: Judge) -> None:
    for identifier in ("debounce.first_pause_logs", "polling.patience"):
        judgement = judge.judge(requirement(identifier))
        assert judgement.verdict is Verdict.ADAPTER_ERROR
        assert "ended with exit code 3" in judgement.note


@pytest.mark.parametrize("judge", ["WaitsForEver"], indirect=True)
def test_an_endless_wait_is_a_failure_of_the_sdk(judge: Judge) -> None:
    judgement = judge.judge(requirement("debounce.first_pause_logs"))
    assert judgement.verdict is Verdict.FAILED
    assert any("waits without a timer" in mismatch.got for mismatch in judgement.mismatches)


@pytest.mark.parametrize("judge", ["FailsToOpen"], indirect=True)
def test_a_failed_set_up_is_an_adapter_error(judge: Judge) -> None:
    judgement = judge.judge(requirement("debounce.first_pause_logs"))
    assert judgement.verdict is Verdict.ADAPTER_ERROR
    assert "no network today" in judgement.note
