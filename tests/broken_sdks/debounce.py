"""SDKs whose 60 s window is too short or too long, starts at the wrong time, or has the wrong scope."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, ClassVar, Final

import msgspec

from fake_server.operations import Operation
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.clients import ModelCreation
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.scenario import ClientSpec
from tinker_conformance.sdk.adapter import OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import ACROSS_TRAINING, TIMES_OF_LINES, Chapter, ShowsSomewhere
from .patches import WithObserver
from .shows_in import (
    every,
    notifies,
    pauses,
    several_clients,
    several_creations,
    several_futures,
    submits,
    uses,
)
from .unbroken import Unbroken

SDKS: Final = Chapter()

SDKS.edited(
    "logs_at_59_seconds",
    under="tinker-0.5.1",
    changes={"observer.interval_seconds": 59.0},
    caught_by="debounce.within_a_minute",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: out of capacity'",
    also=(
        "debounce.long_uptime",
        "debounce.after_a_long_run",
        "concurrency.one_minute_for_a_client",
        "debounce.across_states",
        "debounce.active",
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.fraction",
        "debounce.training",
        "debounce.after_2038",
    ),
)

SDKS.edited(
    "logs_every_pause",
    under="tinker-0.38",
    changes={"observer.interval_seconds": 0.0},
    caught_by="debounce.within_a_minute",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: Tinker backend is ru",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        *ACROSS_TRAINING,
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "concurrency.training_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_external",
        "debounce.across_save_weights_for_sampler",
        *TIMES_OF_LINES,
        "debounce.begins_at_the_line",
        "debounce.first_pause_logs",
        "debounce.separate_clients",
        "grace.monotonic_clock",
        "grace.then_once_a_minute",
        "telemetry.beside_the_line",
        "debounce.any_time_of_day",
        "reasons.any_text",
        "session_polling.pause_afterwards",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "does_not_log_at_60_seconds",
    under="tinker-0.5.1",
    changes={"observer.interval_inclusive": False},
    caught_by="debounce.boundary",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
    also=(
        "debounce.before_1970",
        "debounce.summer_time",
        "debounce.fraction",
        "debounce.within_a_minute",
        "concurrency.one_minute_for_a_client",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_states",
        "debounce.active",
        "debounce.begins_at_the_line",
        "debounce.training",
        "debounce.wall_clock",
        "functions.should_log",
        "debounce.after_2038",
        "debounce.after_a_long_run",
    ),
)

SDKS.edited(
    "logs_a_millisecond_late",
    under="tinkex-seed",
    changes={"observer.interval_seconds": 60.001},
    caught_by="debounce.boundary",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
    also=(
        "concurrency.one_minute_for_a_client",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_states",
        "debounce.active",
        "debounce.begins_at_the_line",
        "debounce.fraction_or_whole_seconds",
        "debounce.training",
        "debounce.wall_clock",
        "debounce.within_a_minute",
        "debounce.after_a_long_run",
    ),
)

SDKS.edited(
    "logs_only_once",
    under="tinker-0.5.1",
    changes={"observer.interval_seconds": 1e9},
    caught_by="clock.moves",
    saying="at 1200.000 s: wanted a pause line after twenty minutes, got nothing",
)


class _StartsWithoutALine(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if self._memory.logged_at == 0.0:
            self._memory.logged_at = time.time()
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "starts_the_window_without_a_first_line",
    under="tinker-0.5.1",
    caught_by="debounce.first_pause_logs",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        *ACROSS_TRAINING,
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "concurrency.training_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_for_sampler",
        *TIMES_OF_LINES,
        "debounce.begins_at_the_line",
        "debounce.separate_clients",
        "debounce.training",
        "debounce.within_a_minute",
        "messages.sampling_text",
        "reasons.not_of_the_server",
        "reasons.sampling",
        "reasons.sampling_unknown",
        "telemetry.beside_the_line",
        "wiring.compute_logprobs",
        "wiring.sample",
        "debounce.any_time_of_day",
        "messages.any_sampling_identifier",
        "checkpoints.pause",
    ),
)
class _StartsTheWindowWithoutAFirstLine(WithObserver):
    observer = _StartsWithoutALine


class _TruncatesTime(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        now = int(time.time())
        if state is QueueState.ACTIVE or now - int(self._memory.logged_at) < 60:
            return
        self._memory.logged_at = 0.0
        super().on_queue_state_change(state, reason)
        self._memory.logged_at = now


@SDKS.adapter(
    "truncates_to_whole_seconds",
    under="tinker-0.5.1",
    caught_by="debounce.fraction",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: concurrent LoRA rate",
    also=(
        "debounce.after_a_long_run",
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.within_a_minute",
    ),
)
class _TruncatesToWholeSeconds(WithObserver):
    observer = _TruncatesTime


@SDKS.adapter(
    "truncates_to_whole_seconds_in_the_seed",
    under="tinkex-seed",
    caught_by="debounce.fraction_or_whole_seconds",
    saying="got the line 'Sampling is paused for sampler-1. Reason: concurrent LoRA rate limit hit'",
    also=(
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.within_a_minute",
    ),
)
class _TruncatesToWholeSecondsInTheSeed(WithObserver):
    observer = _TruncatesTime


class _ExtendsTheWindow(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(state, reason)
        if state is not QueueState.ACTIVE:
            self._memory.logged_at = time.time()


@SDKS.adapter(
    "extends_the_window_at_each_pause",
    under="tinker-0.5.1",
    caught_by="debounce.begins_at_the_line",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        *TIMES_OF_LINES,
        "debounce.training",
        "debounce.within_a_minute",
    ),
)
class _ExtendsTheWindowAtEachPause(WithObserver):
    observer = _ExtendsTheWindow


class _PerState(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        times: dict[QueueState, float] = vars(self).setdefault("times", {})
        self._memory.logged_at = times.get(state, 0.0)
        super().on_queue_state_change(state, reason)
        times[state] = self._memory.logged_at


@SDKS.adapter(
    "debounces_per_state",
    under="tinker-0.5.1",
    caught_by="debounce.across_states",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: concurrent LoRA rate",
    also=(
        "concurrency.one_minute_for_a_client",
        "debounce.active",
        "debounce.begins_at_the_line",
        "debounce.clock_stepping_back",
        "debounce.fraction",
        "debounce.training",
        "debounce.within_a_minute",
        "telemetry.beside_the_line",
    ),
)
class _DebouncesPerState(WithObserver):
    observer = _PerState


@SDKS.adapter(
    "debounces_per_future",
    under="tinker-0.5.1",
    caught_by="debounce.across_futures",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: out of capacity'",
    also=(
        *ACROSS_TRAINING,
        "concurrency.clients_on_threads",
        "concurrency.one_minute_on_threads",
        "concurrency.training_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_for_sampler",
        "debounce.separate_clients",
        "debounce.after_a_long_run",
    ),
    shows_in=several_futures,
)
class _DebouncesPerFuture(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        observer = getattr(client, "observer", None)
        if isinstance(observer, ClientObserver):
            observer._memory.logged_at = 0.0
        await super().run(client, call)


class _SharesMemory(ShowsSomewhere):
    """Shares the memory of observers between all clients of a kind."""

    kind: ClassVar[ClientKind]

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return several_clients(cls.kind)(unbroken)

    def __init__(self) -> None:
        super().__init__()
        self._memory: Any = None

    async def create_client(self, spec: ClientSpec) -> Any:
        client = await super().create_client(spec)
        observer = getattr(client, "observer", None)
        if isinstance(observer, ClientObserver) and spec.kind is self.kind:
            self._memory = self._memory or observer._memory
            observer._memory = self._memory
        return client


@SDKS.adapter(
    "shares_a_window_between_sampling_clients",
    under="tinker-0.5.1",
    caught_by="debounce.separate_clients",
    saying="at 1.000 s: wanted a pause line for sampler-b at 1.000 s, got nothing",
    also=(
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
    ),
)
class _SharesAWindowBetweenSamplingClients(_SharesMemory):
    kind = ClientKind.SAMPLING


@SDKS.adapter(
    "shares_a_window_between_training_clients",
    under="tinker-0.5.1",
    caught_by="debounce.separate_training_clients",
    saying="wanted a pause line for model-b before the first clock step of the script, got nothing",
)
class _SharesAWindowBetweenTrainingClients(_SharesMemory):
    kind = ClientKind.TRAINING


@SDKS.adapter(
    "shares_a_grace_period_between_training_clients",
    under="tinker-0.38",
    caught_by="debounce.separate_training_clients",
    saying="wanted a pause line for model-b after clock step 1 of the script, got nothing",
)
class _SharesAGracePeriodBetweenTrainingClients(_SharesMemory):
    kind = ClientKind.TRAINING


class _ForgetsBetweenFutures(ShowsSomewhere):
    """Gives each future of one operation an observer with a memory of its own."""

    operation: ClassVar[Operation]

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return several_futures(unbroken) and submits(cls.operation)(unbroken)

    async def run(self, client: object, call: OperationCall) -> None:
        observer = getattr(client, "observer", None)
        if isinstance(observer, ClientObserver) and call.operation is self.operation:
            kept, observer._memory = observer._memory, replace(observer._memory)
            try:
                await super().run(client, call)
            finally:
                observer._memory = kept
        else:
            await super().run(client, call)


def _forgets_between_futures_of(
    operation: Operation, under: str, saying: str, also: tuple[str, ...] = ()
) -> None:
    adapter = type(f"_OfThis{operation.name}", (_ForgetsBetweenFutures,), {"operation": operation})
    SDKS.adapter(
        f"keeps_nothing_between_futures_of_{operation.value}",
        under=under,
        caught_by=f"debounce.across_{operation.value}",
        saying=saying,
        also=also,
    )(adapter)


_forgets_between_futures_of(
    Operation.FORWARD, "tinker-0.5.1", "wanted nothing, got the line 'Training is paused"
)
_forgets_between_futures_of(
    Operation.FORWARD_BACKWARD,
    "tinkex-seed",
    "wanted nothing, got the line 'Training is paused",
    also=(
        "concurrency.training_on_threads",
        "debounce.separate_training_clients",
    ),
)
_forgets_between_futures_of(
    Operation.OPTIM_STEP,
    "tinker-0.38",
    "wanted a pause line for model-1 after clock step 1 of the script, got nothing",
)
for _operation, _under in (
    (Operation.SAVE_STATE, "tinker-0.5.1"),
    (Operation.LOAD_STATE, "tinker-0.10"),
    (Operation.SAVE_WEIGHTS_FOR_SAMPLER, "tinker-0.21"),
    (Operation.UNLOAD_MODEL, "tinker-0.1+tinker-0.1"),
    (Operation.SAVE_WEIGHTS_EXTERNAL, "tinker-0.38"),
):
    _forgets_between_futures_of(_operation, _under, "got")
_forgets_between_futures_of(
    Operation.COMPUTE_LOGPROBS, "tinker-0.5.1", "got the line 'Sampling is paused for sampler sampler-1"
)


@SDKS.adapter(
    "shares_a_window_between_creations",
    under="tinker-0.10",
    caught_by="debounce.separate_creations",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
    shows_in=several_creations,
)
class _SharesAWindowBetweenCreations(ReferenceAdapter):
    def __init__(self) -> None:
        super().__init__()
        self._memory: Any = None

    def _listened_to(self, client: Any) -> Any:
        if isinstance(client, ModelCreation) and client.observer is not None:
            self._memory = self._memory or client.observer._memory
            client.observer._memory = self._memory
        return super()._listened_to(client)


class _RestartsOnActive(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(state, reason)
        if state is QueueState.ACTIVE:
            self._memory.logged_at = time.time()


@SDKS.adapter(
    "restarts_the_window_on_active",
    under="tinker-0.5.1",
    caught_by="debounce.active",
    saying="at 1.000 s: wanted a pause line at 1.000 s, got nothing",
    also=(
        "concurrency.one_minute_for_a_client",
        "debounce.across_states",
    ),
    shows_in=notifies(QueueState.ACTIVE),
)
class _RestartsTheWindowOnActive(WithObserver):
    observer = _RestartsOnActive


class _EndsOnActive(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(state, reason)
        if state is QueueState.ACTIVE:
            self._memory.logged_at = 0.0


@SDKS.adapter(
    "ends_the_window_on_active",
    under="tinker-0.21",
    caught_by="debounce.active",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: Tinker backend is ru",
    also=(
        "concurrency.one_minute_for_a_client",
        "debounce.across_states",
    ),
    shows_in=every(pauses, notifies(QueueState.ACTIVE)),
)
class _EndsTheWindowOnActive(WithObserver):
    observer = _EndsOnActive


class _LogsActiveAsUnknown(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(QueueState.UNKNOWN if state is QueueState.ACTIVE else state, reason)


@SDKS.adapter(
    "logs_active",
    under="tinker-0.5.1",
    caught_by="debounce.active",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: unknown'",
    also=("debounce.across_states",),
    shows_in=notifies(QueueState.ACTIVE),
)
class _LogsActive(WithObserver):
    observer = _LogsActiveAsUnknown


class _LogsEveryFiveMinutes(ClientObserver):
    seconds: ClassVar[float] = 300.0

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if self.kind is ClientKind.TRAINING:
            self.facet = msgspec.structs.replace(self.facet, interval_seconds=self.seconds)
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "logs_training_every_five_minutes",
    under="tinker-0.5.1",
    caught_by="debounce.training",
    saying="at 60.000 s: wanted a pause line at 60.000 s, got nothing",
    also=(
        *TIMES_OF_LINES,
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "concurrency.training_on_threads",
        "debounce.begins_at_the_line",
        "debounce.within_a_minute",
    ),
    shows_in=every(pauses, uses(ClientKind.TRAINING)),
)
class _LogsTrainingEveryFiveMinutes(WithObserver):
    observer = _LogsEveryFiveMinutes


class _AbsoluteElapsedTime(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        now = time.time()
        if now < self._memory.logged_at:
            self._memory.logged_at = now - (self._memory.logged_at - now)
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "ignores_the_sign_of_elapsed_time",
    under="tinker-0.5.1",
    caught_by="debounce.clock_stepping_back",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: concurrent LoRA rate",
    also=(
        "debounce.before_1970",
        "debounce.wall_clock",
    ),
)
class _IgnoresTheSignOfElapsedTime(WithObserver):
    observer = _AbsoluteElapsedTime


SDKS.edited(
    "debounces_on_the_monotonic_clock",
    under="tinker-0.5.1",
    changes={"observer.debounce_clock": "monotonic"},
    caught_by="debounce.wall_clock",
    saying="at 0.001 s: wanted a pause line at 0.001 s, got nothing",
    also=(
        "debounce.before_1970",
        "debounce.after_a_long_run",
        "debounce.clock_stepping_back",
        "functions.should_log",
    ),
)
