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
from tinker_conformance.sdk.messages import FaultKind
from tinker_conformance.sdk.session import Run, SdkSession


class Verdict(StrEnum):
    """What became of a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTABLE = "not testable"
    """A precondition is missing: a failure, never a silent skip."""
    NOT_CLAIMED = "not claimed"
    """The SDK does not claim what the requirement is about."""
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
        self._clock_moves: bool | None = None

    def close(self) -> None:
        """Ends the SDK and the reference."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.sdk.close()
        if self._reference is not None:
            self._reference.close()

    def judge(self, required: Requirement) -> Judgement:
        """Judges one requirement that holds for the profile."""
        scenarios = tuple(self._scenarios[identifier] for identifier in required.scenarios)
        if missing := unclaimed(scenarios, self.sdk.info, required.needs):
            return Judgement(
                required, Verdict.NOT_CLAIMED, note=f"the SDK does not claim {', '.join(missing)}"
            )
        if required.id != _CLOCK and any(_moves_clock(s) for s in scenarios) and not self._sees_its_clock():
            note = f"the SDK does not see its clock move, or is silent altogether (see {_CLOCK})"
            return Judgement(required, Verdict.NOT_TESTABLE, note=note)
        return self._compare(required, scenarios)

    def _sees_its_clock(self) -> bool:
        if self._clock_moves is None:
            self._clock_moves = self.judge(requirement(_CLOCK)).verdict is Verdict.PASSED
        return self._clock_moves

    def _compare(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        mismatches: list[Mismatch] = []
        cases: dict[str, Case] = {}
        for scenario in scenarios:
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

    def _both(self, scenario: Scenario) -> tuple[Run, Run]:
        if scenario.id not in self._runs:
            if self._reference is None:
                self._reference = self._open_reference()
            expected = self._threads.submit(self._reference.run, scenario, self.profile)
            observed = self._threads.submit(self.sdk.run, scenario, self.profile)
            self._runs[scenario.id] = (expected.result(), observed.result())
        return self._runs[scenario.id]


def _moves_clock(scenario: Scenario) -> bool:
    return any(
        turn.advances or future.script.tail for future in scenario.futures for turn in future.script.turns
    )
