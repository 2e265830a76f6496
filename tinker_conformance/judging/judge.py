"""The judge: runs a requirement's scenarios with the SDK and the reference, and gives a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.claims import invisible_seconds, unclaimed
from tinker_conformance.judging.preconditions import (
    asks_about_silence,
    is_silent,
    looks_for_pauses,
    needs_its_clock,
    siblings,
    through,
    wiring_scenario,
)
from tinker_conformance.judging.side_by_side import NO_SHORTCUTS, Shortcuts, SideBySide
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements import AnyRequirement, Requirement, requirement
from tinker_conformance.requirements.matrix import is_asked
from tinker_conformance.scenario.scenario import Scenario, ScenarioError
from tinker_conformance.scenario.stepwise import for_clock, moves_clock, sets_the_date, without_drain
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.session import FaultKind, Run, SdkSession
from tinker_conformance.timeline import ClockCause, ClockStep, Timeline


class Verdict(StrEnum):
    """The verdict on a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTABLE = "not testable"
    """Another failure prevents an answer. Counts as a failure, and is never skipped silently."""
    NOT_CLAIMED = "not claimed"
    """The SDK does not claim a capability that the requirement needs."""
    NOT_OFFERED = "not offered"
    """The server does not have what the requirement is about."""
    KNOWN_FAILURE = "known failure"
    """The SDK fails, and a file of known failures excuses that; see `tinker_conformance.known_failures`."""
    STALE_KNOWN_FAILURE = "stale known failure"
    """The SDK passes, although a file of known failures lists the requirement."""
    ADAPTER_ERROR = "adapter error"
    KIT_ERROR = "kit error"


UNTESTED: Final = frozenset({Verdict.NOT_CLAIMED, Verdict.NOT_OFFERED})
"""Verdicts on requirements that do not apply, because the SDK or server deliberately lacks something."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one requirement, with its evidence.

    Attributes:
        requirement: The requirement that was judged.
        verdict: The verdict.
        mismatches: All differences found.
        cases: Every scenario that ran, by id.
        note: The reason for a verdict that the mismatches do not explain.
        fix_first: Ids of the failed requirements that make this one not testable.
        exchanges: For a server, the requests of the probe and the server's replies.
    """

    requirement: AnyRequirement
    verdict: Verdict
    mismatches: tuple[Mismatch, ...] = ()
    cases: Mapping[str, Case] = field(default_factory=dict)
    note: str = ""
    fix_first: tuple[str, ...] = ()
    exchanges: Timeline = ()


_CLOCK = "clock.moves"
_ISOLATION = "isolation.sessions"
_NO_PAUSE_REPORTED = "reported no pause, so the kit cannot tell whether it sees the test clock"


class Judge:
    """Judges one SDK under one profile, requirement by requirement.

    Each scenario runs once, however many requirements use it. Not thread-safe.
    """

    def __init__(
        self,
        sdk: SdkSession,
        open_reference: Callable[[], SdkSession],
        profile: Profile,
        scenarios: Mapping[str, Scenario],
        shortcuts: Shortcuts = NO_SHORTCUTS,
    ) -> None:
        """Create the judge without running a scenario.

        Args:
            sdk: The SDK under test; `close` closes it.
            open_reference: Opens the reference, which `close` closes; called on another thread.
            profile: The profile by which the SDK is judged.
            scenarios: The scenarios by id; at least those that the requirements name.
            shortcuts: Ways to judge faster, which change no verdict.
        """
        self.sdk = sdk
        self.profile = profile
        self._scenarios = scenarios
        expected_of = profile if self._may_sleep() else without_drain(profile)
        self._runs = SideBySide(sdk, open_reference, profile, expected_of, shortcuts)
        self._upcoming: Sequence[Requirement] = ()
        self._clock: Judgement | None = None
        self._leaks = False  # known once `isolation.sessions`, the first requirement, is judged
        self._silent: dict[Operation, bool] = {}

    def close(self) -> None:
        """Close the SDK and the reference."""
        self._runs.close()

    def kill(self) -> None:
        """Kill the SDK and the reference; a scenario in progress ends with a fault. Thread-safe."""
        self._runs.kill()

    def judge(self, required: Requirement, then: Sequence[Requirement] = ()) -> Judgement:
        """Judge one requirement of the profile.

        Args:
            required: The requirement.
            then: The requirements that are judged next. Their scenarios may run while this one is judged.

        Raises:
            SdkError: The adapter failed too often to continue.
        """
        self._upcoming = then
        scenarios = self._asked(required)
        if not required.alternatives:
            return self._judge(required, scenarios)
        judged = []
        for scenario in scenarios:
            judged.append(self._judge(required, (scenario,)))
            if judged[-1].verdict is Verdict.PASSED:
                return judged[-1]
        claimed = [judgement for judgement in judged if judgement.verdict is not Verdict.NOT_CLAIMED]
        if not claimed:
            return judged[0]
        return replace(claimed[0], cases=dict(chain.from_iterable(each.cases.items() for each in claimed)))

    def _asked(self, required: Requirement) -> tuple[Scenario, ...]:
        """Return the scenarios of a requirement that apply under the profile; all of them if none does."""
        named = tuple(self._scenarios[identifier] for identifier in required.scenarios)
        asked = tuple(scenario for scenario in named if is_asked(required, scenario, self.profile))
        return asked or named

    def _judge(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        obstacles = {scenario.id: self._obstacle(required, scenario) for scenario in scenarios}
        possible = tuple(scenario for scenario in scenarios if obstacles[scenario.id] is None)
        if not possible:
            missing = unclaimed(scenarios, self.sdk.info, required.needs)
            claims = f"the SDK does not claim {', '.join(missing)}"
            note = claims if missing else next(iter(obstacles.values())) or ""
            return Judgement(required, Verdict.NOT_CLAIMED, note=note)
        left_out = "; ".join(_not_run(obstacles))
        judgement = self._judge_possible(
            required, tuple(for_clock(scenario, self.profile, self.sdk.clock) for scenario in possible)
        )
        return _with_note(judgement, left_out)

    def _obstacle(self, required: Requirement, scenario: Scenario) -> str | None:
        """Return why a scenario cannot run with this SDK; None if it can."""
        if missing := unclaimed([scenario], self.sdk.info, required.needs):
            return f"the SDK does not claim {', '.join(missing)}"
        if note := invisible_seconds([scenario], self.sdk.info, self.sdk.clock):
            return note
        try:
            for_clock(scenario, self.profile, self.sdk.clock)
        except ScenarioError as error:
            return self._not_with_this_clock(str(error))
        at_present = self.sdk.clock in {SdkClock.LIBFAKETIME, SdkClock.WALL}
        # A session that comes twice is compared with itself, at whatever date.
        if at_present and sets_the_date(scenario) and not required.twice:
            return self._not_with_this_clock("it starts at a date of its own, which this clock cannot set")
        return None

    def _not_with_this_clock(self, why: str) -> str:
        clock = self.sdk.clock
        return (
            f"the SDK's clock, {clock}, cannot run this scenario: {why}; let the adapter offer the clock "
            "'file' to have it judged"
        )

    def _judge_possible(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        depends_on_clock = required.id != _CLOCK and needs_its_clock(required)
        if depends_on_clock and any(moves_clock(s) for s in scenarios):
            clock = self._clock_judgement()
            if clock is not None and clock.fix_first:
                return Judgement(required, Verdict.NOT_TESTABLE, note=clock.note, fix_first=clock.fix_first)
            if clock is not None and clock.verdict is not Verdict.PASSED:
                silent = bool(clock.cases) and all(is_silent(case) for case in clock.cases.values())
                if not silent or not asks_about_silence(required):
                    what = _NO_PAUSE_REPORTED if silent else "does not see the test clock move"
                    note = f"the SDK {what}; fix {_CLOCK} first"
                    return Judgement(required, Verdict.NOT_TESTABLE, note=note, fix_first=(_CLOCK,))
        for scenario in self._ahead(required, scenarios):
            self._runs.begin(scenario)
        judgement = self._compare(required, scenarios)
        if required.id == _ISOLATION:
            self._leaks = judgement.verdict is Verdict.FAILED
            return judgement
        if judgement.verdict is not Verdict.FAILED:
            return judgement
        pauses = looks_for_pauses(required)
        if (pauses or asks_about_silence(required)) and self._leaks:
            note = f"the SDK carries state from one session into the next; fix {_ISOLATION} first"
            return Judgement(
                required, Verdict.NOT_TESTABLE, cases=judgement.cases, note=note, fix_first=(_ISOLATION,)
            )
        return self._without_silent_operations(judgement, required, scenarios) if pauses else judgement

    def _ahead(self, required: Requirement, scenarios: Sequence[Scenario]) -> Iterator[Scenario]:
        """Yield the scenarios that may start now, of this requirement and of those judged after it."""
        if not self._may_run_ahead():
            return
        # The sessions of a pair are to follow each other in one process.
        if not required.twice:
            yield from scenarios
        for following in self._upcoming:
            if not following.alternatives and not following.twice:
                for scenario in self._asked(following):
                    if self._obstacle(following, scenario) is None:
                        yield scenario

    def _may_run_ahead(self) -> bool:
        """Return whether every upcoming scenario is certain to be needed, so that it may start early."""
        clock_moves = self._clock is not None and self._clock.verdict is Verdict.PASSED
        frozen = self.sdk.clock is SdkClock.FROZEN
        # What one session takes into the next hangs on their order, which is fixed only one by one.
        return clock_moves and frozen and not self._leaks and self._runs.without_fault

    def _without_silent_operations(
        self, failed: Judgement, required: Requirement, scenarios: tuple[Scenario, ...]
    ) -> Judgement:
        """Judge a failed requirement again, with operations in which the SDK does report pauses."""
        used = frozenset[Operation]().union(*(scenario.operations for scenario in scenarios))
        silent = tuple(
            operation for operation in Operation if operation in used and self._is_silent(operation)
        )
        if not silent:
            return failed
        replacements = {operation: other for operation in silent if (other := self._replacement(operation))}
        fix_first = tuple(f"wiring.{operation.value}" for operation in silent)
        problem = f"the SDK reports no pause in {' and '.join(silent)}"
        hidden = frozenset(silent) - frozenset(replacements)
        # A client whose only operation is silent cannot be asked; the others still can.
        visible = tuple(scenario for scenario in scenarios if hidden.isdisjoint(scenario.operations))
        if visible:
            changed = tuple(through(scenario, replacements) for scenario in visible)
            others = " and ".join(replacements.values())
            instead = f"judged with {others} instead" if others else "judged without it"
            note = f"{problem} (see {', '.join(fix_first)}); {instead}"
            return replace(self._compare(required, changed), note=note)
        if asks_about_silence(required):
            return failed
        note = f"{problem}; fix {', '.join(fix_first)} first"
        return Judgement(required, Verdict.NOT_TESTABLE, cases=failed.cases, note=note, fix_first=fix_first)

    def _replacement(self, silent: Operation) -> Operation | None:
        others = siblings(silent, self.sdk.info, self.profile)
        return next((other for other in others if not self._is_silent(other)), None)

    def _is_silent(self, operation: Operation) -> bool:
        """Return whether the SDK reports no pause in an operation in which it should."""
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
        """Run a scenario with the reference and the SDK; None if the scenario does not apply to this SDK.

        Raises:
            SdkError: The adapter failed too often to continue.
        """
        info = self.sdk.info
        if unclaimed([scenario], info) or invisible_seconds([scenario], info, self.sdk.clock):
            return None
        try:
            adapted = for_clock(scenario, self.profile, self.sdk.clock)
        except ScenarioError:
            return None
        if self._needs_to_sleep(adapted):
            return None
        expected, observed = self._runs.both(adapted)
        return self._runs.played(adapted) or expected, observed

    def _clock_judgement(self) -> Judgement | None:
        """Judge whether the kit's clock reaches the SDK; None under a real clock, which moves by itself."""
        if self.sdk.clock is SdkClock.WALL:
            return None  # the proof would take an hour of real time
        if self._clock is None:
            self._clock = self.judge(requirement(_CLOCK))
        return self._clock

    def _compare(self, required: Requirement, scenarios: tuple[Scenario, ...]) -> Judgement:
        mismatches: list[Mismatch] = []
        cases: dict[str, Case] = {}
        untried: list[str] = []
        asleep = tuple(scenario for scenario in scenarios if self._needs_to_sleep(scenario))
        why = f"sleeps, and the SDK does not claim {Capability.VIRTUAL_SLEEP}"
        if asleep and len(asleep) == len(scenarios):
            return Judgement(required, Verdict.NOT_CLAIMED, note=f"scenario {asleep[0].id} {why}")
        for scenario in scenarios:
            if scenario in asleep:
                continue
            expected, observed = self._runs.both(scenario)
            if (failed := _kit_error(required, scenario, expected, observed)) is not None:
                return failed
            if observed.fault is not None and observed.fault.kind is FaultKind.NOT_TESTABLE:
                untried.append(f"scenario {scenario.id}: {observed.fault}")
                continue
            case = Case(scenario, self.profile, expected.timeline, observed.timeline, self.sdk.info)
            found = tuple(required.check(case))
            if found and (played := self._runs.played(scenario)) is not None:
                if (failed := _kit_error(required, scenario, played, observed)) is not None:
                    return failed
                case = replace(case, expected=played.timeline)
                found = tuple(required.check(case))
            cases[scenario.id] = case
            if observed.fault is not None:
                refused = observed.fault.kind is FaultKind.SET_UP and _asks_the_set_up(scenario)
                if observed.fault.kind is not FaultKind.STUCK and not refused:
                    note = f"scenario {scenario.id}: {observed.fault}"
                    return Judgement(required, Verdict.ADAPTER_ERROR, cases=cases, note=note)
                at = observed.timeline[-1].at if observed.timeline else 0.0
                end = (
                    f"a failed set-up: {observed.fault.text}" if refused else f"no end: {observed.fault.text}"
                )
                mismatches.append(Mismatch(scenario.id, at, "the scenario to finish", end))
            mismatches += found
        if required.twice:
            mismatches = _only_in_the_second(scenarios, mismatches)
        if untried and not cases:
            return Judgement(required, Verdict.NOT_TESTABLE, note=untried[0])
        verdict = Verdict.FAILED if mismatches else Verdict.PASSED
        note = "; ".join([*(f"without {scenario.id}: it {why}" for scenario in asleep), *untried])
        return Judgement(required, verdict, tuple(mismatches), cases, note)

    def _may_sleep(self) -> bool:
        return self.sdk.clock is SdkClock.FROZEN or Capability.VIRTUAL_SLEEP in self.sdk.info.capabilities

    def _needs_to_sleep(self, scenario: Scenario) -> bool:
        """Return whether the SDK would sleep in a scenario while the kit cannot move the SDK's clock."""
        if self._may_sleep():
            return False
        return any(
            isinstance(event, ClockStep) and event.cause is ClockCause.SLEEP
            for event in self._runs.expected(scenario).timeline
        )


def _kit_error(required: Requirement, scenario: Scenario, expected: Run, observed: Run) -> Judgement | None:
    """Return the judgement "kit error" if the kit failed in a scenario; None if it did not."""
    if expected.fault is not None:
        who, fault = "the reference", expected.fault
    elif observed.fault is not None and observed.fault.kind is FaultKind.KIT:
        who, fault = "the kit", observed.fault
    else:
        return None
    note = f"{who} failed in scenario {scenario.id}: {fault}"
    return Judgement(required, Verdict.KIT_ERROR, note=note)


def _asks_the_set_up(scenario: Scenario) -> bool:
    """Return whether a scenario also tests the creation of clients, so that a failure there is the SDK's."""
    return bool(scenario.setup or scenario.base_path) or scenario.epoch < 0


def _not_run(obstacles: Mapping[str, str | None]) -> Iterator[str]:
    """Yield a text for each reason why scenarios were not run, with the ids of these scenarios."""
    whys = dict.fromkeys(why for why in obstacles.values() if why)
    for why in whys:
        names = [name for name, each in obstacles.items() if each == why]
        what = "scenario" if len(names) == 1 else "scenarios"
        yield f"not run: {what} {' and '.join(names)}, because {why}"


def _with_note(judgement: Judgement, note: str) -> Judgement:
    notes = (judgement.note, note)
    return replace(judgement, note="; ".join(each for each in notes if each)) if note else judgement


def _only_in_the_second(scenarios: Sequence[Scenario], mismatches: Iterable[Mismatch]) -> list[Mismatch]:
    """Return the mismatches in the second scenario of each pair of equal ones, if the first has none."""
    found = list(mismatches)
    differ = {mismatch.scenario for mismatch in found}
    names = [scenario.id for scenario in scenarios]
    counted = {second for first, second in zip(names[::2], names[1::2], strict=False) if first not in differ}
    return [mismatch for mismatch in found if mismatch.scenario in counted]
