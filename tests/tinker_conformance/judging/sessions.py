"""Sessions without a process, whose runs are prepared by the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fake_server.operations import Operation
from tests.tinker_conformance.checks.small_timelines import notified
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.judge import Judge
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.session import Fault, FaultKind, Run, SdkSession
from tinker_conformance.timeline import Event, Timeline


class Scripted:
    """A session with prepared runs, which records the scenarios that it was asked to run."""

    spec = "scripted"

    def __init__(
        self,
        runs: Mapping[str, Run | Timeline],
        *,
        clock: SdkClock = SdkClock.FROZEN,
        also: frozenset[Capability] = frozenset(),
        trains: bool = True,
    ) -> None:
        self.runs = runs
        self.clock = clock
        claimed = {Capability.CALLBACKS, *([Capability.TRAINING] if trains else [])}
        self.info = AdapterInfo(
            name="scripted", version="1", capabilities=also | claimed, operations=frozenset(Operation)
        )
        self.asked: list[str] = []
        self.profiles: list[Profile] = []
        self.closed = self.killed = 0

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        self.asked.append(scenario.id)
        self.profiles.append(profile)
        scripted = self.outcome_of(scenario)
        return scripted if isinstance(scripted, Run) else Run(scripted)

    def outcome_of(self, scenario: Scenario) -> Run | Timeline:
        return self.runs.get(scenario.id, ())

    def close(self) -> None:
        self.closed += 1

    def kill(self) -> None:
        self.killed += 1


class ReportsPauses(Scripted):
    """A session that reports a pause in every scenario, except with the silent operations."""

    def __init__(self, *silent: Operation, runs: Mapping[str, Run | Timeline] | None = None) -> None:
        super().__init__(runs or {}, also=frozenset(Capability))
        self._silent = frozenset(silent)

    def outcome_of(self, scenario: Scenario) -> Run | Timeline:
        if scenario.id in self.runs:
            return self.runs[scenario.id]
        return () if scenario.operations & self._silent else (notified("paused"),)


def broken(kind: FaultKind, *events: Event) -> Run:
    return Run(events, Fault(kind, "it broke"))


@contextmanager
def judging(
    sdk: SdkSession, reference: SdkSession, profile: Profile, scenarios: Mapping[str, Scenario]
) -> Iterator[Judge]:
    judge = Judge(sdk, lambda: reference, profile, scenarios)
    yield judge
    judge.close()
