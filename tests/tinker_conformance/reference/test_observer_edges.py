"""Edges of the observer that mutation testing found unwatched (see docs/explanation/mutation.md)."""

from __future__ import annotations

import logging
import time

import msgspec
import pytest
from freezegun import freeze_time

from tinker_conformance.profile.profile import ObserverFacet
from tinker_conformance.profile.profile_files import load_profile, observer_revision
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.observer import (
    ClientObserver,
    QueueStateObserver,
    log_state_change,
    reason_for_state,
    should_log,
)

PYTHON = observer_revision("tinker-0.5.1")
NEWEST = observer_revision("tinker-0.38")
EXCLUSIVE = msgspec.structs.replace(PYTHON, interval_inclusive=False)
START = "2025-06-15 12:00:00"


def _sampler(facet: ObserverFacet = PYTHON) -> ClientObserver:
    return ClientObserver(ClientKind.SAMPLING, "s", facet)


def _logs(observer: ClientObserver, caplog: pytest.LogCaptureFixture) -> bool:
    caplog.clear()
    observer.on_queue_state_change(QueueState.PAUSED_CAPACITY)
    return bool(caplog.records)


@pytest.mark.parametrize(("ago", "due"), [(59, False), (60, False), (60.001, True), (61, True), (7200, True)])
def test_an_exclusive_interval_is_due_after_it(ago: float, due: bool) -> None:
    with freeze_time(START):
        assert should_log(time.time() - ago, facet=EXCLUSIVE) is due


@pytest.mark.parametrize(("later", "due"), [(59.9, False), (60, False), (60.1, True), (3600, True)])
def test_a_client_with_an_exclusive_interval_logs_after_it(
    later: float, due: bool, caplog: pytest.LogCaptureFixture
) -> None:
    observer = _sampler(EXCLUSIVE)
    with freeze_time(START) as clock:
        assert _logs(observer, caplog)
        clock.tick(later)
        assert _logs(observer, caplog) is due


@pytest.mark.parametrize(("since_1970", "logs"), [(59.5, False), (60.0, True)])
def test_never_logged_means_at_the_beginning_of_1970(
    since_1970: float, logs: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinker_conformance.reference.observer.time.time", lambda: since_1970)
    observer = _sampler()
    observer.on_queue_state_change(QueueState.PAUSED_CAPACITY)
    assert bool(caplog.records) is logs


@pytest.mark.parametrize("seconds", [1.0, 900.0])
def test_a_grace_period_is_over_from_its_end_on(seconds: float, caplog: pytest.LogCaptureFixture) -> None:
    training = msgspec.structs.replace(NEWEST.training, grace_seconds=seconds)
    observer = ClientObserver(ClientKind.TRAINING, "m", msgspec.structs.replace(NEWEST, training=training))
    with freeze_time(START) as clock:
        assert not _logs(observer, caplog)
        clock.tick(seconds - 0.5)
        assert not _logs(observer, caplog)
        clock.tick(1)
        assert _logs(observer, caplog)


def test_a_clock_that_was_just_set_up_measures_a_grace_period_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = ClientObserver(ClientKind.TRAINING, "m", NEWEST)
    for now, logs in ((1.0, False), (900.5, False), (902.0, True)):
        monkeypatch.setattr("tinker_conformance.reference.observer.time.monotonic", lambda now=now: now)
        assert _logs(observer, caplog) is logs


def test_a_clock_that_was_just_set_up_measures_an_interval_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinker_conformance.reference.observer.time.time", lambda: 62.0)
    assert should_log(1.0, facet=EXCLUSIVE)
    assert should_log(1.0, facet=PYTHON)
    assert not should_log(3.0, facet=EXCLUSIVE)


def test_a_client_without_texts_handles_active_without_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ClientObserver(ClientKind.MODEL_CREATION, "m", PYTHON).on_queue_state_change(QueueState.ACTIVE)
    assert not caplog.records


def test_observers_are_equal_only_to_themselves_and_keep_their_memory_to_themselves() -> None:
    assert _sampler() != _sampler()
    assert len({_sampler(), _sampler()}) == 2
    assert "memory" not in repr(_sampler()).lower()


def test_an_observer_must_say_what_it_does_with_a_state() -> None:
    with pytest.raises(TypeError, match="abstract"):
        QueueStateObserver()  # type: ignore[abstract]


def test_the_profile_of_a_public_function_is_named() -> None:
    profile = load_profile("tinker-0.5.1")
    with pytest.raises(TypeError):
        log_state_change("active", "sampling", "s", profile)  # type: ignore[misc]
    with pytest.raises(TypeError):
        should_log(0.0, 60, profile)  # type: ignore[misc]
    with pytest.raises(TypeError):
        reason_for_state("active", "sampling", profile)  # type: ignore[misc]


def test_the_line_is_logged_for_the_kind_of_client(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        log_state_change("unknown", "training", "m")
    assert [record.getMessage() for record in caplog.records] == ["Training is paused for m. Reason: unknown"]
