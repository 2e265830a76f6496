"""The SDK and the reference beside each other: each runs one scenario at a time, and none after the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from test_judge import PROFILE, SCENARIOS

from tests.tinker_conformance.checks.small_timelines import end, line
from tests.tinker_conformance.judging.sessions import Scripted
from tinker_conformance.judging.side_by_side import Shortcuts, SideBySide
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.sdk.stored_runs import StoredRuns

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


def _never() -> Scripted:
    raise AssertionError("this session is not needed")


# -- a second session of the SDK ------------------------------------------------------------------------


def _many() -> list[Scenario]:
    return [msgspec.structs.replace(ONE, id=f"number-{number}") for number in range(40)]


def _with_a_second_that_opens_late() -> tuple[SideBySide, Scripted, threading.Event]:
    """Return a pair, its second session, and the event that lets it open."""
    second, let_go = Scripted({}), threading.Event()

    def opens_late() -> Scripted:
        let_go.wait(LIMIT)
        return second

    runs = SideBySide(Scripted({}), lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(opens_late))
    return runs, second, let_go


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not true() and time.monotonic() < until:
        time.sleep(0.001)
    assert true()


def test_a_second_session_takes_scenarios_off_the_first() -> None:
    first, second = Held(PATIENCE), Held(PATIENCE)
    runs = SideBySide(first, lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(lambda: second))
    scenarios = _many()
    for scenario in scenarios[:9]:
        runs.begin(scenario)
    opened = runs._second
    assert opened is not None
    _until(lambda: opened.ready)
    for scenario in scenarios:
        runs.begin(scenario)
    for scenario in scenarios:
        runs.both(scenario)
    runs.close()
    assert sorted(first.asked + second.asked) == sorted(scenario.id for scenario in scenarios)
    assert min(len(first.asked), len(second.asked)) > 10
    assert (first.closed, second.closed) == (1, 1)
    assert (first.at_once, second.at_once) == (1, 1)


def test_what_is_asked_for_one_by_one_has_one_session() -> None:
    first, second = Scripted({}), Scripted({})
    runs = SideBySide(first, lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(lambda: second))
    scenarios = _many()
    for scenario in scenarios:
        runs.both(scenario)
    runs.close()
    assert first.asked == [scenario.id for scenario in scenarios]
    assert (second.asked, second.closed) == ([], 0)


def test_the_session_that_has_less_to_do_takes_a_scenario_and_of_two_idle_ones_the_first() -> None:
    first, second = Held(LIMIT), Held(LIMIT)
    for session in (first, second):
        session.let_go.set()
    runs = SideBySide(first, lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(lambda: second))
    done, more = _many()[:12], _many()[12:]
    for scenario in done:
        runs.both(scenario)
    runs.begin(more[0])
    runs.both(more[0])
    opened = runs._second
    assert opened is not None, "more scenarios than are needed were run before one began ahead"
    _until(lambda: opened.ready)
    before = list(first.asked)
    for session in (first, second):
        session.let_go.clear()
    for scenario in more[1:5]:
        runs.begin(scenario)
    second.let_go.set()  # it ends its two, and the first still has two
    _until(lambda: opened.waiting == 0)
    second.let_go.clear()
    for scenario in more[5:8]:
        runs.begin(scenario)
    first.let_go.set()  # now the first is idle, and the second is not
    _until(lambda: runs._first.waiting == 0)
    runs.begin(more[8])
    second.let_go.set()
    for scenario in more[:9]:
        runs.both(scenario)
    runs.close()
    firsts = [scenario.id for scenario in (more[1], more[3], more[7], more[8])]
    assert first.asked == [*before, *firsts]
    assert second.asked == [scenario.id for scenario in (more[2], more[4], more[5], more[6])]


def test_few_scenarios_open_no_second_session() -> None:
    runs = SideBySide(Scripted({}), lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(_never))
    for scenario in _many()[:8]:
        runs.begin(scenario)
    assert runs._second is None
    runs.close()


def test_where_a_second_session_does_not_open_the_first_goes_on_alone() -> None:
    def fails() -> Scripted:
        raise OSError("no memory")

    first = Scripted({})
    runs = SideBySide(first, lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(fails))
    scenarios = _many()
    for scenario in scenarios:
        runs.begin(scenario)
        runs.both(scenario)
    assert runs._second is not None
    runs.kill()
    runs.close()
    assert first.asked == [scenario.id for scenario in scenarios]
    assert (first.killed, first.closed) == (1, 1)


def test_a_fault_in_either_session_is_seen() -> None:
    broken = Run((), Fault(FaultKind.CRASH, "it broke"))
    second = Scripted({scenario.id: broken for scenario in _many()[9:]})
    runs = SideBySide(Held(PATIENCE), lambda: Scripted({}), PROFILE, PROFILE, Shortcuts(lambda: second))
    for scenario in _many()[:9]:
        runs.begin(scenario)
    opened = runs._second
    assert opened is not None
    _until(lambda: opened.ready)
    assert runs.without_fault
    for scenario in _many():
        runs.begin(scenario)
    for scenario in _many():
        runs.both(scenario)
    assert not runs.without_fault
    runs.close()


def test_a_session_that_is_still_opening_when_all_are_killed_is_killed() -> None:
    runs, second, let_go = _with_a_second_that_opens_late()
    for scenario in _many():
        runs.begin(scenario)
    runs.kill()
    let_go.set()
    runs.close()
    _until(lambda: second.closed == 1)
    assert (second.asked, second.killed) == ([], 1)


def test_nobody_waits_in_the_end_for_a_second_session_that_does_not_open() -> None:
    runs, second, let_go = _with_a_second_that_opens_late()
    for scenario in _many():
        runs.begin(scenario)
        runs.both(scenario)
    runs.close()
    assert second.closed == 0
    let_go.set()
    _until(lambda: second.closed == 1)


def test_a_session_that_is_opened_after_all_were_killed_is_killed() -> None:
    reference = Scripted({})
    runs = SideBySide(Scripted({}), lambda: reference, PROFILE, PROFILE)
    runs.kill()
    runs.both(ONE)
    runs.close()
    assert (reference.killed, reference.closed) == (1, 1)


# -- runs of the reference that were kept ---------------------------------------------------------------


def _kept(folder: Path) -> Shortcuts:
    return Shortcuts(stored=lambda profile: StoredRuns(profile, folder, SCENARIOS))


def test_what_the_reference_has_played_is_not_played_again(tmp_path: Path) -> None:
    reference = Scripted({"one": (line("paused"), end(2.0))})
    runs = SideBySide(Scripted({}), lambda: reference, PROFILE, PROFILE, _kept(tmp_path))
    expected, _ = runs.both(ONE)
    runs.close()
    again = SideBySide(Scripted({}), _never, PROFILE, PROFILE, _kept(tmp_path))
    assert again.both(ONE)[0] == expected
    again.close()


def test_a_kept_run_is_played_once_if_an_sdk_does_not_agree_with_it(tmp_path: Path) -> None:
    runs = SideBySide(Scripted({}), lambda: Scripted({}), PROFILE, PROFILE, _kept(tmp_path))
    runs.both(ONE)
    runs.close()
    reference = Scripted({"one": (line("paused"), end(2.0))})
    again = SideBySide(Scripted({}), lambda: reference, PROFILE, PROFILE, _kept(tmp_path))
    assert again.both(ONE)[0] == Run(())
    played = again.played(ONE)
    assert played is not None
    assert played.timeline == reference.runs["one"]
    assert again.both(ONE)[0] == played
    assert again.played(ONE) is None
    assert reference.asked == ["one"]
    again.close()


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
