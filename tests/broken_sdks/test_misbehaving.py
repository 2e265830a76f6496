"""A silent SDK, a crash, a hang and a failed set-up each end in a verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shared_runs import SharedSession
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.library import shipped_scenarios

from .laboratory import worker_session

PROFILE = load_profile("tinker-0.5.1")


@pytest.fixture
def judge(request: pytest.FixtureRequest, reference: SharedSession) -> Iterator[Judge]:
    session = worker_session(f"python:broken_sdks.misbehaving:{request.param}")
    made = Judge(session, lambda: reference, PROFILE, shipped_scenarios())
    yield made
    made.close()


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
