"""SDKs that get the fifteen minutes of training wrong."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll

from .declaration import ACROSS_TRAINING, Chapter
from .patches import WithObserver, WithPoll

SDKS: Final = Chapter()

SDKS.edited(
    "logs_training_too_early",
    under="tinker-0.38",
    changes={"observer.training.grace_seconds": 899.99},
    caught_by="grace.boundary",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
)

SDKS.edited(
    "logs_training_at_once",
    under="tinker-0.38",
    changes={"observer.training.grace_seconds": 0.0},
    caught_by="grace.boundary",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=(
        *ACROSS_TRAINING,
        "concurrency.grace",
        "concurrency.training_on_threads",
        "grace.active",
        "grace.change_of_state",
        "grace.completion",
        "grace.monotonic_clock",
        "grace.then_once_a_minute",
    ),
)

SDKS.edited(
    "has_a_grace_too_early",
    under="tinker-0.21",
    changes={"observer.training.grace_seconds": 900.0},
    caught_by="debounce.training",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    also=(
        *ACROSS_TRAINING,
        "concurrency.training_on_threads",
    ),
)


class _AnewAfterALine(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        before = self._memory.logged_at
        super().on_queue_state_change(state, reason)
        if self._memory.logged_at != before:
            self._memory.state = None


@SDKS.adapter(
    "begins_the_grace_anew_after_each_line",
    under="tinker-0.38",
    caught_by="grace.then_once_a_minute",
    saying="at 960.000 s: wanted a pause line at 960.000 s, got nothing",
    also=(
        "concurrency.training_on_threads",
        "reasons.of_the_server",
    ),
)
class _BeginsTheGraceAnewAfterEachLine(WithObserver):
    observer = _AnewAfterALine


class _OneGraceForAllPauses(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if state is not QueueState.ACTIVE and self._memory.state not in (None, QueueState.ACTIVE):
            self._memory.state = state
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "goes_on_with_the_grace_in_another_state",
    under="tinker-0.38",
    caught_by="grace.change_of_state",
    saying="got the line 'Training for model-1 is paused. Reason: concurrent training clients ra",
)
class _GoesOnWithTheGraceInAnotherState(WithObserver):
    observer = _OneGraceForAllPauses


class _IgnoresActive(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if state is not QueueState.ACTIVE:
            super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "goes_on_with_the_grace_after_active",
    under="tinker-0.38",
    caught_by="grace.active",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=(
        "concurrency.grace",
        "grace.completion",
    ),
)
class _GoesOnWithTheGraceAfterActive(WithObserver):
    observer = _IgnoresActive


class _KeepsTheGrace(Poll):
    __slots__ = ()

    def _notify_completion(self) -> None:
        match self.observer:
            case ClientObserver(_memory=memory):
                state, since = memory.state, memory.state_since
                super()._notify_completion()
                memory.state, memory.state_since = state, since
            case _:
                super()._notify_completion()


@SDKS.adapter(
    "goes_on_with_the_grace_after_a_future",
    under="tinker-0.38",
    caught_by="grace.completion",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=("concurrency.grace",),
)
class _GoesOnWithTheGraceAfterAFuture(WithPoll):
    poll = _KeepsTheGrace


SDKS.edited(
    "measures_the_grace_by_the_wall_clock",
    under="tinker-0.38",
    changes={"observer.grace_clock": "wall"},
    caught_by="grace.monotonic_clock",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
)

SDKS.edited(
    "has_a_grace_for_sampling",
    under="tinker-0.38",
    changes={"observer.sampling.grace_seconds": 900.0},
    caught_by="grace.not_for_sampling",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    also=(
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "debounce.across_futures",
        "debounce.across_states",
        "debounce.active",
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.clock_stepping_back",
        "debounce.first_pause_logs",
        "debounce.fraction",
        "debounce.separate_clients",
        "debounce.wall_clock",
        "debounce.within_a_minute",
        "messages.sampling_identifier",
        "messages.sampling_level",
        "messages.sampling_text",
        "messages.sampling_verb",
        "reasons.of_the_server",
        "reasons.sampling",
        "reasons.sampling_unknown",
        "telemetry.beside_the_line",
        "wiring.compute_logprobs",
        "wiring.sample",
    ),
)

SDKS.edited(
    "has_no_grace_for_creation",
    under="tinker-0.38",
    changes={"observer.model_creation.grace_seconds": 0.0},
    caught_by="grace.model_creation",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: Tinker backend is ",
)
