"""The SDK and the reference beside each other: each runs one scenario at a time, and none after the end."""

from __future__ import annotations

import threading
import time

import pytest
from test_judge import PROFILE, SCENARIOS

from tests.tinker_conformance.judging.sessions import Scripted
from tinker_conformance.judging.side_by_side import SideBySide
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run

LIMIT = 5.0
"""Seconds within which everything that is to happen happens."""
PATIENCE = 0.02
"""Seconds that are waited for what is not to happen."""
ONE, TWO = SCENARIOS["one"], SCENARIOS["two"]


class Held(Scripted):
    """A session whose runs wait for an event, and which counts those that begin meanwhile."""

    def __init__(self, seconds: float) -> None:
        super().__init__({})
        self._seconds = seconds
        self.let_go = threading.Event()
        self.runs_now = threading.Event()
        self.begun: list[str] = []
        self.at_once = 0

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        self.begun.append(scenario.id)
        self.at_once = max(self.at_once, len(self.begun) - len(self.asked))
        self.runs_now.set()
        self.let_go.wait(self._seconds)
        return super().run(scenario, profile)


@pytest.mark.parametrize("held", ["sdk", "reference"])
def test_each_runs_one_scenario_at_a_time(held: str) -> None:
    slow, quick = Held(PATIENCE), Scripted({})
    runs = _side_by_side(slow, quick, held)
    for scenario in (ONE, TWO):
        runs.begin(scenario)
    for scenario in (ONE, TWO):
        runs.both(scenario)
    runs.close()
    assert slow.asked == quick.asked == ["one", "two"]
    assert slow.at_once == 1


@pytest.mark.parametrize("held", ["sdk", "reference"])
def test_what_was_begun_and_never_waited_for_does_not_run_once_it_closes(held: str) -> None:
    slow, quick = Held(LIMIT), Scripted({})
    runs = _side_by_side(slow, quick, held)
    for scenario in (ONE, TWO):
        runs.begin(scenario)
    assert slow.runs_now.wait(LIMIT)
    waiting = (runs._observed if held == "sdk" else runs._expected)["two"]

    def let_go_once_given_up() -> None:
        until = time.monotonic() + LIMIT
        while not waiting.cancelled() and time.monotonic() < until:
            time.sleep(0.001)
        slow.let_go.set()

    watcher = threading.Thread(target=let_go_once_given_up)
    watcher.start()
    runs.close()
    watcher.join()
    assert slow.begun == ["one"]
    assert (slow.closed, quick.closed) == (1, 1)


def _side_by_side(slow: Scripted, quick: Scripted, held: str) -> SideBySide:
    sdk, reference = (slow, quick) if held == "sdk" else (quick, slow)
    return SideBySide(sdk, lambda: reference, PROFILE, PROFILE)


def test_both_are_killed() -> None:
    sdk, reference = Scripted({}), Scripted({})
    runs = SideBySide(sdk, lambda: reference, PROFILE, PROFILE)
    runs.both(ONE)
    runs.kill()
    assert (sdk.killed, reference.killed) == (1, 1)
    runs.close()


def test_a_reference_that_did_not_start_is_not_killed(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> Scripted:
        raise OSError("no memory")

    sdk = Scripted({})
    runs = SideBySide(sdk, fails, PROFILE, PROFILE)
    with pytest.raises(OSError, match="no memory"):
        runs.both(ONE)
    runs.kill()
    assert sdk.killed == 1
    assert caplog.records == []
    runs.close()
