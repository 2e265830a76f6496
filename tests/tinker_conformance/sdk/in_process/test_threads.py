"""Futures on threads of their own: the scenarios, the rounds, and who runs on which thread."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable
from unittest import mock

import pytest

from tinker_conformance.clocks import race_provoker
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.quiet import LOOK_SECONDS, QuietWatch
from tinker_conformance.clocks.race_provoker import RaceProvoker
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, virtual_loops
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import in_chapter
from tinker_conformance.scenario import Scenario, ScenarioError, decode_scenario, encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.sdk.adapter import AdapterInfo, Capability, OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.sdk.in_process.runner import run_scenario
from tinker_conformance.sdk.in_process.worker import load_adapter
from tinker_conformance.sdk.session import ScenarioFaultError
from tinker_conformance.timeline import Callback, ClockStep, Outcome, OutcomeKind, Request, Timeline

PROFILE = load_profile("tinker-0.5.1")
PAUSE = {"timeout": {"queue_state": "paused_capacity"}}
SHORT = [PAUSE, {"complete": {}}]


def on_threads(*futures: object, **more: object) -> Scenario:
    data = {"id": "t", "client": "sampling", "threads": True, "futures": list(futures), **more}
    return decode_scenario(data, "test")


def timeline_of(adapter: ReferenceAdapter, scenario: Scenario) -> Timeline:
    clock = FrozenClock()
    loop = VirtualTimeLoop(clock)
    ended = threading.Event()
    watcher = threading.Thread(target=watch_for_idle, args=(clock, ended))
    try:
        with virtual_loops(clock), clock.frozen():
            watcher.start()
            return loop.run_until_complete(run_scenario(adapter, scenario, PROFILE, clock))
    finally:
        ended.set()
        watcher.join()
        loop.close()


def watch_for_idle(clock: FrozenClock, ended: threading.Event) -> None:
    """Move the clock when every thread is idle, as a worker process does."""
    watch = QuietWatch()
    while not ended.wait(LOOK_SECONDS):
        clock.jump_if_at_rest(watch)


class MeetingThreads(ReferenceAdapter):
    """The reference, with threads that wait until all of them have started."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.threads: dict[int, threading.Thread] = {}
        self._all_started = threading.Barrier(together)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        self.threads[call.future] = threading.current_thread()
        self._all_started.wait(10)
        super().run_on_thread(client, call)


def test_each_future_has_a_thread_of_its_own_and_those_of_a_round_are_there_together() -> None:
    adapter = MeetingThreads(4)
    timeline = timeline_of(
        adapter, on_threads(*[SHORT] * 4, {"before": [{"advance": 1}], "steps": SHORT}, *[SHORT] * 3)
    )
    assert [e.kind.value for e in timeline if isinstance(e, Outcome)] == ["result"] * 8
    assert len(set(adapter.threads.values())) == len(adapter.threads) == 8
    assert threading.main_thread() not in adapter.threads.values()


def test_a_round_begins_when_every_earlier_future_has_ended_and_the_clocks_have_moved() -> None:
    timeline = timeline_of(
        ReferenceAdapter(),
        on_threads(
            SHORT,
            SHORT,
            {"before": [{"advance": 30}, {"advance": {"wall": -5, "monotonic": 1}}], "steps": SHORT},
        ),
    )
    kinds = [type(event) for event in timeline]
    first_step = kinds.index(ClockStep)
    assert [type(e) for e in timeline[:first_step]].count(Outcome) == 2
    assert [e.future for e in timeline[:first_step] if isinstance(e, Request)].count(3) == 0
    assert [e.wall for e in timeline if isinstance(e, ClockStep)] == [30, -5]
    assert {e.at for e in timeline if e.future == 3 and not isinstance(e, ClockStep)} == {31}


def test_an_event_belongs_to_the_future_whose_thread_caused_it() -> None:
    timeline = timeline_of(ReferenceAdapter(), on_threads(*[SHORT] * 6))
    assert sorted(e.future or 0 for e in timeline if isinstance(e, Callback)) == [1, 2, 3, 4, 5, 6]


def test_an_error_on_a_thread_is_the_outcome_of_its_future() -> None:
    failing = {"operation": "compute_logprobs", "steps": [{"fail": {"category": "user"}}]}
    timeline = timeline_of(ReferenceAdapter(), on_threads(SHORT, failing))
    assert {e.future: e.kind.value for e in timeline if isinstance(e, Outcome)} == {1: "result", 2: "failed"}


def test_the_interpreter_is_as_before_afterwards() -> None:
    before, threads = sys.getswitchinterval(), threading.active_count()
    timeline_of(ReferenceAdapter(), on_threads(SHORT, SHORT))
    assert sys.getswitchinterval() == before
    assert threading.active_count() <= threads


def test_a_minute_is_kept_by_a_hundred_threads() -> None:
    adapter = MeetingThreads(100)
    timeline = timeline_of(adapter, on_threads(*[SHORT] * 100))
    assert len(set(adapter.threads.values())) == 100
    pause_lines = [e for e in timeline if getattr(e, "message", "").startswith("Sampling is paused")]
    assert len(pause_lines) == 1
    assert sum(isinstance(e, Callback) for e in timeline) == 100


class WithoutALock(ReferenceAdapter):
    """The reference without the lock between reading the last line's time and setting it."""

    def _watched(self, method: Callable[..., None]) -> Callable[..., None]:
        vars(method.__self__)["_deciding"] = contextlib.nullcontext()  # type: ignore[attr-defined]
        return super()._watched(method)


def test_a_decision_without_a_lock_is_caught_between_two_readings_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # On a busy machine the other thread may be slow to start; usually the wait is far shorter.
    monkeypatch.setattr(race_provoker, "_WAIT_SECONDS", 2.0)
    for adapter, lines in ((WithoutALock(), 2), (ReferenceAdapter(), 1)):
        timeline = timeline_of(adapter, on_threads(SHORT, SHORT))
        pause_lines = [e for e in timeline if getattr(e, "message", "").startswith("Sampling is paused")]
        assert len(pause_lines) == lines
        monkeypatch.setattr(race_provoker, "_WAIT_SECONDS", 0.001)


def test_two_threads_meet_after_an_observer_was_called_on_each() -> None:
    place, left = RaceProvoker(), []
    gate = threading.Barrier(2)

    def decide(name: str) -> None:
        place.observer_called()
        gate.wait(10)
        place.clock_read()
        left.append(name)

    with mock.patch.object(race_provoker, "_WAIT_SECONDS", 60.0):
        threads = [threading.Thread(target=decide, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(left) == ["a", "b"]


def test_nobody_waits_where_no_observer_was_called_or_longer_than_for_a_few_readings() -> None:
    place = RaceProvoker()
    with mock.patch.object(place, "_pair_up") as met:
        place.clock_read()
        assert met.call_count == 0
        place.observer_called()
        for _ in range(10):
            place.clock_read()
        assert met.call_count == 4


def test_a_thread_that_nobody_meets_goes_on_and_the_next_two_meet() -> None:
    place = RaceProvoker()
    place.observer_called()
    place.clock_read()  # alone: it would hang here
    assert not place._one_waits


# -- adapters ------------------------------------------------------------------------------------


class ClaimsThreadsWithoutMethod(ReferenceAdapter):
    """An adapter that claims threads but has no method to run on them."""

    run_on_thread = None  # type: ignore[assignment]


def test_an_adapter_that_claims_threads_must_have_the_method() -> None:
    with pytest.raises(SdkStartError, match="claims threads but has no method run_on_thread"):
        load_adapter(f"python:{__name__}:ClaimsThreadsWithoutMethod")


def test_a_scenario_on_threads_is_not_run_without_the_method() -> None:
    with pytest.raises(ScenarioFaultError, match="run_on_thread"):
        timeline_of(ClaimsThreadsWithoutMethod(), on_threads(SHORT))


def test_threads_are_claimed_and_concurrency_is_another_claim() -> None:
    scenario = on_threads(SHORT)
    claims = frozenset({Capability.SAMPLING, Capability.THREADS})
    info = AdapterInfo(name="x", version="1", capabilities=claims, operations=scenario.operations)
    assert unclaimed([scenario], info) == ()
    without = AdapterInfo(
        name="x", version="1", capabilities=claims - {Capability.THREADS}, operations=scenario.operations
    )
    assert unclaimed([scenario], without) == ("threads",)


# -- scenarios -----------------------------------------------------------------------------------


def test_the_rounds_of_a_scenario() -> None:
    step = {"before": [{"advance": 1}], "steps": SHORT}
    assert rounds(on_threads(SHORT, SHORT, step, SHORT, step)) == ((1, 2), (3, 4), (5,))
    together = {"id": "t", "client": "sampling", "futures": [SHORT, SHORT]}
    assert rounds(decode_scenario(together, "t")) == ((1,), (2,))
    assert rounds(decode_scenario({**together, "concurrent": True}, "t")) == ((1, 2),)


def test_a_scenario_on_threads_is_the_same_when_written_and_read_again() -> None:
    scenario = on_threads(SHORT, {"before": [{"advance": 1}], "steps": SHORT})
    assert scenario.concurrent
    assert decode_scenario(encode_scenario(scenario), "again") == scenario


@pytest.mark.parametrize(
    ("futures", "more", "pause_lines"),
    [
        (
            [[{"advance": 1}, {"complete": {}}]],
            {},
            "future 1: a future on threads can neither move the clocks nor have a timeout",
        ),
        (
            [SHORT, {"timeout": 3, "steps": SHORT}],
            {},
            "future 2: a future on threads can neither move the clocks nor have a timeout",
        ),
        ([SHORT], {"concurrent": True}, "already makes futures concurrent; remove 'concurrent'"),
        ([SHORT], {"concurrent": False}, "already makes futures concurrent; remove 'concurrent'"),
        (
            [SHORT, SHORT, [*SHORT, PAUSE]],
            {},
            "future 3: futures on threads with one client, operation and round must be equal",
        ),
        (
            [SHORT, {"observer": "raising", "steps": SHORT}],
            {},
            "future 2: futures on threads with one client",
        ),
        ([SHORT], {"threads": 3}, "expected true or false"),
    ],
)
def test_what_has_no_meaning_on_threads_is_an_error(
    futures: list[object], more: dict[str, object], pause_lines: str
) -> None:
    with pytest.raises(ScenarioError, match=pause_lines):
        on_threads(*futures, **more)


def test_every_requirement_on_threads_has_a_scenario_on_threads() -> None:
    asked = [r for r in in_chapter("concurrency") if Capability.THREADS in r.needs]
    scenarios = [shipped_scenarios()[identifier] for required in asked for identifier in required.scenarios]
    assert len(asked) == 4
    assert all(scenario.threads and len(rounds(scenario)[0]) > 5 for scenario in scenarios)


class LastFirst(ReferenceAdapter):
    """The reference, whose first future is submitted when the second has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._second_ended = asyncio.Event()

    async def run(self, client: object, call: OperationCall) -> None:
        if call.future == 1:
            await self._second_ended.wait()
        await super().run(client, call)
        self._second_ended.set()


def test_a_future_has_the_number_of_the_script_that_its_submission_received() -> None:
    scenario = decode_scenario(
        {
            "id": "t",
            "client": "sampling",
            "concurrent": True,
            "futures": [SHORT, [{"fail": {"category": "user"}}]],
        },
        "test",
    )
    timeline = timeline_of(LastFirst(), scenario)
    ends = [(event.future, event.kind) for event in timeline if isinstance(event, Outcome)]
    assert ends == [(1, OutcomeKind.RESULT), (2, OutcomeKind.FAILED)]
    assert {event.future for event in timeline if isinstance(event, Callback)} == {1}
