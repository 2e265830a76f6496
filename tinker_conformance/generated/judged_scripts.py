"""Judge an SDK in scripts that belong to no requirement, by the checks of all requirements."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final

import msgspec

from fake_server.script.steps import Status, intended_reply
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.checks.submission_delays import with_equal_waits, within_the_waits
from tinker_conformance.generated.shrink import shrunk
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.requirements import REQUIREMENTS, Level, Requirement
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.session import FaultKind

_NOT_ABOUT_SCRIPTS: Final = frozenset({"functions", "clock", "isolation", "custom_observer"})
_MOST_FAILURES: Final = 5


@dataclass(frozen=True, slots=True)
class ScriptFailure:
    """A script in which the SDK behaves differently from the reference.

    Attributes:
        scenario: The smallest failing scenario found.
        origin: Id of the scenario that failed first.
        requirements: Ids of the requirements whose checks found mismatches.
        mismatches: The mismatches of the first of these requirements.
        fault: Why the scenario did not finish; empty if it did.
        verdict: Failed, adapter error or kit error, depending on the cause.
    """

    scenario: Scenario
    origin: str
    requirements: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]
    fault: str = ""
    verdict: Verdict = Verdict.FAILED


@dataclass(frozen=True, slots=True)
class ScriptJudgement:
    """The results of many scripts.

    Attributes:
        judged: Number of scripts that ran.
        left_out: Number of scripts that do not apply to the SDK (not claimed, or not possible with its
            clock), or that contain a 410, after which an SDK waits for a random time.
        failed: Number of scripts in which the SDK failed.
        adapter_errors: Number of scripts in which the adapter crashed, hung or violated the protocol.
        kit_errors: Number of scripts in which the reference failed.
        failures: The first few failures, shrunk, one of each kind.
    """

    judged: int
    left_out: int
    failed: int
    failures: tuple[ScriptFailure, ...]
    adapter_errors: int = 0
    kit_errors: int = 0

    @property
    def held(self) -> int:
        """Return the number of scripts in which the SDK behaved like the reference."""
        return self.judged - self.failed - self.adapter_errors - self.kit_errors


@dataclass(slots=True)
class ScriptJudge:
    """Judges an SDK in generated scripts, with the running SDK and reference of a `Judge`.

    Attributes:
        judge: Runs the scripts.
        strict: Whether quirks count as failures.
    """

    judge: Judge
    strict: bool = False

    def judge_all(self, scenarios: Iterable[Scenario], tick: Callable[[], object]) -> ScriptJudgement:
        """Judge scenarios, calling `tick` after each.

        Raises:
            SdkError: If the adapter failed too often to continue.
        """
        left_out = 0
        counts = Counter[Verdict]()
        failures: dict[tuple[Verdict, tuple[str, ...]], ScriptFailure] = {}
        for scenario in scenarios:
            found = self._failure(scenario)
            tick()
            if found is None:
                left_out += 1
                continue
            counts[found.verdict] += 1
            kind = (found.verdict, found.requirements)
            if (
                found.verdict is not Verdict.PASSED
                and kind not in failures
                and len(failures) < _MOST_FAILURES
            ):
                failures[kind] = self._shrunk(found)
        return ScriptJudgement(
            judged=counts.total(),
            left_out=left_out,
            failed=counts[Verdict.FAILED],
            failures=tuple(failures.values()),
            adapter_errors=counts[Verdict.ADAPTER_ERROR],
            kit_errors=counts[Verdict.KIT_ERROR],
        )

    def _failure(self, scenario: Scenario) -> ScriptFailure | None:
        """Return the failure in a scenario; None if the scenario does not apply or cannot be compared."""
        retries = Capability.SUBMISSION_RETRIES in self.judge.sdk.info.capabilities
        if is_jittered(scenario) or (scenario.is_refused and not retries):
            return None
        runs = self.judge.both(scenario)
        if runs is None:
            return None
        expected, observed = runs
        if expected.fault is not None and expected.fault.kind is not FaultKind.STUCK:
            what = f"the reference failed: {expected.fault}"
            return ScriptFailure(scenario, scenario.id, (), (), what, Verdict.KIT_ERROR)
        if observed.fault is not None and observed.fault.kind is not FaultKind.STUCK:
            kit = observed.fault.kind is FaultKind.KIT
            whose = Verdict.KIT_ERROR if kit else Verdict.ADAPTER_ERROR
            return ScriptFailure(scenario, scenario.id, (), (), str(observed.fault), whose)
        if observed.fault is not None and expected.fault is None:
            return ScriptFailure(scenario, scenario.id, (), (), str(observed.fault))
        case = Case(scenario, self.judge.profile, expected.timeline, observed.timeline, self.judge.sdk.info)
        level = with_equal_waits(case) if scenario.is_refused else case
        found = {
            required.id: tuple(required.check(case if required.check is within_the_waits else level))
            for required in self._asked(scenario)
        }
        fired = {identifier: mismatches for identifier, mismatches in found.items() if mismatches}
        first = next(iter(fired.values()), ())
        verdict = Verdict.FAILED if fired else Verdict.PASSED
        return ScriptFailure(scenario, scenario.id, tuple(fired), first, verdict=verdict)

    def _asked(self, scenario: Scenario) -> list[Requirement]:
        return [
            required
            for required in REQUIREMENTS
            if (self.strict or required.level is Level.CONTRACT)
            and required.chapter not in _NOT_ABOUT_SCRIPTS
            and required.holds(self.judge.profile)
            and not unclaimed([scenario], self.judge.sdk.info, required.needs)
        ]

    def _shrunk(self, found: ScriptFailure) -> ScriptFailure:
        numbers = count(1)
        smallest = found

        def shows(candidate: Scenario) -> bool:
            nonlocal smallest
            again = self._failure(msgspec.structs.replace(candidate, id=f"{found.origin}~{next(numbers)}"))
            same = (
                again is not None
                and again.verdict is found.verdict
                and (
                    bool(again.fault)
                    if found.fault
                    else bool(set(again.requirements) & set(found.requirements))
                )
            )
            if again is not None and same:
                smallest = again
            return same

        small = shrunk(found.scenario, shows)
        named = msgspec.structs.replace(small, id=f"{found.origin}-smallest")
        return dataclasses.replace(smallest, scenario=named, origin=found.origin)


def is_jittered(scenario: Scenario) -> bool:
    """Return whether an SDK waits in a scenario for a random time that no check evens out: after HTTP 410."""
    steps = (step for future in scenario.futures for step in future.script.steps)
    return any(isinstance(step, Status) and step.status == 410 for step in map(intended_reply, steps))
