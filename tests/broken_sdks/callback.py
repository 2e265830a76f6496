"""SDKs that call their observer with wrong arguments, or handle its exceptions wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from tinker_conformance.profile.profile import ObserverError, StatusAction
from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result
from tinker_conformance.scenario import ObserverUse
from tinker_conformance.timeline import OutcomeKind

from .declaration import ACROSS_TRAINING, Chapter
from .patches import WithPoll
from .shows_in import ends_in, gives_a_reason, notifies, observed_by

SDKS: Final = Chapter()


class _DropsActive(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        if state is not QueueState.ACTIVE:
            super()._notify(state, reason, on_error)


@SDKS.adapter(
    "does_not_notify_of_active",
    under="tinker-0.5.1",
    caught_by="callback.states",
    saying="at 2.000 s: wanted the observer notified of 'active' at 2.000 s, got nothing",
    also=(
        "parsing.case_sensitive",
        "parsing.known_states",
        "parsing.spaces_count",
    ),
    shows_in=notifies(QueueState.ACTIVE),
)
class _DoesNotNotifyOfActive(WithPoll):
    poll = _DropsActive


SDKS.edited(
    "calls_the_observer_without_a_reason",
    under="tinker-0.7",
    changes={"observer.passes_reason": False},
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason None",
    also=(
        "reasons.of_the_server",
        "reasons.any_text",
    ),
    shows_in=gives_a_reason,
)


class _DropsTheReason(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        super()._notify(state, None, on_error)


@SDKS.adapter(
    "passes_none_as_reason",
    under="tinker-0.38",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason None",
    also=(
        "reasons.of_the_server",
        "reasons.of_the_server_for_creation",
        "reasons.any_text",
    ),
    shows_in=gives_a_reason,
)
class _PassesNoneAsReason(WithPoll):
    poll = _DropsTheReason


class _PassesAnEmptyReason(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        super()._notify(state, "" if reason is None else reason, on_error)


@SDKS.adapter(
    "passes_an_empty_string_as_reason",
    under="tinker-0.10",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_rate_limit' with the reason ''",
)
class _PassesAnEmptyStringAsReason(WithPoll):
    poll = _PassesAnEmptyReason


SDKS.edited(
    "fails_on_an_observer_error_on_408",
    under="tinker-0.5.1",
    changes={"observer.observer_error_on_408": "ends_poll"},
    caught_by="callback.error_is_swallowed",
    saying="at 0.000 s: wanted the observer notified of 'paused_rate_limit' at 0.000 s, got nothing",
    shows_in=observed_by(ObserverUse.RAISING),
)

SDKS.edited(
    "fails_on_an_observer_error_on_408_before_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_408": "ends_poll"},
    caught_by="callback.error_leaves_the_poll",
    saying="at 0.000 s: wanted 3 polls of future 1, got 1 poll of future 1",
    shows_in=observed_by(ObserverUse.RAISING),
)

SDKS.edited(
    "swallows_an_observer_error_on_try_again",
    under="tinker-0.21",
    changes={"observer.observer_error_on_try_again": "swallowed"},
    caught_by="callback.error_ends_the_poll",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
    shows_in=observed_by(ObserverUse.RAISING),
)

SDKS.edited(
    "swallows_an_observer_error_until_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_try_again": "swallowed"},
    caught_by="callback.error_ends_the_poll",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    shows_in=observed_by(ObserverUse.RAISING),
)


class _NoReasonInATryAgain(Poll):
    __slots__ = ()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        super()._handle_try_again({k: "" if k == "queue_state_reason" else v for k, v in body.items()})


@SDKS.adapter(
    "drops_the_reason_of_a_try_again",
    under="tinker-0.38",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason ''",
    also=("reasons.of_the_server",),
    shows_in=gives_a_reason,
)
class _DropsTheReasonOfATryAgain(WithPoll):
    poll = _NoReasonInATryAgain


SDKS.edited(
    "swallows_an_observer_error_at_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_completion": "swallowed"},
    caught_by="callback.error_at_the_end",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
    shows_in=observed_by(ObserverUse.RAISING),
)

SDKS.edited(
    "does_not_notify_at_the_end",
    under="tinker-0.38",
    changes={"observer.notifies_active_on_completion": False},
    caught_by="callback.active_on_completion",
    saying="at 0.000 s: wanted the observer notified of 'active' at 0.000 s, got nothing",
    also=(
        "callback.error_at_the_end",
        "concurrency.grace",
        "grace.completion",
    ),
)


class _NotifiesAfterResults(Poll):
    __slots__ = ()

    def _handle_success(self, response: httpx.Response) -> Result | None:
        kept = self.observer
        if response.is_success and "error" in response.text:
            self.observer = None
        try:
            return super()._handle_success(response)
        except FutureError:
            self.observer = kept
            raise


@SDKS.adapter(
    "notifies_active_after_results_but_not_failures",
    under="tinker-0.38",
    caught_by="callback.active_on_completion",
    saying="at 0.000 s: wanted the observer notified of 'active' at 0.000 s, got nothing",
    shows_in=ends_in(OutcomeKind.FAILED, OutcomeKind.ERROR),
)
class _NotifiesActiveAfterResultsButNotFailures(WithPoll):
    poll = _NotifiesAfterResults


SDKS.edited(
    "notifies_active_at_the_end",
    under="tinker-0.5.1",
    changes={"observer.notifies_active_on_completion": True},
    caught_by="callback.nothing_on_completion",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'active' at 0.000 s",
)


class _NotifiesAtAFatalStatus(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        if self.profile.polling.action(response.status_code) is StatusAction.ENDS:
            self._notify(QueueState.ACTIVE, None, ObserverError.SWALLOWED)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "notifies_active_at_a_fatal_status",
    under="tinker-0.38",
    caught_by="callback.nothing_on_fatal_status",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'active' at 0.000 s",
    also=(
        *ACROSS_TRAINING,
        "concurrency.training_on_threads",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_external",
        "debounce.across_save_weights_for_sampler",
    ),
    shows_in=ends_in(OutcomeKind.ERROR),
)
class _NotifiesActiveAtAFatalStatus(WithPoll):
    poll = _NotifiesAtAFatalStatus
