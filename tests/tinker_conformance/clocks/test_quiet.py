"""A process is at rest only if nothing happens and no thread waits for its turn."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from tinker_conformance.clocks import quiet
from tinker_conformance.clocks.quiet import QUIET_LOOKS, QuietWatch


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processor time is used, and no other thread is runnable, whatever the test's process does."""
    monkeypatch.setattr(quiet, "_processor_seconds", lambda: 1.0)
    monkeypatch.setattr(quiet, "others_runnable", lambda: False)


@pytest.mark.usefixtures("idle")
def test_looks_in_a_row_must_find_nothing() -> None:
    watch = QuietWatch()
    assert [watch.at_rest(7) for _ in range(QUIET_LOOKS + 1)] == [False] * QUIET_LOOKS + [True]


@pytest.mark.usefixtures("idle")
def test_an_activity_restarts_the_looks() -> None:
    watch = QuietWatch()
    for activity in (7, 7, 8):
        assert not watch.at_rest(activity)
    assert [watch.at_rest(8) for _ in range(QUIET_LOOKS)] == [False] * (QUIET_LOOKS - 1) + [True]


@pytest.mark.usefixtures("idle")
def test_processor_time_means_work(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter(range(100))
    monkeypatch.setattr(quiet, "_processor_seconds", lambda: float(next(used)))
    watch = QuietWatch()
    assert not any(watch.at_rest(7) for _ in range(10))


@pytest.mark.usefixtures("idle")
def test_a_thread_that_waits_for_its_turn_means_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "others_runnable", lambda: True)
    watch = QuietWatch()
    assert not any(watch.at_rest(7) for _ in range(10))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells the state of threads")
def test_a_blocked_thread_is_not_runnable_and_a_busy_one_is() -> None:
    release, busy = threading.Event(), threading.Event()
    blocked = threading.Thread(target=release.wait)
    blocked.start()
    task = Path(f"/proc/self/task/{blocked.native_id}")
    fell_asleep = any(quiet._state(task) == b"S" for _ in range(10_000))
    release.set()
    blocked.join()
    assert fell_asleep

    def count() -> None:
        while not busy.is_set():
            hashlib.sha256(b"x" * 1_000_000)  # lets other threads run meanwhile

    counting = threading.Thread(target=count)
    counting.start()
    seen = any(quiet.others_runnable() for _ in range(1000))
    busy.set()
    counting.join()
    assert seen
