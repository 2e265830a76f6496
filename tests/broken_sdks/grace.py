"""SDKs whose grace period (900 s at the start of a pause in training) is wrong."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll

from .declaration import ACROSS_TRAINING, TIMES_OF_LINES, Chapter
from .patches import WithObserver, WithPoll
from .shows_in import every, pauses, several_futures, uses

SDKS: Final = Chapter()

_HAVE_GRACE: Final = (ClientKind.TRAINING, ClientKind.MODEL_CREATION)

SDKS.edited(
    "ends_the_grace_period_early",
    under="tinker-0.38",
    changes={"observer.training.grace_seconds": 899.99},
    caught_by="grace.boundary",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
)

SDKS.edited(
    "has_no_grace_period_in_training",
    under="tinker-0.38",
    changes={"observer.training.grace_seconds": 0.0},
    caught_by="grace.boundary",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=(
        *TIMES_OF_LINES,
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.any_time_of_day",
        "reasons.any_text",
        *ACROSS_TRAINING,
        "concurrency.grace",
        "concurrency.training_on_threads",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_external",
        "debounce.across_save_weights_for_sampler",
        "debounce.begins_at_the_line",
        "debounce.first_pause_logs",
        "debounce.within_a_minute",
        "grace.active",
        "grace.change_of_state",
        "grace.completion",
        "grace.monotonic_clock",
        "grace.then_once_a_minute",
    ),
)

SDKS.edited(
    "has_a_grace_period_in_an_old_revision",
    under="tinker-0.21",
    changes={"observer.training.grace_seconds": 900.0},
    caught_by="debounce.training",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    also=(
        *TIMES_OF_LINES,
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.any_time_of_day",
        "reasons.any_text",
        *ACROSS_TRAINING,
        "concurrency.training_on_threads",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_external",
        "debounce.across_save_weights_for_sampler",
        "debounce.begins_at_the_line",
        "debounce.first_pause_logs",
        "debounce.within_a_minute",
        "checkpoints.pause",
    ),
)


class _RestartsAfterALine(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        before = self._memory.logged_at
        super().on_queue_state_change(state, reason)
        if self._memory.logged_at != before:
            self._memory.state = None


@SDKS.adapter(
    "restarts_the_grace_period_after_each_line",
    under="tinker-0.38",
    caught_by="grace.then_once_a_minute",
    saying="at 960.000 s: wanted a pause line at 960.000 s, got nothing",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.after_2038",
        "debounce.after_a_long_run",
        "reasons.any_text",
        "concurrency.training_on_threads",
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.fraction",
        "debounce.within_a_minute",
        "reasons.of_the_server",
        "reasons.of_the_server_for_creation",
    ),
    shows_in=every(pauses, uses(*_HAVE_GRACE)),
)
class _RestartsTheGracePeriodAfterEachLine(WithObserver):
    observer = _RestartsAfterALine


class _IgnoresChangesOfState(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if state is not QueueState.ACTIVE and self._memory.state not in (None, QueueState.ACTIVE):
            self._memory.state = state
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "keeps_the_grace_period_after_a_change_of_state",
    under="tinker-0.38",
    caught_by="grace.change_of_state",
    saying="got the line 'Training for model-1 is paused. Reason: concurrent training clients ra",
    also=("grace.active",),
    shows_in=every(pauses, uses(*_HAVE_GRACE)),
)
class _KeepsTheGracePeriodAfterAChangeOfState(WithObserver):
    observer = _IgnoresChangesOfState


class _IgnoresActive(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if state is not QueueState.ACTIVE:
            super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "keeps_the_grace_period_after_active",
    under="tinker-0.38",
    caught_by="grace.active",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=(
        "concurrency.grace",
        "grace.change_of_state",
        "grace.completion",
    ),
    shows_in=every(pauses, uses(*_HAVE_GRACE)),
)
class _KeepsTheGracePeriodAfterActive(WithObserver):
    observer = _IgnoresActive


class _KeepsTheGraceAfterAResult(Poll):
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
    "keeps_the_grace_period_after_a_future",
    under="tinker-0.38",
    caught_by="grace.completion",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=("concurrency.grace",),
    shows_in=every(pauses, several_futures, uses(*_HAVE_GRACE)),
)
class _KeepsTheGracePeriodAfterAFuture(WithPoll):
    poll = _KeepsTheGraceAfterAResult


SDKS.edited(
    "measures_the_grace_period_on_the_wall_clock",
    under="tinker-0.38",
    changes={"observer.grace_clock": "wall"},
    caught_by="grace.monotonic_clock",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=(
        "debounce.clock_stepping_back",
        "debounce.wall_clock",
    ),
    shows_in=pauses,
)

SDKS.edited(
    "has_a_grace_period_in_sampling",
    under="tinker-0.38",
    changes={"observer.sampling.grace_seconds": 900.0},
    caught_by="grace.not_for_sampling",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    also=(
        "debounce.long_uptime",
        "debounce.summer_time",
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        *TIMES_OF_LINES,
        "debounce.begins_at_the_line",
        "debounce.first_pause_logs",
        "debounce.separate_clients",
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
        "debounce.any_time_of_day",
        "messages.any_sampling_identifier",
        "reasons.any_text",
        "session_polling.pause_afterwards",
    ),
)

SDKS.edited(
    "has_no_grace_period_in_creation",
    under="tinker-0.38",
    changes={"observer.model_creation.grace_seconds": 0.0},
    caught_by="grace.model_creation",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: Tinker backend is ",
    also=(
        *TIMES_OF_LINES,
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.any_time_of_day",
        "reasons.any_text",
        "debounce.begins_at_the_line",
        "debounce.first_pause_logs",
        "debounce.within_a_minute",
        "grace.active",
        "grace.change_of_state",
        "grace.monotonic_clock",
        "grace.then_once_a_minute",
        "checkpoints.pause",
    ),
    shows_in=pauses,
)
