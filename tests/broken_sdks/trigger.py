"""SDKs that notify their observer after wrong replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import httpx

from tinker_conformance.profile.profile import ObserverError
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import json_or_none

from .declaration import ACROSS_TRAINING, Chapter
from .patches import WithPoll, state_in
from .run_memory import RunMemory
from .shows_in import every, gives_a_reason, polls_get, replies_with, several_polls, state_of, uses

SDKS: Final = Chapter()

SDKS.edited(
    "ignores_408_under_a_profile_without_try_again",
    under="tinker-0.5.1",
    changes={"observer.notify_on_408": "never"},
    caught_by="wiring.sample",
    saying="at 0.000 s: wanted a pause line with the identifier 'sampler-1', got nothing",
    also=(
        "clock.moves",
        "trigger.every_408",
        "trigger.http_408",
        "trigger.malformed_408",
        "wiring.compute_logprobs",
        "wiring.forward",
        "wiring.forward_backward",
        "wiring.load_state",
        "wiring.optim_step",
        "wiring.save_state",
        "wiring.save_weights_for_sampler",
    ),
)

SDKS.edited(
    "ignores_408",
    under="tinker-0.21",
    changes={"observer.notify_on_408": "never"},
    caught_by="trigger.http_408",
    saying="at 0.000 s: wanted the observer called after reply 1 (HTTP 408), got nothing",
    also=(
        "callback.error_is_swallowed",
        "callback.nothing_on_completion",
        "callback.nothing_on_fatal_status",
        "callback.reason",
        "concurrency.each_future_is_heard",
        "concurrency.each_thread_is_heard",
        "parsing.case_sensitive",
        "parsing.numbers",
        "parsing.other_words",
        "parsing.spaces_count",
        "reasons.model_creation_unknown",
        "reasons.sampling_unknown",
        "reasons.training_unknown",
        "trigger.every_408",
        "debounce.any_time_of_day",
        "session_polling.pause_afterwards",
    ),
    shows_in=polls_get(408),
)


class _Drops408InTraining(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        kept = self.observer
        if self.future.client is ClientKind.TRAINING:
            self.observer = None
        super()._handle_408(response)
        self.observer = kept


@SDKS.adapter(
    "ignores_408_in_training",
    under="tinker-0.21",
    caught_by="trigger.http_408",
    saying="at 0.000 s: wanted the observer called after reply 1 (HTTP 408), got nothing",
    also=(
        "callback.error_is_swallowed",
        "callback.nothing_on_completion",
        "callback.nothing_on_fatal_status",
        "callback.reason",
        "parsing.case_sensitive",
        "parsing.numbers",
        "parsing.other_words",
        "parsing.spaces_count",
        "reasons.training_unknown",
        "trigger.every_408",
    ),
    shows_in=every(polls_get(408), uses(ClientKind.TRAINING, ClientKind.MODEL_CREATION)),
)
class _Ignores408InTraining(WithPoll):
    poll = _Drops408InTraining


class _NotifiesOfChangesOn408(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        state = state_in(response)
        if state is None or state != self._state:
            super()._handle_408(response)
        self._state = state  # type: ignore[assignment]


@SDKS.adapter(
    "notifies_only_of_changes_on_408",
    under="tinker-0.5.1",
    caught_by="trigger.every_408",
    saying="at 61.000 s: wanted the observer called after reply 2 (HTTP 408), got nothing",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.after_a_long_run",
        "debounce.any_time_of_day",
        "debounce.begins_at_the_line",
        "debounce.boundary",
        "debounce.clock_stepping_back",
        "debounce.fraction",
        "debounce.wall_clock",
        "debounce.within_a_minute",
        "concurrency.each_future_is_heard",
        "parsing.numbers",
        "trigger.http_408",
        "debounce.after_2038",
        "checkpoints.pause",
    ),
)
class _NotifiesOnlyOfChangesOn408(WithPoll):
    poll = _NotifiesOfChangesOn408


SDKS.edited(
    "notifies_on_408_too",
    under="tinkex-seed",
    changes={"observer.notify_on_408": "truthy_state"},
    caught_by="trigger.not_408",
    saying="at 0.000 s: wanted nothing, got state 'paused_capacity' after reply 1 (HTTP 408)",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.after_a_long_run",
        "custom_observer.replaces_client",
        "debounce.after_2038",
        "debounce.any_time_of_day",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "ignores_try_again",
    under="tinker-0.21",
    changes={"observer.notify_on_try_again": "never"},
    caught_by="trigger.try_again",
    saying="at 0.000 s: wanted the observer called after reply 1 (HTTP 200 try_again), got nothing",
    also=(
        "callback.error_ends_the_poll",
        "callback.reason",
        "parsing.containers_end_the_poll",
        "reasons.of_the_server",
        "trigger.every_try_again",
        "trigger.try_again_gate",
        "session_polling.pause_afterwards",
    ),
)

SDKS.edited(
    "notifies_on_try_again_in_an_old_revision",
    under="tinker-0.5.1",
    changes={"observer.notify_on_try_again": "known_state_or_reason"},
    caught_by="trigger.not_try_again",
    saying="got state 'paused_capacity' after reply 1 (HTTP 200 try_again)",
)

SDKS.edited(
    "notifies_only_of_changes_on_try_again",
    under="tinker-0.21",
    changes={"observer.notify_on_try_again": "state_change"},
    caught_by="trigger.every_try_again",
    saying="at 61.000 s: wanted the observer called after reply 2 (HTTP 200 try_again), got nothing",
    also=(
        "trigger.try_again",
        "trigger.try_again_gate",
        "trigger.try_again_without_state",
    ),
)

SDKS.edited(
    "notifies_on_every_try_again",
    under="tinkex-seed",
    changes={"observer.notify_on_try_again": "known_state_or_reason"},
    caught_by="trigger.only_changes",
    saying="got state 'paused_capacity' after reply 2 (HTTP 200 try_again)",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "debounce.after_a_long_run",
        "debounce.any_time_of_day",
        "concurrency.each_future_has_a_state",
        "parsing.other_words",
        "reasons.sampling_unknown",
        "reasons.training_unknown",
        "trigger.try_again",
        "debounce.after_2038",
        "checkpoints.pause",
    ),
)


class _SharesTheLastState(Poll):
    __slots__ = ()
    latest: ClassVar = RunMemory[str, QueueState | None]()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        self._state = self.latest.get(self.base_url)
        super()._handle_try_again(body)
        self.latest[self.base_url] = self._state


@SDKS.adapter(
    "shares_the_last_state_between_futures",
    under="tinkex-seed",
    caught_by="trigger.only_changes",
    saying="at 61.000 s: wanted the observer called after reply 1 (HTTP 200 try_again), got nothing",
    also=(
        *ACROSS_TRAINING,
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.each_future_has_a_state",
        "concurrency.one_minute_on_threads",
        "concurrency.training_on_threads",
        "custom_observer.replaces_client",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_for_sampler",
        "debounce.separate_clients",
        "debounce.after_a_long_run",
    ),
    shows_in=several_polls,
)
class _SharesTheLastStateBetweenFutures(WithPoll):
    poll = _SharesTheLastState

    async def open(self, context: Any) -> None:
        _SharesTheLastState.latest.clear()
        await super().open(context)


class _NotifiesWithoutAState(Poll):
    __slots__ = ()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        super()._handle_try_again(body)
        if body.get("queue_state") is None:
            self._notify(QueueState.UNKNOWN, None, ObserverError.SWALLOWED)


@SDKS.adapter(
    "notifies_unknown_without_a_state",
    under="tinker-0.21",
    caught_by="trigger.try_again_without_state",
    saying="at 0.000 s: wanted nothing, got state 'unknown' after reply 1 (HTTP 200 try_again)",
    also=(),
)
class _NotifiesUnknownWithoutAState(WithPoll):
    poll = _NotifiesWithoutAState


class _RuleOf408OnTryAgain(Poll):
    __slots__ = ()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        if body.get("queue_state"):
            super()._handle_try_again({"queue_state_reason": "", **body})


@SDKS.adapter(
    "applies_the_rule_of_408_to_try_again",
    under="tinker-0.21",
    caught_by="trigger.try_again_gate",
    saying="at 0.000 s: wanted nothing, got state 'unknown' after reply 1 (HTTP 200 try_again)",
    also=("callback.reason", "polling.try_again_line"),
)
class _AppliesTheRuleOf408ToTryAgain(WithPoll):
    poll = _RuleOf408OnTryAgain


class _DropsEmptyReasons(Poll):
    __slots__ = ()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        super()._handle_try_again({**body, "queue_state_reason": body.get("queue_state_reason") or None})


@SDKS.adapter(
    "ignores_try_again_with_an_empty_reason",
    under="tinker-0.38",
    caught_by="trigger.try_again_gate",
    saying="at 122.000 s: wanted the observer called after reply 3 (HTTP 200 try_again), got nothing",
    shows_in=gives_a_reason,
)
class _IgnoresTryAgainWithAnEmptyReason(WithPoll):
    poll = _DropsEmptyReasons


class _RuleOfTryAgainOn408(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        if state is not QueueState.UNKNOWN or reason is not None:
            super()._notify(state, reason, on_error)


@SDKS.adapter(
    "applies_the_rule_of_try_again_to_408",
    under="tinker-0.21",
    caught_by="parsing.other_words",
    saying="at 0.000 s: wanted the observer notified of 'unknown' at 0.000 s, got nothing",
    also=(
        "parsing.case_sensitive",
        "parsing.numbers",
        "parsing.spaces_count",
        "reasons.model_creation_unknown",
        "reasons.sampling_unknown",
        "reasons.training_unknown",
    ),
)
class _AppliesTheRuleOfTryAgainTo408(WithPoll):
    poll = _RuleOfTryAgainOn408


class _NotifiesOnA503(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        if response.status_code == 503:
            self._handle_408(response)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "notifies_on_503",
    under="tinker-0.5.1",
    caught_by="trigger.server_errors",
    saying="at 0.000 s: wanted nothing, got state 'paused_capacity' after reply 3 (HTTP 503)",
    also=("trigger.malformed_408",),
    shows_in=polls_get(503),
)
class _NotifiesOn503(WithPoll):
    poll = _NotifiesOnA503


class _NotifiesOnA500(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        if response.status_code == 500 and (state_in(response)):
            self._notify(QueueState.UNKNOWN, None, ObserverError.SWALLOWED)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "notifies_unknown_on_500",
    under="tinker-0.38",
    caught_by="trigger.server_errors",
    saying="at 0.000 s: wanted nothing, got state 'unknown' after reply 1 (HTTP 500)",
    also=("trigger.malformed_408",),
    shows_in=polls_get(500),
)
class _NotifiesUnknownOn500(WithPoll):
    poll = _NotifiesOnA500


class _RequiresJson(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        if json_or_none(response) is None:
            raise FutureError("a 408 without JSON", official_class="ValueError", official_text="")
        super()._handle_408(response)


@SDKS.adapter(
    "fails_on_a_408_without_json",
    under="tinker-0.5.1",
    caught_by="trigger.malformed_408",
    saying="got 'error' (FutureError: a 408 without JSON)",
    also=(
        "polling.http_408",
        "polling.iteration_header",
        "polling.no_utf8",
    ),
    shows_in=replies_with(lambda _: False),
)
class _FailsOnA408WithoutJson(WithPoll):
    poll = _RequiresJson


class _RequiresAnObject(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        if isinstance(json_or_none(response), list):
            raise FutureError("a 408 that is an array", official_class="AttributeError", official_text="")
        super()._handle_408(response)


@SDKS.adapter(
    "fails_on_a_408_with_an_array",
    under="tinker-0.38",
    caught_by="trigger.malformed_408",
    saying="got 'error' (FutureError: a 408 that is an array)",
    shows_in=replies_with(lambda reply: isinstance(reply.body, list)),
)
class _FailsOnA408WithAnArray(WithPoll):
    poll = _RequiresAnObject


class _ReadsEmptyStates(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        super()._handle_408(response)
        if state_in(response) == "":
            self._notify(QueueState.UNKNOWN, None, ObserverError.SWALLOWED)


@SDKS.adapter(
    "reads_an_empty_state_as_unknown",
    under="tinker-0.5.1",
    caught_by="trigger.malformed_408",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'unknown' at 0.000 s",
    also=("trigger.server_errors",),
    shows_in=replies_with(lambda reply: state_of(reply) == ""),
)
class _ReadsAnEmptyStateAsUnknown(WithPoll):
    poll = _ReadsEmptyStates


class _ReadsNullStates(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        super()._handle_408(response)
        body = json_or_none(response)
        if isinstance(body, dict) and "queue_state" in body and body["queue_state"] is None:
            self._notify(QueueState.UNKNOWN, None, ObserverError.SWALLOWED)


@SDKS.adapter(
    "reads_null_as_unknown",
    under="tinker-0.21",
    caught_by="trigger.malformed_408",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'unknown' at 0.000 s",
    also=("trigger.server_errors",),
    shows_in=replies_with(lambda reply: isinstance(reply.body, dict) and state_of(reply) is None),
)
class _ReadsNullAsUnknown(WithPoll):
    poll = _ReadsNullStates
