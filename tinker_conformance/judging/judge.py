"""Runs the scenarios of a requirement through the SDK and the reference, and judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain

from fake_server.core.operations import Operation
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.claims import unclaimed, unseen_seconds
from tinker_conformance.judging.preconditions import (
    asks_about_silence,
    is_silent,
    looks_for_pauses,
    needs_its_clock,
    siblings,
    through,
    wiring_scenario,
)
from tinker_conformance.judging.side_by_side import SideBySide
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements import Requirement, requirement
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.scenario.stepwise import NotStepwiseError, for_clock, moves_clock, without_drain
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.session import FaultKind, Run, SdkSession
from tinker_conformance.timeline import ClockCause, ClockStep


class Verdict(StrEnum):
    """What became of a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTABLE = "not testable"
    """A precondition is missing: a failure, never a silent skip."""
    NOT_CLAIMED = "not claimed"
    """The SDK does not claim what the requirement is about."""
    KNOWN_FAILURE = "known failure"
    """It fails, as a file of known failures says; see `tinker_conformance.known_failures`."""
    STALE_KNOWN_FAILURE = "stale known failure"
    """It passes, though a file of known failures says otherwise."""
    ADAPTER_ERROR = "adapter error"
    KIT_ERROR = "kit error"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its evidence.

    Attributes:
        requirement: What was asked.
        verdict: The answer.
        mismatches: All differences found.
        cases: Every scenario that ran, by id.
        note: Why, where it is not the mismatches that say so.
        mend_first: The requirements whose failure stands in the way, where it is not testable.
    """

    requirement: Requirement
    verdict: Verdict
    mismatches: tuple[Mismatch, ...] = ()
    cases: Mapping[str, Case] = field(default_factory=dict)
    note: str = ""
    mend_first: tuple[str, ...] = ()


_CLOCK = "clock.moves"
_SAYS_NOTHING = "tells nobody of any pause, which would show that its clock moves"


class Judge:
    """Judges one SDK under one profile. Scenarios run once, however many requirements ask for them.

    Not for two threads at once.
    """

    def __init__(
        self,
        sdk: SdkSession,
        open_reference: Callable[[], SdkSession],
        profile: Profile,
        scenarios: Mapping[str, Scenario],
    ) -> None:
        """Starts the reference.

        Args:
            sdk: The SDK under test; closed by `close`.
            open_reference: Starts the reference, closed by `close`; called on another thread.
            profile: What the SDK is judged by.
            scenarios: By id, at least those that the requirements name.
        """
        self.sdk = sdk
        self.profile = profile
        self._scenarios = scenarios
        expected_of = profile if self._may_sleep() else without_drain(profile)
        self._runs = SideBySide(sdk, open_reference, profile, expected_of)
        self._then: Sequence[Requirement] = ()
        self._clock: Judgement | None = None
        self._silent: dict[Operation, bool] = {}

    def close(self) -> None:
        """Ends the SDK and the reference."""
        self._runs.close()

    def judge(self, required: Requirement, then: Sequence[Requirement] = ()) -> Judgement:
        """Judges one requirement that holds for the profile.

        Args:
            required: The requirement.
            then: Those that are asked next, so that their scenarios can run while this one is judged.

        Raises:
            AdapterLostError: If the adapter broke too often to go on.
        """
        self._then = then
        scenarios = tuple(self._scenarios[identifier] for identifier in required.scenarios)
        if not required.alternatives:
            return self._judge(required, scenarios)
        judged = []
        for scenario in scenarios:
            judged.append(self._judge(required, (scenario,)))
            if judged[-1].verdict is Verdict.PASSED:
                return judged[-1]
        asked = [judgement for judgement in judged if judgement.verdict is not Verdict.NOT_CLAIMED]
        if not asked:
            return judged[0]
        return replace(asked[0], cases=dict(chain.from_iterable(each.cases.items() for each in asked)))

    def _judge(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        if missing := unclaimed(scenarios, self.sdk.info, required.needs):
            return Judgement(
                required, Verdict.NOT_CLAIMED, note=f"the SDK does not claim {', '.join(missing)}"
            )
        if note := unseen_seconds(scenarios, self.sdk.info, self.sdk.clock):
            return Judgement(required, Verdict.NOT_CLAIMED, note=note)
        try:
            scenarios = tuple(for_clock(scenario, self.profile, self.sdk.clock) for scenario in scenarios)
        except NotStepwiseError as error:
            note = f"the SDK has no clock for it, the clock {self.sdk.clock} cannot show it: {error}"
            return Judgement(required, Verdict.NOT_CLAIMED, note=note)
        asks_the_time = required.id != _CLOCK and needs_its_clock(required)
        if asks_the_time and any(moves_clock(s) for s in scenarios):
            clock = self._its_clock()
            if clock is not None and clock.verdict is not Verdict.PASSED:
                silent = bool(clock.cases) and all(is_silent(case) for case in clock.cases.values())
                if not silent or not asks_about_silence(required):
                    what = _SAYS_NOTHING if silent else "does not see its clock move"
                    note = f"the SDK {what}; mend {_CLOCK} first"
                    return Judgement(required, Verdict.NOT_TESTABLE, note=note, mend_first=(_CLOCK,))
        for scenario in chain(scenarios, self._ahead()) if self._is_trusted() else ():
            self._runs.begin(scenario)
        judgement = self._compare(required, scenarios)
        failed = judgement.verdict is Verdict.FAILED
        return (
            self._looked_through(judgement, scenarios) if failed and looks_for_pauses(required) else judgement
        )

    def _is_trusted(self) -> bool:
        """Whether scenarios may run before it is known that they must: each would run in the end."""
        clock_moves = self._clock is not None and self._clock.verdict is Verdict.PASSED
        return clock_moves and self._runs.without_fault and self.sdk.clock is SdkClock.FROZEN

    def _ahead(self) -> Iterator[Scenario]:
        """The scenarios of the requirements that are asked next."""
        for required in self._then:
            scenarios = tuple(self._scenarios[identifier] for identifier in required.scenarios)
            unseen = unseen_seconds(scenarios, self.sdk.info, self.sdk.clock)
            if not (required.alternatives or unseen or unclaimed(scenarios, self.sdk.info, required.needs)):
                yield from scenarios

    def _looked_through(self, failed: Judgement, scenarios: tuple[Scenario, ...]) -> Judgement:
        """What becomes of a failure where the SDK is silent in an operation of its scenarios."""
        asked = frozenset[Operation]().union(*(scenario.operations for scenario in scenarios))
        silent = tuple(
            operation for operation in Operation if operation in asked and self._is_silent(operation)
        )
        if not silent:
            return failed
        speaking = {operation: other for operation in silent if (other := self._speaking_for(operation))}
        mend = tuple(f"wiring.{operation.value}" for operation in silent)
        said = f"the SDK tells nobody of a pause in {' and '.join(silent)}"
        if len(speaking) == len(silent):
            changed = tuple(through(scenario, speaking) for scenario in scenarios)
            note = f"{said} (see {', '.join(mend)}); looked at through {' and '.join(speaking.values())}"
            return replace(self._compare(failed.requirement, changed), note=note)
        if asks_about_silence(failed.requirement):
            return failed
        note = f"{said}; mend {', '.join(mend)} first"
        return Judgement(
            failed.requirement, Verdict.NOT_TESTABLE, cases=failed.cases, note=note, mend_first=mend
        )

    def _speaking_for(self, silent: Operation) -> Operation | None:
        others = siblings(silent, self.sdk.info, self.profile)
        return next((other for other in others if not self._is_silent(other)), None)

    def _is_silent(self, operation: Operation) -> bool:
        """Whether the SDK says nothing of a pause in an operation that is to be observed."""
        if operation not in self._silent:
            self._silent[operation] = self._finds_silent(operation)
        return self._silent[operation]

    def _finds_silent(self, operation: Operation) -> bool:
        scenario = self._scenarios.get(wiring_scenario(operation))
        both = None if scenario is None else self.both(scenario)
        if scenario is None or both is None or any(run.fault is not None for run in both):
            return False
        expected, observed = both
        return is_silent(Case(scenario, self.profile, expected.timeline, observed.timeline, self.sdk.info))

    def both(self, scenario: Scenario) -> tuple[Run, Run] | None:
        """What the reference and the SDK do in a scenario; None if it is nothing for this SDK.

        Raises:
            AdapterLostError: If the adapter broke too often to go on.
        """
        if unclaimed([scenario], self.sdk.info) or unseen_seconds([scenario], self.sdk.info, self.sdk.clock):
            return None
        try:
            adapted = for_clock(scenario, self.profile, self.sdk.clock)
        except NotStepwiseError:
            return None
        return None if self._needs_to_sleep(adapted) else self._runs.both(adapted)

    def _its_clock(self) -> Judgement | None:
        """The proof that the SDK sees its clock; None where none is needed."""
        if self.sdk.clock is SdkClock.WALL:
            return None  # nothing could keep it from moving, and an hour is too long to wait for the proof
        if self._clock is None:
            self._clock = self.judge(requirement(_CLOCK))
        return self._clock

    def _compare(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        mismatches: list[Mismatch] = []
        cases: dict[str, Case] = {}
        for scenario in scenarios:
            if self._needs_to_sleep(scenario):
                note = f"the SDK does not claim {Capability.VIRTUAL_SLEEP}, and scenario {scenario.id} sleeps"
                return Judgement(required, Verdict.NOT_CLAIMED, cases=cases, note=note)
            expected, observed = self._runs.both(scenario)
            if expected.fault is not None:
                note = f"the reference failed in scenario {scenario.id}: {expected.fault}"
                return Judgement(required, Verdict.KIT_ERROR, note=note)
            if observed.fault is not None and observed.fault.kind is FaultKind.KIT:
                note = f"the kit failed in scenario {scenario.id}: {observed.fault}"
                return Judgement(required, Verdict.KIT_ERROR, note=note)
            case = Case(scenario, self.profile, expected.timeline, observed.timeline, self.sdk.info)
            cases[scenario.id] = case
            if observed.fault is not None:
                if observed.fault.kind is not FaultKind.STUCK:
                    note = f"scenario {scenario.id}: {observed.fault}"
                    return Judgement(required, Verdict.ADAPTER_ERROR, cases=cases, note=note)
                at = observed.timeline[-1].at if observed.timeline else 0.0
                mismatches.append(
                    Mismatch(scenario.id, at, "an end of the scenario", f"none: {observed.fault.text}")
                )
            mismatches += required.check(case)
        verdict = Verdict.FAILED if mismatches else Verdict.PASSED
        return Judgement(required, verdict, tuple(mismatches), cases)

    def _may_sleep(self) -> bool:
        return self.sdk.clock is SdkClock.FROZEN or Capability.VIRTUAL_SLEEP in self.sdk.info.capabilities

    def _needs_to_sleep(self, scenario: Scenario) -> bool:
        """Whether the scenario is nothing for this SDK: it sleeps, and nobody could move its clock on."""
        if self._may_sleep():
            return False
        return any(
            isinstance(event, ClockStep) and event.cause is ClockCause.SLEEP
            for event in self._runs.expected(scenario).timeline
        )
