"""Runs the scenarios of a requirement through the SDK and the reference, and judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from tinker_conformance.judging.case import Case, Mismatch
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.profile import Profile
from tinker_conformance.requirements import Requirement, requirement
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.kit_clock import SdkClock
from tinker_conformance.sdk.messages import FaultKind
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.stepwise import NotStepwiseError, for_clock, moves_clock, without_drain
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
    """

    requirement: Requirement
    verdict: Verdict
    mismatches: tuple[Mismatch, ...] = ()
    cases: Mapping[str, Case] = field(default_factory=dict)
    note: str = ""


_CLOCK = "clock.moves"


class AdapterLostError(RuntimeError):
    """The adapter broke too often and is not started again; what was judged until then stands."""


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
        """Starts nothing yet.

        Args:
            sdk: The SDK under test; closed by `close`.
            open_reference: Starts the reference; called at the first scenario.
            profile: What the SDK is judged by.
            scenarios: By id, at least those that the requirements name.
        """
        self.sdk = sdk
        self.profile = profile
        self._open_reference = open_reference
        self._reference: SdkSession | None = None
        self._scenarios = scenarios
        self._runs: dict[str, tuple[Run, Run]] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="conformance")
        self._reference_profile = profile if self._may_sleep() else without_drain(profile)
        self._clock_moves: bool | None = None
        self._sleeps: dict[str, bool] = {}

    def close(self) -> None:
        """Ends the SDK and the reference."""
        self._threads.shutdown()
        self.sdk.close()
        if self._reference is not None:
            self._reference.close()

    def judge(self, required: Requirement) -> Judgement:
        """Judges one requirement that holds for the profile.

        Raises:
            AdapterLostError: If the adapter broke too often to go on.
        """
        scenarios = tuple(self._scenarios[identifier] for identifier in required.scenarios)
        if missing := unclaimed(scenarios, self.sdk.info, required.needs):
            return Judgement(
                required, Verdict.NOT_CLAIMED, note=f"the SDK does not claim {', '.join(missing)}"
            )
        try:
            scenarios = tuple(for_clock(scenario, self.profile, self.sdk.clock) for scenario in scenarios)
        except NotStepwiseError as error:
            note = f"the SDK has no clock for it, the clock {self.sdk.clock} cannot show it: {error}"
            return Judgement(required, Verdict.NOT_CLAIMED, note=note)
        if required.id != _CLOCK and any(moves_clock(s) for s in scenarios) and not self._sees_its_clock():
            note = f"the SDK does not see its clock move, or is silent altogether (see {_CLOCK})"
            return Judgement(required, Verdict.NOT_TESTABLE, note=note)
        return self._compare(required, scenarios)

    def both(self, scenario: Scenario) -> tuple[Run, Run] | None:
        """What the reference and the SDK do in a scenario; None if it is nothing for this SDK.

        Raises:
            AdapterLostError: If the adapter broke too often to go on.
        """
        if unclaimed([scenario], self.sdk.info):
            return None
        try:
            adapted = for_clock(scenario, self.profile, self.sdk.clock)
        except NotStepwiseError:
            return None
        return None if self._needs_to_sleep(adapted) else self._both(adapted)

    def _sees_its_clock(self) -> bool:
        if self.sdk.clock is SdkClock.WALL:
            return True  # nothing could keep it from moving, and an hour is too long to wait for the proof
        if self._clock_moves is None:
            self._clock_moves = self.judge(requirement(_CLOCK)).verdict is Verdict.PASSED
        return self._clock_moves

    def _compare(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        mismatches: list[Mismatch] = []
        cases: dict[str, Case] = {}
        for scenario in scenarios:
            if self._needs_to_sleep(scenario):
                note = f"the SDK does not claim {Capability.VIRTUAL_SLEEP}, and scenario {scenario.id} sleeps"
                return Judgement(required, Verdict.NOT_CLAIMED, cases=cases, note=note)
            expected, observed = self._both(scenario)
            if expected.fault is not None:
                note = f"the reference failed in scenario {scenario.id}: {expected.fault}"
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
        if scenario.id not in self._sleeps:
            timeline = self._run_reference(scenario).timeline
            self._sleeps[scenario.id] = any(
                isinstance(event, ClockStep) and event.cause is ClockCause.SLEEP for event in timeline
            )
        return self._sleeps[scenario.id]

    def _run_reference(self, scenario: Scenario) -> Run:
        if self._reference is None:
            self._reference = self._open_reference()
        return self._reference.run(scenario, self._reference_profile)

    def _both(self, scenario: Scenario) -> tuple[Run, Run]:
        if scenario.id not in self._runs:
            expected = self._threads.submit(self._run_reference, scenario)
            observed = self._threads.submit(self.sdk.run, scenario, self.profile)
            fault = observed.result().fault
            if fault is not None and fault.kind is FaultKind.GIVEN_UP:
                raise AdapterLostError(str(fault))
            self._runs[scenario.id] = (expected.result(), observed.result())
        return self._runs[scenario.id]
