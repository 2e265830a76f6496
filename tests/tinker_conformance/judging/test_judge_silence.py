"""What becomes of a requirement where the SDK is silent in an operation, and of one with alternatives."""

from __future__ import annotations

from contextlib import AbstractContextManager

import msgspec
import pytest

from fake_server.operations import Operation
from tests.tinker_conformance.checks.small_timelines import end, line, notified, poll
from tests.tinker_conformance.judging.sessions import ReportsPauses, Scripted, broken, judging
from tinker_conformance.checks.projections import Projection, notified_states, poll_counts, same
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import Requirement, requirement
from tinker_conformance.scenario import Scenario, decode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import Transport
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.timeline import Timeline

PROFILE = load_profile("tinker-0.38")
SAMPLE, LOGPROBS = Operation.SAMPLE, Operation.COMPUTE_LOGPROBS
FORWARD, OPTIM = Operation.FORWARD, Operation.OPTIM_STEP
CLOCK = requirement("clock.moves")
ONCE: Timeline = (poll(), end(2.0))
TWICE: Timeline = (poll(), poll(1.0), end(2.0))


def _scenario(identifier: str, kind: str, *operations: Operation, steps: object = None) -> Scenario:
    futures = [
        {"operation": operation.value, "steps": steps or [{"complete": {}}]} for operation in operations
    ]
    return decode_scenario({"id": identifier, "client": kind, "futures": futures}, identifier)


SCENARIOS = {
    **shipped_scenarios(),
    "samples": _scenario("samples", "sampling", SAMPLE),
    "trains": _scenario("trains", "training", FORWARD, OPTIM),
    "moves": _scenario("moves", "sampling", SAMPLE, steps=[{"advance": 60}, {"timeout": {}}]),
    "slow": _scenario("slow", "sampling", SAMPLE, steps=[{"timeout": {}, "wire": {"delay": 40}}]),
}


def _requirement(
    *scenarios: str, of: Projection = notified_states, chapter: str = "debounce", alternatives: bool = False
) -> Requirement:
    return Requirement(
        f"{chapter}.small", "It notifies.", "here", scenarios, same(of), alternatives=alternatives
    )


def _judge(sdk: Scripted, reference: Scripted | None = None) -> AbstractContextManager[Judge]:
    return judging(sdk, reference or ReportsPauses(), PROFILE, SCENARIOS)


# -- silence --------------------------------------------------------------------------------------------


def test_what_a_silent_operation_hides_is_looked_at_through_another_and_asked_for_once() -> None:
    sdk = ReportsPauses(SAMPLE)
    with _judge(sdk) as judge:
        judgements = [judge.judge(_requirement("samples")) for _ in range(2)]
    for judgement in judgements:
        assert (judgement.verdict, judgement.fix_first) == (Verdict.PASSED, ())
        assert [*judgement.cases] == ["samples, through compute_logprobs"]
        assert judgement.note == (
            "the SDK reports no pause in sample (see wiring.sample); judged with compute_logprobs instead"
        )
    assert sdk.asked == [
        "samples",
        "wiring-sample",
        "wiring-compute-logprobs",
        "samples, through compute_logprobs",
    ]


def test_further_faults_are_found_through_the_other_operation() -> None:
    sdk = ReportsPauses(SAMPLE, runs={"samples, through compute_logprobs": (notified("busy"),)})
    with _judge(sdk) as judge:
        judgement = judge.judge(_requirement("samples"))
    assert judgement.verdict is Verdict.FAILED
    assert {mismatch.scenario for mismatch in judgement.mismatches} == {"samples, through compute_logprobs"}


def test_several_silent_operations_are_each_looked_at_through_another() -> None:
    sdk = ReportsPauses(FORWARD, OPTIM)
    with _judge(sdk) as judge:
        judgement = judge.judge(_requirement("trains"))
    others = "forward_backward and forward_backward"
    assert judgement.verdict is Verdict.PASSED
    assert [*judgement.cases] == [f"trains, through {others}"]
    assert judgement.note == (
        "the SDK reports no pause in forward and optim_step (see wiring.forward, wiring.optim_step); "
        f"judged with {others} instead"
    )


def test_where_no_other_operation_reports_pauses_the_fault_to_fix_first_is_named() -> None:
    with _judge(ReportsPauses(SAMPLE, LOGPROBS)) as judge:
        judgement = judge.judge(_requirement("samples"))
    assert judgement.verdict is Verdict.NOT_TESTABLE
    assert judgement.note == "the SDK reports no pause in sample; fix wiring.sample first"
    assert judgement.fix_first == ("wiring.sample",)
    assert [*judgement.cases] == ["samples"]
    assert judgement.mismatches == ()


def test_with_only_one_of_two_silent_operations_there_is_no_note() -> None:
    sdk = ReportsPauses(SAMPLE, LOGPROBS, FORWARD)
    clients = {"t": {"kind": "training", "id": "m"}, "s": {"kind": "sampling", "id": "s"}}
    futures = [
        {"client": "t", "operation": "forward", "steps": [{"complete": {}}]},
        {"client": "s", "operation": "sample", "steps": [{"complete": {}}]},
    ]
    both = decode_scenario({"id": "both", "clients": clients, "futures": futures}, "both")
    with judging(sdk, ReportsPauses(), PROFILE, {**SCENARIOS, "both": both}) as judge:
        judgement = judge.judge(_requirement("both"))
    assert judgement.verdict is Verdict.NOT_TESTABLE
    assert set(judgement.fix_first) == {"wiring.forward", "wiring.sample"}


def test_silence_is_a_failure_where_it_is_the_question() -> None:
    with _judge(ReportsPauses(SAMPLE, LOGPROBS)) as judge:
        for chapter in ("trigger", "wiring"):
            judgement = judge.judge(_requirement("samples", chapter=chapter))
            assert (judgement.verdict, judgement.note) == (Verdict.FAILED, "")


def test_a_difference_that_silence_does_not_explain_is_a_failure() -> None:
    sdk = ReportsPauses(runs={"samples": (notified("busy"),)})
    with _judge(sdk) as judge:
        judgement = judge.judge(_requirement("samples"))
    assert (judgement.verdict, judgement.note) == (Verdict.FAILED, "")
    assert sdk.asked == ["samples", "wiring-sample"]


def test_what_compares_no_pauses_is_not_looked_past() -> None:
    sdk, reference = ReportsPauses(SAMPLE, runs={"samples": TWICE}), ReportsPauses(runs={"samples": ONCE})
    with _judge(sdk, reference) as judge:
        assert judge.judge(_requirement("samples", of=poll_counts)).verdict is Verdict.FAILED
    assert sdk.asked == ["samples"]


@pytest.mark.parametrize("whose", ["sdk", "reference"])
def test_a_fault_where_silence_would_show_proves_none(whose: str) -> None:
    fault = {"wiring-sample": broken(FaultKind.CRASH)}
    sdk = ReportsPauses(SAMPLE, runs=fault if whose == "sdk" else None)
    with _judge(sdk, ReportsPauses(runs=fault if whose == "reference" else None)) as judge:
        judgement = judge.judge(_requirement("samples"))
    assert (judgement.verdict, judgement.note) == (Verdict.FAILED, "")


def test_where_no_scenario_would_show_it_silence_is_not_assumed() -> None:
    fewer = {name: scenario for name, scenario in SCENARIOS.items() if name != "wiring-sample"}
    with judging(ReportsPauses(SAMPLE), ReportsPauses(), PROFILE, fewer) as judge:
        assert judge.judge(_requirement("samples")).verdict is Verdict.FAILED


def test_where_the_sdk_cannot_live_what_would_show_it_silence_is_not_assumed() -> None:
    sdk = ReportsPauses(SAMPLE)
    sdk.info = msgspec.structs.replace(sdk.info, transport=Transport.SOCKET)
    other = {**SCENARIOS, "wiring-sample": SCENARIOS["slow"]}
    with judging(sdk, ReportsPauses(), PROFILE, other) as judge:
        assert judge.judge(_requirement("samples")).verdict is Verdict.FAILED
    assert sdk.asked == ["samples"]


# -- alternatives ---------------------------------------------------------------------------------------


def _alternatives(
    *scenarios: str, sdk: Scripted, reference: Scripted | None = None
) -> tuple[Verdict, list[str], str]:
    with _judge(sdk, reference) as judge:
        judgement = judge.judge(_requirement(*scenarios, alternatives=True))
    return judgement.verdict, [*judgement.cases], judgement.note


def test_the_first_alternative_that_holds_is_enough() -> None:
    sdk = ReportsPauses(runs={"trains": (notified("busy"),)})
    assert _alternatives("samples", "trains", sdk=sdk) == (Verdict.PASSED, ["samples"], "")
    assert sdk.asked == ["samples"]
    assert _alternatives("trains", "samples", sdk=sdk) == (Verdict.PASSED, ["samples"], "")


def test_where_no_alternative_holds_the_first_mismatches_are_shown_with_every_case() -> None:
    sdk = ReportsPauses(runs={"trains": (notified("busy"),), "samples": (notified("late"),)})
    with _judge(sdk) as judge:
        judgement = judge.judge(_requirement("trains", "samples", alternatives=True))
    assert (judgement.verdict, [*judgement.cases]) == (Verdict.FAILED, ["trains", "samples"])
    assert {mismatch.scenario for mismatch in judgement.mismatches} == {"trains"}


def test_an_alternative_that_is_not_claimed_does_not_count() -> None:
    sdk = ReportsPauses(runs={"samples": (notified("late"),)})
    sdk.info = msgspec.structs.replace(sdk.info, operations=frozenset({SAMPLE}))
    assert _alternatives("trains", "samples", sdk=sdk)[:2] == (Verdict.FAILED, ["samples"])
    sdk.info = msgspec.structs.replace(sdk.info, operations=frozenset({LOGPROBS}))
    verdict, cases, note = _alternatives("trains", "samples", sdk=sdk)
    assert (verdict, cases) == (Verdict.NOT_CLAIMED, [])
    assert "forward" in note
    assert "sample" not in note


# -- what its clock and wire can show -------------------------------------------------------------------


def test_where_seconds_on_the_wire_would_be_real_nothing_is_asked() -> None:
    sdk = ReportsPauses()
    sdk.info = msgspec.structs.replace(sdk.info, transport=Transport.SOCKET)
    with _judge(sdk) as judge:
        judgement = judge.judge(_requirement("slow"))
        assert judge.both(SCENARIOS["slow"]) is None
    assert judgement.verdict is Verdict.NOT_CLAIMED
    assert judgement.note.startswith(
        "scenario slow delays bytes on the wire, which takes real time on a socket"
    )
    assert sdk.asked == []


def test_an_sdk_that_says_nothing_where_its_clock_moves_is_judged_where_silence_is_the_question() -> None:
    silent = dict.fromkeys(CLOCK.scenarios, ())
    warns = (line("Sampling is paused for sampler sampler-1. Reason: out of capacity", 1200.0),)
    speaks = dict.fromkeys(CLOCK.scenarios, warns)
    for chapter, verdict in (("trigger", Verdict.PASSED), ("callback", Verdict.NOT_TESTABLE)):
        with _judge(ReportsPauses(runs=silent), ReportsPauses(runs=speaks)) as judge:
            assert judge.judge(_requirement("moves", chapter=chapter)).verdict is verdict
