"""A shared session runs each scenario once for all processes, and never takes one scenario for another."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from tests.support.shared_runs import SharedSession
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.timeline import Callback

OLD, NEW = load_profile("tinker-0.5.1"), load_profile("tinker-0.38")
FIRST, SECOND = list(shipped_scenarios().values())[:2]


class Counting:
    """Counts its runs, and names scenario and profile in each result."""

    spec = "counting"
    info = AdapterInfo(name="counting", version="1")
    clock = SdkClock.FROZEN

    def __init__(self, fault: Fault | None = None) -> None:
        self.starts = self.runs = self.closed = 0
        self._fault = fault

    def start(self) -> Counting:
        self.starts += 1
        return self

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        self.runs += 1
        reason = f"{profile.name} {profile.observer.interval_seconds}"
        event = Callback(at=0.0, client="c", future=1, state=scenario.id, reason=reason)
        return Run((event,), self._fault)

    def close(self) -> None:
        self.closed += 1


def test_a_scenario_runs_once_whichever_process_asks(tmp_path: Path) -> None:
    sdk = Counting()
    ours, theirs = (SharedSession(tmp_path, "x", sdk.start) for _ in range(2))
    runs = [session.run(FIRST, OLD) for session in (ours, ours, theirs)]
    assert runs[0] == runs[1] == runs[2]
    assert [event.state for event in runs[0].timeline if isinstance(event, Callback)] == [FIRST.id]
    assert (sdk.starts, sdk.runs) == (1, 1)
    assert ours.info == theirs.info == Counting.info


def test_another_scenario_profile_or_sdk_is_another_run(tmp_path: Path) -> None:
    sdk = Counting()
    session = SharedSession(tmp_path, "x", sdk.start)
    observer = msgspec.structs.replace(OLD.observer, interval_seconds=1.0)
    edited = msgspec.structs.replace(OLD, observer=observer)
    asked = [(FIRST, OLD), (SECOND, OLD), (FIRST, NEW), (FIRST, edited)]
    assert len({session.run(*each).timeline for each in asked}) == 4
    SharedSession(tmp_path, "y", sdk.start).run(FIRST, OLD)
    assert sdk.runs == 5


def test_an_sdk_that_behaves_in_one_way_runs_once_whatever_it_is_judged_by(tmp_path: Path) -> None:
    sdk = Counting()
    session = SharedSession(tmp_path, "x", sdk.start, OLD)
    assert session.run(FIRST, NEW) == session.run(FIRST, OLD)
    assert sdk.runs == 1


def test_a_run_with_a_fault_is_not_shared(tmp_path: Path) -> None:
    sdk = Counting(Fault(FaultKind.CRASH, "it broke"))
    session = SharedSession(tmp_path, "x", sdk.start)
    for asked in (session, session, SharedSession(tmp_path, "x", sdk.start)):
        assert asked.run(FIRST, OLD).fault is not None
    assert (sdk.starts, sdk.runs) == (2, 3)


class OneAtATime(Counting):
    """Fails if a second run begins before the first has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._running = threading.Lock()
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        if not self._running.acquire(blocking=False):
            return Run((), Fault(FaultKind.PROTOCOL, "out of turn"))
        with contextlib.ExitStack() as running:
            running.callback(self._running.release)
            self.entered.set()
            self.go_on.wait(5)
            return super().run(scenario, profile)


def test_two_threads_take_turns(tmp_path: Path) -> None:
    sdk = OneAtATime()
    session = SharedSession(tmp_path, "x", sdk.start)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(session.run, FIRST, OLD)
        assert sdk.entered.wait(5)
        second = threads.submit(session.run, SECOND, OLD)
        # Without turns the second one breaks at once; with them it waits for what happens next.
        wait([second], timeout=0.1)
        sdk.go_on.set()
        assert [first.result().fault, second.result().fault] == [None, None]


def test_closing_leaves_the_sdk_to_the_other_tests(tmp_path: Path) -> None:
    sdk = Counting()
    session = SharedSession(tmp_path, "x", sdk.start)
    session.run(FIRST, OLD)
    session.close()
    session.run(SECOND, OLD)
    assert (sdk.starts, sdk.closed) == (1, 0)
    session.end()
    session.end()
    assert sdk.closed == 1
