"""An SDK that is silent in one operation fails for that operation only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shared_runs import SharedSession
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.library import shipped_scenarios

from .laboratory import worker_session
from .registry import BROKEN_SDKS
from .switch import OneOfThem


@pytest.fixture(scope="module")
def worker() -> Iterator[OneOfThem]:
    session = worker_session("python:broken_sdks.switch:Switch")
    yield session  # type: ignore[misc]
    session.close()


def judged(worker: OneOfThem, reference: SharedSession, name: str, *identifiers: str) -> list[Judgement]:
    profile = load_profile(BROKEN_SDKS[name].under)
    judge = Judge(OneOfThem(worker, name), lambda: reference, profile, shipped_scenarios())
    try:
        return [judge.judge(requirement(identifier)) for identifier in identifiers]
    finally:
        judge.close()


def test_what_a_silent_operation_hides_is_looked_at_through_another(
    worker: OneOfThem, reference: SharedSession
) -> None:
    wiring, clock, minute, states, headers = judged(
        worker,
        reference,
        "does_not_observe_sample",
        "wiring.sample",
        "clock.moves",
        "debounce.boundary",
        "callback.states",
        "polling.request_type_sample",
    )
    assert wiring.verdict is Verdict.FAILED
    assert [each.verdict for each in (clock, minute, states, headers)] == [Verdict.PASSED] * 4
    assert [*clock.cases] == ["debounce-clock-moves-logprobs"]
    assert [*minute.cases] == [
        "debounce-boundary, through compute_logprobs",
        "debounce-window-training",
    ]
    assert "silent" not in minute.note
    assert minute.note == (
        "the SDK reports no pause in sample (see wiring.sample); judged with compute_logprobs instead"
    )
    assert headers.note == ""


def test_a_fault_beside_the_silence_is_found_through_the_other_operation(
    worker: OneOfThem, reference: SharedSession
) -> None:
    text, across = judged(
        worker,
        reference,
        "does_not_observe_samples_and_logs_every_pause",
        "messages.sampling_text",
        "debounce.across_states",
    )
    assert text.verdict is Verdict.PASSED
    assert across.verdict is Verdict.FAILED
    assert {mismatch.scenario for mismatch in across.mismatches} == {
        "debounce-across-states, through compute_logprobs",
        "debounce-active-training",
    }


def test_where_there_is_no_other_operation_the_fault_to_fix_first_is_named(
    worker: OneOfThem, reference: SharedSession
) -> None:
    text, wiring = judged(
        worker,
        reference,
        "does_not_observe_create_model",
        "messages.model_creation_text",
        "wiring.create_model",
    )
    assert wiring.verdict is Verdict.FAILED
    assert text.verdict is Verdict.NOT_TESTABLE
    assert text.fix_first == ("wiring.create_model",)
    assert text.note == "the SDK reports no pause in create_model; fix wiring.create_model first"


def test_an_sdk_that_is_silent_altogether_fails_where_silence_is_the_question(
    worker: OneOfThem, reference: SharedSession
) -> None:
    clock, wiring, raising, boundary, headers = judged(
        worker,
        reference,
        "ignores_408_under_a_profile_without_try_again",
        "clock.moves",
        "wiring.sample",
        "callback.error_is_swallowed",
        "debounce.boundary",
        "polling.request_type_forward",
    )
    assert [clock.verdict, wiring.verdict] == [Verdict.FAILED] * 2
    assert raising.fix_first == ("wiring.sample", "wiring.forward_backward")
    assert boundary.note == (
        "the SDK reported no pause, so the kit cannot tell whether it sees the test clock; "
        "fix clock.moves first"
    )
    assert headers.verdict is Verdict.PASSED


def test_an_sdk_whose_clock_stands_is_not_called_silent(worker: OneOfThem, reference: SharedSession) -> None:
    (boundary,) = judged(worker, reference, "logs_only_once", "debounce.boundary")
    assert boundary.verdict is Verdict.NOT_TESTABLE
    assert boundary.note == "the SDK does not see the test clock move; fix clock.moves first"
