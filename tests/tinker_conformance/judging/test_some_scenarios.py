"""Of several scenarios some cannot be put to the SDK: the others are, and the note says so."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from test_judge import NAPS, ONCE, PROFILE, SCENARIOS, TWICE

from tests.tinker_conformance.judging.sessions import Scripted, broken, judging
from tinker_conformance.checks.projections import poll_counts, same
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS, Requirement
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import FaultKind, Run
from tinker_conformance.timeline import Timeline

UNTRIED = broken(FaultKind.NOT_TESTABLE)
ALL = ("one", "two", "last")


def _judged(
    observed: Mapping[str, Run | Timeline],
    expected: Mapping[str, Run | Timeline],
    *scenarios: str,
    clock: SdkClock = SdkClock.FROZEN,
    twice: bool = False,
    known: Mapping[str, Scenario] = SCENARIOS,
) -> Judgement:
    required = Requirement("small.polls", "It polls.", "here", scenarios, same(poll_counts), twice=twice)
    with judging(Scripted(observed, clock=clock), Scripted(expected), PROFILE, known) as judge:
        return judge.judge(required)


# -- scenarios in which the SDK would sleep, and nobody could wake it -----------------------------------


def test_the_others_are_judged_where_one_would_sleep() -> None:
    for observed, verdict in ((ONCE, Verdict.PASSED), (TWICE, Verdict.FAILED)):
        expected = {"one": NAPS, "two": ONCE}
        judgement = _judged({"two": observed}, expected, "one", "two", clock=SdkClock.FILE)
        assert judgement.verdict is verdict
        assert list(judgement.cases) == ["two"]
        assert judgement.note == "without one: it sleeps, and the SDK does not claim virtual_sleep"


def test_where_each_would_sleep_the_first_is_named() -> None:
    judgement = _judged({}, dict.fromkeys(ALL, NAPS), *ALL, clock=SdkClock.FILE)
    assert judgement.verdict is Verdict.NOT_CLAIMED
    assert judgement.note == "scenario one sleeps, and the SDK does not claim virtual_sleep"


# -- scenarios that turn out not to be testable ---------------------------------------------------------


def test_the_others_are_judged_where_one_turns_out_not_to_be_testable() -> None:
    for observed, verdict in ((ONCE, Verdict.PASSED), (TWICE, Verdict.FAILED)):
        judgement = _judged({"one": UNTRIED, "two": observed}, {"one": ONCE, "two": ONCE}, "one", "two")
        assert judgement.verdict is verdict
        assert list(judgement.cases) == ["two"]
        assert judgement.note == "scenario one: it broke"


@pytest.mark.parametrize("scenarios", [("one",), ALL])
def test_where_none_is_testable_the_first_is_named(scenarios: tuple[str, ...]) -> None:
    judgement = _judged(dict.fromkeys(ALL, UNTRIED), dict.fromkeys(ALL, ONCE), *scenarios)
    assert judgement.verdict is Verdict.NOT_TESTABLE
    assert judgement.note == "scenario one: it broke"


# -- scenarios that the SDK's clock cannot run ----------------------------------------------------------


def test_the_note_says_which_scenario_the_clock_cannot_run() -> None:
    judgement = _judged({"one": ONCE}, {"one": ONCE}, "one", "apart", clock=SdkClock.WALL)
    assert judgement.verdict is Verdict.PASSED
    assert judgement.note.startswith(
        "not run: scenario apart, because the SDK's clock, wall, cannot run this scenario: "
    )
    assert _judged({"one": ONCE}, {"one": ONCE}, "one", clock=SdkClock.WALL).note == ""


# -- scenarios that the profile has no answer for -------------------------------------------------------


def test_of_the_scenarios_those_are_asked_that_the_profile_has_an_answer_for() -> None:
    profile = load_profile("tinker-0.5.1")
    scripted = Scripted({})
    asked = {}
    with judging(scripted, Scripted({}), profile, SCENARIOS) as judge:
        for required in REQUIREMENTS:
            names = tuple(scenario.id for scenario in Judge._asked(judge, required))
            asked[required.id] = names, required.scenarios
    some = [identifier for identifier, (names, all_of_it) in asked.items() if names != all_of_it]
    assert some
    assert all(names for names, _ in asked.values())


# -- the set-up -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epoch", "verdict"),
    [
        (-1.0, Verdict.FAILED),
        (-0.5, Verdict.FAILED),
        (0.0, Verdict.ADAPTER_ERROR),
        (0.5, Verdict.ADAPTER_ERROR),
        (1.0, Verdict.ADAPTER_ERROR),
    ],
)
def test_a_set_up_that_fails_before_1970_is_the_sdks_failure(epoch: float, verdict: Verdict) -> None:
    early = msgspec.structs.replace(SCENARIOS["one"], epoch=epoch)
    known = {**SCENARIOS, "one": early}
    assert _judged({"one": broken(FaultKind.SET_UP)}, {"one": ONCE}, "one", known=known).verdict is verdict


# -- pairs ----------------------------------------------------------------------------------------------


def test_each_second_session_is_held_against_its_own_first() -> None:
    expected = dict.fromkeys(("one", "two", "last", "slow"), ONCE)
    pairs = ("one", "two", "last", "slow")
    for observed, verdict in (
        ({"one": ONCE, "two": ONCE, "last": TWICE, "slow": TWICE}, Verdict.PASSED),
        ({"one": TWICE, "two": TWICE, "last": ONCE, "slow": TWICE}, Verdict.FAILED),
        ({"one": TWICE, "two": ONCE, "last": ONCE, "slow": ONCE}, Verdict.PASSED),
    ):
        assert _judged(observed, expected, *pairs, twice=True).verdict is verdict


def test_a_first_session_whose_second_cannot_be_run_is_held_against_nobody() -> None:
    observed = {"one": ONCE, "two": ONCE, "last": TWICE}
    assert _judged(observed, dict.fromkeys(ALL, ONCE), *ALL, twice=True).verdict is Verdict.PASSED
