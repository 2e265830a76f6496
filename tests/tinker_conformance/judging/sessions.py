"""Sessions without a process: what they live is written down beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fake_server.operations import Operation
from tests.tinker_conformance.checks.small_timelines import told
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.judge import Judge
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.session import Fault, FaultKind, Run, SdkSession
from tinker_conformance.timeline import Event, Timeline


class Lived:
    """A session that lives what it is told to, and remembers what it was asked."""

    spec = "lived"

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
            name="lived", version="1", capabilities=also | claimed, operations=frozenset(Operation)
        )
        self.asked: list[str] = []
        self.profiles: list[Profile] = []
        self.closed = 0

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        self.asked.append(scenario.id)
        self.profiles.append(profile)
        lived = self.lives(scenario)
        return lived if isinstance(lived, Run) else Run(lived)

    def lives(self, scenario: Scenario) -> Run | Timeline:
        return self.runs.get(scenario.id, ())

    def close(self) -> None:
        self.closed += 1


class Speaks(Lived):
    """A session that tells of a pause in every scenario, but for those in which an operation is silent."""

    def __init__(self, *silent: Operation, runs: Mapping[str, Run | Timeline] | None = None) -> None:
        super().__init__(runs or {}, also=frozenset(Capability))
        self._silent = frozenset(silent)

    def lives(self, scenario: Scenario) -> Run | Timeline:
        if scenario.id in self.runs:
            return self.runs[scenario.id]
        return () if scenario.operations & self._silent else (told("paused"),)


def broken(kind: FaultKind, *events: Event) -> Run:
    return Run(events, Fault(kind, "it broke"))


@contextmanager
def judging(
    sdk: SdkSession, reference: SdkSession, profile: Profile, scenarios: Mapping[str, Scenario]
) -> Iterator[Judge]:
    judge = Judge(sdk, lambda: reference, profile, scenarios)
    yield judge
    judge.close()
