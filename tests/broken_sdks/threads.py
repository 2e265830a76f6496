"""SDKs that are not thread-safe, or that treat threads wrongly."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar, Final

from tinker_conformance.profile.profile import ObserverError
from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver, _log_pause, _Memory
from tinker_conformance.reference.polling import Poll
from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext

from .declaration import Chapter, ShowsSomewhere
from .patches import WithObserver, WithPoll
from .shows_in import on_threads
from .unbroken import Unbroken

SDKS: Final = Chapter()

_LIMIT_SECONDS: Final = 10.0
"""The longest wait for another thread, real seconds."""


def _on_a_thread() -> bool:
    return threading.current_thread() is not threading.main_thread()


class ConcurrentThreads(ShowsSomewhere):
    """Runs its futures concurrently on their threads; for all other broken SDKs, threads take turns."""

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return on_threads(unbroken)


class _MemoryOfThisThread(ClientObserver):
    @property
    def _memory(self) -> _Memory:  # type: ignore[override]
        local = vars(self).setdefault("_local", threading.local())
        return vars(local).setdefault("memory", _Memory())


@SDKS.adapter(
    "has_a_window_for_each_thread",
    under="tinker-0.5.1",
    caught_by="concurrency.one_minute_on_threads",
    saying="wanted nothing, got the line 'Sampling is paused for sampler sampler-1. Reason: out of c",
    also=("concurrency.clients_on_threads", "concurrency.training_on_threads"),
)
class _HasAWindowForEachThread(ConcurrentThreads, WithObserver):
    observer = _MemoryOfThisThread


class _StampsOnEveryThread(ClientObserver):
    def _should_log_now(self, state: QueueState) -> bool:
        due = super()._should_log_now(state)
        if _on_a_thread():
            self._memory.logged_at = time.time()
        return due


@SDKS.adapter(
    "restarts_the_window_on_every_thread",
    under="tinkex-seed",
    caught_by="concurrency.one_minute_on_threads",
    saying="wanted a pause line for sampler-1 after clock step 2 of the script, got nothing",
)
class _RestartsTheWindowOnEveryThread(ConcurrentThreads, WithObserver):
    observer = _StampsOnEveryThread


class _ChecksThenSets(ClientObserver):
    """Has no lock: between check and update of the first thread, the second thread logs too."""

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if not _on_a_thread() or state is QueueState.ACTIVE:
            super().on_queue_state_change(state, reason)
        elif time.time() - self._memory.logged_at >= self.facet.interval_seconds:
            self._is_overtaken()
            self._memory.logged_at = time.time()
            _log_pause(state, self.kind, self.identifier, self.facet, reason)

    def _is_overtaken(self) -> None:
        overtaken = vars(self).setdefault("_overtaken", threading.Event())
        if vars(self).setdefault("_first", threading.get_ident()) == threading.get_ident():
            assert overtaken.wait(_LIMIT_SECONDS)
        else:
            overtaken.set()


@SDKS.adapter(
    "checks_and_sets_without_a_lock",
    under="tinker-0.10",
    caught_by="concurrency.training_on_threads",
    saying="wanted nothing, got the line 'Training for model-1 is paused.",
    also=("concurrency.clients_on_threads", "concurrency.one_minute_on_threads"),
)
class _ChecksAndSetsWithoutALock(ConcurrentThreads, WithObserver):
    observer = _ChecksThenSets


@SDKS.adapter(
    "shares_a_window_between_clients_on_threads",
    under="tinker-0.38",
    caught_by="concurrency.clients_on_threads",
    saying="wanted a pause line for sampler-",
)
class _SharesAWindowBetweenClientsOnThreads(ConcurrentThreads):
    def __init__(self) -> None:
        super().__init__()
        self._shared = _Memory()
        self._lock = threading.Lock()

    def run_on_thread(self, client: Any, call: OperationCall) -> None:
        client.observer._memory = self._shared
        client.observer._deciding = self._lock
        super().run_on_thread(client, call)


class _NotifiesFromOneThread(Poll):
    __slots__ = ()
    notified: ClassVar[dict[object, int]] = {}

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        thread = threading.get_ident()
        if self.notified.setdefault((id(self.observer), state, time.time()), thread) == thread:
            super()._notify(state, reason, on_error)


@SDKS.adapter(
    "notifies_from_one_thread_only",
    under="tinker-0.5.1",
    caught_by="concurrency.each_thread_is_heard",
    saying="8 times, got the observer notified of 'paused_capacity' 1 time",
)
class _NotifiesFromOneThreadOnly(ConcurrentThreads, WithPoll):
    poll = _NotifiesFromOneThread

    async def open(self, context: ScenarioContext) -> None:
        _NotifiesFromOneThread.notified.clear()
        await super().open(context)
