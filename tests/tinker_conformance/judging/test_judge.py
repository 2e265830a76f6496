"""What becomes of a requirement: each verdict, and what was run to reach it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.tinker_conformance.checks.small_timelines import end, line, poll, says
from tests.tinker_conformance.judging.sessions import Scripted, broken, judging
from tinker_conformance.checks.projections import line_times, poll_counts, same
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import SdkError
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.judging.side_by_side import Shortcuts
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import Requirement, requirement
from tinker_conformance.scenario import Scenario, decode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import Capability, Transport
from tinker_conformance.sdk.session import FaultKind, Run
from tinker_conformance.sdk.stored_runs import StoredRuns
from tinker_conformance.timeline import ClockCause, ClockStep, Timeline

PROFILE = load_profile("tinker-0.38")
_NO_PAUSE_REPORTED = "reported no pause, so the kit cannot tell whether it sees the test clock"
CLOCK = requirement("clock.moves")
CLOCK_SCENARIO = CLOCK.scenarios[0]
ONCE: Timeline = (poll(), end(2.0))
TWICE: Timeline = (poll(), poll(1.0), end(2.0))
NAPS: Timeline = (poll(), ClockStep(at=1.0, wall=1.0, monotonic=1.0, cause=ClockCause.SLEEP), poll(1.0))
STEPS: Timeline = (poll(), ClockStep(at=1.0, wall=1.0, monotonic=1.0, cause=ClockCause.SCRIPT), poll(1.0))


def _scenario(identifier: str, *steps: object) -> Scenario:
    entry = {"id": identifier, "client": "training", "futures": [[*steps, {"complete": {}}]]}
    return decode_scenario(entry, identifier)


SCENARIOS = {
    **shipped_scenarios(),
    "one": _scenario("one"),
    "two": _scenario("two"),
    "last": _scenario("last"),
    "slow": _scenario("slow", {"timeout": {}, "wire": {"delay": 40}}),
    "moves": _scenario("moves", {"advance": 60}, {"timeout": {}}),
    "set-up": decode_scenario(
        {
            "id": "set-up",
            "client": "training",
            "setup": {"create_session": [{"status": 503}]},
            "futures": [[{"complete": {}}]],
        },
        "set-up",
    ),
    "apart": _scenario("apart", {"advance": {"wall": 60, "monotonic": 0}}, {"timeout": {}}),
}


def _requirement(
    *scenarios: str, needs: frozenset[Capability] = frozenset(), identifier: str = "small.polls"
) -> Requirement:
    return Requirement(identifier, "It polls.", "here", scenarios, same(poll_counts), needs=needs)


def _judge(sdk: Scripted, reference: Scripted) -> AbstractContextManager[Judge]:
    return judging(sdk, reference, PROFILE, SCENARIOS)


# -- passed and failed ----------------------------------------------------------------------------------


def test_a_requirement_passes_that_holds_in_each_of_its_scenarios() -> None:
    scripted: dict[str, Run | Timeline] = {"one": ONCE, "two": TWICE}
    with _judge(Scripted(scripted), Scripted(scripted)) as judge:
        judgement = judge.judge(_requirement("one", "two"))
    assert (judgement.verdict, judgement.mismatches, judgement.note) == (Verdict.PASSED, (), "")
    assert {name: case.observed for name, case in judgement.cases.items()} == scripted


def test_a_requirement_fails_with_every_mismatch_of_every_scenario() -> None:
    with _judge(Scripted({"one": ONCE, "two": TWICE}), Scripted({"one": TWICE, "two": ONCE})) as judge:
        judgement = judge.judge(_requirement("one", "two"))
    assert judgement.verdict is Verdict.FAILED
    assert [(m.scenario, m.wanted, m.got) for m in judgement.mismatches] == [
        ("one", "2 polls of future 1", "1 poll of future 1"),
        ("two", "1 poll of future 1", "2 polls of future 1"),
    ]
    assert [says(poll_counts, case) for case in judgement.cases.values()] == [
        ["1 poll of future 1"],
        ["2 polls of future 1"],
    ]


def test_an_sdk_that_does_not_survive_a_refused_set_up_fails() -> None:
    runs = {"one": broken(FaultKind.SET_UP), "set-up": broken(FaultKind.SET_UP)}
    with _judge(Scripted(runs), Scripted({"one": ONCE, "set-up": ONCE})) as judge:
        assert judge.judge(_requirement("one")).verdict is Verdict.ADAPTER_ERROR
        judgement = judge.judge(_requirement("set-up"))
    assert judgement.verdict is Verdict.FAILED
    assert judgement.mismatches[0].got == "a failed set-up: it broke"


def test_a_scenario_runs_once_however_many_requirements_ask_for_it() -> None:
    sdk, reference = Scripted({"one": ONCE}), Scripted({"one": ONCE})
    with _judge(sdk, reference) as judge:
        for _ in range(2):
            judge.judge(_requirement("one"))
    assert (sdk.asked, reference.asked) == (["one"], ["one"])


def test_the_sdk_and_the_reference_are_closed_in_the_end() -> None:
    sdk, reference = Scripted({}), Scripted({})
    with _judge(sdk, reference) as judge:
        judge.judge(_requirement("one"))
    assert (sdk.closed, reference.closed) == (1, 1)


def test_a_reference_that_nothing_asks_for_is_not_started() -> None:
    sdk, reference = Scripted({}, trains=False), Scripted({})
    with _judge(sdk, reference) as judge:
        judge.judge(_requirement("one", needs=frozenset({Capability.TELEMETRY})))
    assert (sdk.closed, reference.closed) == (1, 0)


def test_a_reference_that_cannot_start_is_an_error_for_every_caller_and_the_sdk_is_closed() -> None:
    def start() -> Scripted:
        message = "no reference"
        raise RuntimeError(message)

    sdk = Scripted({"one": ONCE})
    judge = Judge(sdk, start, PROFILE, SCENARIOS)
    with pytest.raises(RuntimeError, match="no reference"):
        judge.judge(_requirement("one"))
    judge.close()
    assert sdk.closed == 1


# -- not claimed ----------------------------------------------------------------------------------------


def test_what_the_sdk_does_not_claim_is_not_run() -> None:
    sdk, reference = Scripted({}, trains=False), Scripted({})
    with _judge(sdk, reference) as judge:
        judgement = judge.judge(_requirement("one", needs=frozenset({Capability.TELEMETRY})))
        assert judge.both(SCENARIOS["one"]) is None
    assert judgement.verdict is Verdict.NOT_CLAIMED
    assert judgement.note == "the SDK does not claim telemetry, training"
    assert (sdk.asked, reference.asked) == ([], [])


def test_what_its_clock_cannot_show_is_not_run() -> None:
    sdk = Scripted({}, clock=SdkClock.WALL)
    with _judge(sdk, Scripted({})) as judge:
        judgement = judge.judge(_requirement("apart"))
        assert judge.both(SCENARIOS["apart"]) is None
    assert judgement.verdict is Verdict.NOT_CLAIMED
    assert judgement.note == (
        "the SDK's clock, wall, cannot run this scenario: "
        "it moves the wall clock and the monotonic clock by different amounts; "
        "let the adapter offer the clock 'file' to have it judged"
    )
    assert sdk.asked == []


@pytest.mark.parametrize(
    ("clock", "scenario", "asked"),
    [
        (SdkClock.LIBFAKETIME, "times-after-2038-training", False),
        (SdkClock.LIBFAKETIME, "times-every-quarter-hour-training", False),
        (SdkClock.LIBFAKETIME, "debounce-window-training", True),
        (SdkClock.FILE, "times-after-2038-training", True),
        (SdkClock.FROZEN, "times-after-2038-training", True),
    ],
)
def test_a_clock_that_keeps_the_present_date_shows_nothing_of_another_one(
    clock: SdkClock, scenario: str, asked: bool
) -> None:
    sdk = Scripted({}, clock=clock)
    with _judge(sdk, Scripted({})) as judge:
        judgement = judge.judge(_requirement(scenario))
    assert (judgement.verdict is not Verdict.NOT_CLAIMED) is asked
    if not asked:
        assert (
            "it starts at a date of its own, which this clock cannot set; let the adapter offer the clock"
            in judgement.note
        )


@pytest.mark.parametrize(
    ("clock", "also", "lives", "judged"),
    [
        (SdkClock.FILE, frozenset(), NAPS, False),
        (SdkClock.FILE, frozenset(), STEPS, True),
        (SdkClock.FILE, frozenset(), ONCE, True),
        (SdkClock.FILE, frozenset({Capability.VIRTUAL_SLEEP}), NAPS, True),
        (SdkClock.FROZEN, frozenset(), NAPS, True),
    ],
)
def test_where_nobody_could_end_a_sleep_no_scenario_is_run_in_which_the_reference_sleeps(
    clock: SdkClock, also: frozenset[Capability], lives: Timeline, judged: bool
) -> None:
    sdk, reference = Scripted({"one": lives}, clock=clock, also=also), Scripted({"one": lives})
    with _judge(sdk, reference) as judge:
        judgement = judge.judge(_requirement("one"))
        both = judge.both(SCENARIOS["one"])
    assert judgement.verdict is (Verdict.PASSED if judged else Verdict.NOT_CLAIMED)
    assert both == ((Run(lives), Run(lives)) if judged else None)
    assert sdk.asked == (["one"] if judged else [])
    if not judged:
        assert judgement.note == "scenario one sleeps, and the SDK does not claim virtual_sleep"
        assert reference.asked == ["one"]


def test_the_reference_does_not_wait_for_telemetry_where_nobody_could_end_that() -> None:
    for clock, waits in ((SdkClock.FILE, False), (SdkClock.FROZEN, True)):
        sdk, reference = Scripted({"one": ONCE}, clock=clock), Scripted({"one": ONCE})
        with _judge(sdk, reference) as judge:
            judge.judge(_requirement("one"))
        assert sdk.profiles == [PROFILE]
        assert bool(reference.profiles[0].polling.failure_drain_seconds) is waits


# -- not testable ---------------------------------------------------------------------------------------


def _moving(at_its_clock: Timeline, *, clock: SdkClock = SdkClock.FROZEN) -> tuple[Scripted, Scripted]:
    """An SDK that polls as it should, and what it does where its clock must move."""
    reference = Scripted({"one": ONCE, "moves": ONCE, **dict.fromkeys(CLOCK.scenarios, _warns(1200.0))})
    runs = {**reference.runs, **dict.fromkeys(CLOCK.scenarios, at_its_clock)}
    return Scripted(runs, clock=clock, also=frozenset(Capability)), reference


def _warns(at: float) -> Timeline:
    return (line("Sampling is paused for sampler sampler-1. Reason: out of capacity", at),)


@pytest.mark.parametrize(
    ("at_its_clock", "note"),
    [
        (_warns(0.0), "the SDK does not see the test clock move; fix clock.moves first"),
        (
            (),
            f"the SDK {_NO_PAUSE_REPORTED}; fix clock.moves first",
        ),
    ],
    ids=["still", "silent"],
)
def test_where_the_clock_does_not_move_scenarios_that_move_it_are_not_testable(
    at_its_clock: Timeline, note: str
) -> None:
    sdk, reference = _moving(at_its_clock)
    with _judge(sdk, reference) as judge:
        moves = [
            judge.judge(_requirement("moves", identifier=identifier))
            for identifier in ("small.polls", "callback.polls")
        ]
        still = judge.judge(_requirement("one"))
        clock = judge.judge(CLOCK)
    assert [(judgement.verdict, judgement.note) for judgement in moves] == [(Verdict.NOT_TESTABLE, note)] * 2
    assert (still.verdict, clock.verdict) == (Verdict.PASSED, Verdict.FAILED)
    assert sdk.asked == [*CLOCK.scenarios, "one"]


def test_where_the_clock_is_seen_to_move_scenarios_that_move_it_are_judged() -> None:
    sdk, reference = _moving(_warns(1200.0))
    with _judge(sdk, reference) as judge:
        assert [judge.judge(_requirement("moves")).verdict for _ in range(2)] == [Verdict.PASSED] * 2
    assert sdk.asked == [CLOCK_SCENARIO, "moves"]


def test_a_real_clock_needs_no_proof() -> None:
    sdk, reference = _moving((), clock=SdkClock.WALL)
    with _judge(sdk, reference) as judge:
        assert judge.judge(_requirement("moves")).verdict is Verdict.PASSED
    assert sdk.asked == ["moves"]


# -- faults ---------------------------------------------------------------------------------------------


def test_a_fault_of_the_reference_is_the_kits() -> None:
    with _judge(Scripted({"one": ONCE}), Scripted({"one": broken(FaultKind.CRASH)})) as judge:
        judgement = judge.judge(_requirement("one"))
    assert judgement.verdict is Verdict.KIT_ERROR
    assert judgement.note == "the reference failed in scenario one: it broke"


def test_a_fault_of_the_adapter_is_no_verdict_on_the_sdk() -> None:
    sdk = Scripted({"one": ONCE, "two": broken(FaultKind.CRASH, poll())})
    with _judge(sdk, Scripted({"one": ONCE, "two": ONCE})) as judge:
        judgement = judge.judge(_requirement("one", "two"))
    assert (judgement.verdict, judgement.mismatches) == (Verdict.ADAPTER_ERROR, ())
    assert judgement.note == "scenario two: it broke"
    assert list(judgement.cases) == ["one", "two"]


@pytest.mark.parametrize(
    ("events", "at"), [((poll(), poll(1.0), poll(7.0)), 7.0), ((poll(3.0),), 3.0), ((), 0.0)]
)
def test_an_sdk_that_never_ends_fails_at_its_last_event_beside_what_else_is_wrong(
    events: Timeline, at: float
) -> None:
    with _judge(Scripted({"one": broken(FaultKind.STUCK, *events)}), Scripted({"one": TWICE})) as judge:
        judgement = judge.judge(_requirement("one"))
    assert judgement.verdict is Verdict.FAILED
    stuck, other = judgement.mismatches
    assert str(stuck) == f"at {at:.3f} s: wanted the scenario to finish, got no end: it broke"
    assert (stuck.scenario, stuck.event, other.wanted) == ("one", None, "2 polls of future 1")


def test_an_adapter_that_broke_too_often_is_not_asked_on() -> None:
    with (
        _judge(Scripted({"one": broken(FaultKind.GIVEN_UP)}), Scripted({"one": ONCE})) as judge,
        pytest.raises(SdkError, match="it broke"),
    ):
        judge.judge(_requirement("one"))


# -- looking ahead --------------------------------------------------------------------------------------


def _asked_ahead(
    sdk: Scripted,
    reference: Scripted,
    then: Requirement,
    *,
    proved: bool = True,
    first: str = "one",
) -> list[str]:
    """What is run of a requirement, of the one behind it and of a third one that is asked instead."""
    with _judge(sdk, reference) as judge:
        if proved:
            judge.judge(_requirement("moves"))
        sdk.asked.clear()
        judge.judge(_requirement(first), [then])
        judge.judge(_requirement("last"))
    return sdk.asked


def test_the_scenarios_of_the_next_requirement_begin_while_one_is_judged() -> None:
    sdk, reference = _moving(_warns(1200.0))
    assert _asked_ahead(sdk, reference, _requirement("two", "one")) == ["one", "two", "last"]
    assert reference.asked[-3:] == ["one", "two", "last"]


def test_a_run_that_was_begun_ahead_is_the_one_that_is_judged() -> None:
    sdk, reference = _moving(_warns(1200.0))
    sdk.runs = {**sdk.runs, "two": TWICE}
    with _judge(sdk, reference) as judge:
        judge.judge(_requirement("moves"))
        judge.judge(_requirement("one"), [_requirement("two")])
        assert judge.judge(_requirement("two")).verdict is Verdict.FAILED
    assert sdk.asked.count("two") == 1


@pytest.mark.parametrize("why", ["clock not proved", "clock stands", "fault", "another clock"])
def test_nothing_begins_early_that_might_never_be_run(why: str) -> None:
    sdk, reference = _moving(
        _warns(0.0 if why == "clock stands" else 1200.0),
        clock=SdkClock.FILE if why == "another clock" else SdkClock.FROZEN,
    )
    if why == "fault":
        sdk.runs = {**sdk.runs, "moves": broken(FaultKind.CRASH)}
    asked = _asked_ahead(sdk, reference, _requirement("two"), proved=why != "clock not proved")
    assert asked == ["one", "last"]


def test_nothing_begins_early_that_is_tried_in_turn_or_not_claimed() -> None:
    tried_in_turn = replace(_requirement("two"), alternatives=True)
    not_claimed = _requirement("two", needs=frozenset({Capability.CALLBACKS}))
    on_a_wire = _requirement("slow")
    for then in (tried_in_turn, not_claimed, on_a_wire):
        sdk, reference = _moving(_warns(1200.0))
        lacks = sdk.info.capabilities - {Capability.CALLBACKS}
        sdk.info = msgspec.structs.replace(sdk.info, transport=Transport.SOCKET, capabilities=lacks)
        assert _asked_ahead(sdk, reference, then) == ["one", "last"]


def test_a_failure_is_never_held_against_a_kept_run(tmp_path: Path) -> None:
    stored = Shortcuts(stored=lambda profile: StoredRuns(profile, tmp_path, SCENARIOS))
    for expected, verdict in ((TWICE, Verdict.FAILED), (ONCE, Verdict.PASSED)):
        # The second time the run that was kept says that it polls twice.
        reference = Scripted({"two": expected})
        judge = Judge(Scripted({"two": ONCE}), lambda kept=reference: kept, PROFILE, SCENARIOS, stored)
        judgement = judge.judge(_requirement("two"))
        judge.close()
        assert judgement.verdict is verdict
        assert judgement.cases["two"].expected == expected
        assert reference.asked == ["two"]


def test_a_reference_that_fails_where_a_run_was_kept_is_the_kits_failure(tmp_path: Path) -> None:
    stored = Shortcuts(stored=lambda profile: StoredRuns(profile, tmp_path, SCENARIOS))
    for expected, verdict in ((Run(TWICE), Verdict.FAILED), (broken(FaultKind.CRASH), Verdict.KIT_ERROR)):
        reference = Scripted({"two": expected})
        judge = Judge(Scripted({"two": ONCE}), lambda kept=reference: kept, PROFILE, SCENARIOS, stored)
        judgement = judge.judge(_requirement("two"))
        judge.close()
        assert judgement.verdict is verdict


def test_a_script_is_held_against_what_the_reference_plays_now(tmp_path: Path) -> None:
    stored = Shortcuts(stored=lambda profile: StoredRuns(profile, tmp_path, SCENARIOS))
    for expected in (TWICE, ONCE):
        reference = Scripted({"two": expected})
        judge = Judge(Scripted({"two": ONCE}), lambda kept=reference: kept, PROFILE, SCENARIOS, stored)
        assert judge.both(SCENARIOS["two"]) == (Run(expected), Run(ONCE))
        judge.close()


@pytest.mark.parametrize("leaks", [True, False])
def test_what_begins_ahead_is_no_pair_and_nothing_begins_after_a_leak(leaks: bool) -> None:
    isolation = requirement("isolation.sessions")
    pair = replace(_requirement("one", "two"), twice=True)
    logged: Timeline = (line("Training is paused for model-1. Reason: out of capacity"), end(2.0))
    sdk, reference = _moving(_warns(1200.0))
    reference.runs = {**sdk.runs, **dict.fromkeys(isolation.scenarios, logged)}
    sdk.runs = {**reference.runs, isolation.scenarios[3]: ONCE if leaks else logged}
    with _judge(sdk, reference) as judge:
        judge.judge(isolation)
        judge.judge(_requirement("moves"))
        sdk.asked.clear()
        judge.judge(_requirement("last"), [pair, _requirement("slow")])
        judge.judge(pair)
    assert sdk.asked == (["last", "one", "two"] if leaks else ["last", "slow", "one", "two"])


# -- one session after another --------------------------------------------------------------------------


def test_what_differs_in_a_second_equal_session_alone_is_a_leak() -> None:
    twice = replace(_requirement("one", "two"), twice=True)
    reference = {"one": ONCE, "two": ONCE}
    for runs, verdict in (
        ({"one": ONCE, "two": TWICE}, Verdict.FAILED),
        ({"one": TWICE, "two": TWICE}, Verdict.PASSED),
        ({"one": TWICE, "two": ONCE}, Verdict.PASSED),
    ):
        with _judge(Scripted(runs), Scripted(reference)) as judge:
            judgement = judge.judge(twice)
        assert judgement.verdict is verdict
        assert {mismatch.scenario for mismatch in judgement.mismatches} <= {"two"}


def test_after_a_leak_a_pause_that_is_missing_cannot_be_judged() -> None:
    isolation = requirement("isolation.sessions")
    pauses = Requirement("small.lines", "It logs.", "here", ("last",), same(line_times))
    logged: Timeline = (line("Training is paused for model-1. Reason: out of capacity"), end(2.0))
    reference = {**dict.fromkeys(isolation.scenarios, logged), "last": logged}
    second = isolation.scenarios[3]
    with _judge(Scripted({**reference, second: ONCE, "last": ONCE}), Scripted(reference)) as judge:
        assert judge.judge(isolation).verdict is Verdict.FAILED
        judgement = judge.judge(pauses)
    assert (judgement.verdict, judgement.fix_first) == (Verdict.NOT_TESTABLE, ("isolation.sessions",))
    with _judge(Scripted({**reference, "last": ONCE}), Scripted(reference)) as judge:
        assert judge.judge(isolation).verdict is Verdict.PASSED
        assert judge.judge(pauses).verdict is Verdict.FAILED
