"""SDKs that tell their observer the wrong thing, or at the wrong end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from tinker_conformance.profile.profile import ObserverError, StatusAction
from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.failures import RequestFailedError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result

from .declaration import ACROSS_TRAINING, Chapter
from .patches import WithPoll

SDKS: Final = Chapter()


class _QuietActive(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        if state is not QueueState.ACTIVE:
            super()._notify(state, reason, on_error)


@SDKS.adapter(
    "keeps_active_to_itself",
    under="tinker-0.5.1",
    caught_by="callback.states",
    saying="at 2.000 s: wanted the observer notified of 'active' at 2.000 s, got nothing",
    also=(
        "parsing.case_sensitive",
        "parsing.known_states",
        "parsing.spaces_count",
    ),
)
class _KeepsActiveToItself(WithPoll):
    poll = _QuietActive


SDKS.edited(
    "has_a_callback_without_a_reason",
    under="tinker-0.7",
    changes={"observer.passes_reason": False},
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason None",
    also=("reasons.of_the_server",),
)


class _NoReason(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        super()._notify(state, None, on_error)


@SDKS.adapter(
    "loses_the_reason",
    under="tinker-0.38",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason None",
    also=(
        "reasons.of_the_server",
        "reasons.of_the_server_for_creation",
    ),
)
class _LosesTheReason(WithPoll):
    poll = _NoReason


class _EmptyReason(Poll):
    __slots__ = ()

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        super()._notify(state, "" if reason is None else reason, on_error)


@SDKS.adapter(
    "passes_an_empty_text_for_no_reason",
    under="tinker-0.10",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_rate_limit' with the reason ''",
)
class _PassesAnEmptyTextForNoReason(WithPoll):
    poll = _EmptyReason


SDKS.edited(
    "dies_of_its_observer_on_408",
    under="tinker-0.5.1",
    changes={"observer.observer_error_on_408": "ends_poll"},
    caught_by="callback.error_is_swallowed",
    saying="at 0.000 s: wanted the observer notified of 'paused_rate_limit' at 0.000 s, got nothing",
)

SDKS.edited(
    "dies_of_its_observer_on_408_before_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_408": "ends_poll"},
    caught_by="callback.error_leaves_the_poll",
    saying="at 0.000 s: wanted 3 polls of future 1, got 1 poll of future 1",
)

SDKS.edited(
    "survives_its_observer_on_try_again",
    under="tinker-0.21",
    changes={"observer.observer_error_on_try_again": "swallowed"},
    caught_by="callback.error_ends_the_poll",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
)

SDKS.edited(
    "survives_its_observer_until_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_try_again": "swallowed"},
    caught_by="callback.error_ends_the_poll",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
)


class _NoReasonOnTryAgain(Poll):
    __slots__ = ()

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        super()._handle_try_again({k: "" if k == "queue_state_reason" else v for k, v in body.items()})


@SDKS.adapter(
    "loses_the_reason_of_a_try_again",
    under="tinker-0.38",
    caught_by="callback.reason",
    saying="got the observer notified of 'paused_capacity' with the reason ''",
    also=("reasons.of_the_server",),
)
class _LosesTheReasonOfATryAgain(WithPoll):
    poll = _NoReasonOnTryAgain


SDKS.edited(
    "survives_its_observer_at_the_end",
    under="tinker-0.38",
    changes={"observer.observer_error_on_completion": "swallowed"},
    caught_by="callback.error_at_the_end",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
)

SDKS.edited(
    "tells_nothing_at_the_end",
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


class _ResultsOnly(Poll):
    __slots__ = ()

    def _handle_success(self, response: httpx.Response) -> Result | None:
        kept = self.observer
        if response.is_success and "error" in response.text:
            self.observer = None
        try:
            return super()._handle_success(response)
        except RequestFailedError:
            self.observer = kept
            raise


@SDKS.adapter(
    "tells_active_after_results_only",
    under="tinker-0.38",
    caught_by="callback.active_on_completion",
    saying="at 0.000 s: wanted the observer notified of 'active' at 0.000 s, got nothing",
)
class _TellsActiveAfterResultsOnly(WithPoll):
    poll = _ResultsOnly


SDKS.edited(
    "tells_active_at_the_end",
    under="tinker-0.5.1",
    changes={"observer.notifies_active_on_completion": True},
    caught_by="callback.nothing_on_completion",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'active' at 0.000 s",
)


class _TellsAtAFatalStatus(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        if self.profile.polling.action(response.status_code) is StatusAction.ENDS:
            self._notify(QueueState.ACTIVE, None, ObserverError.SWALLOWED)
        await super()._handle_error_status(response)


@SDKS.adapter(
    "tells_active_at_a_fatal_status",
    under="tinker-0.38",
    caught_by="callback.nothing_on_fatal_status",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'active' at 0.000 s",
    also=(
        *ACROSS_TRAINING,
        "concurrency.training_on_threads",
    ),
)
class _TellsActiveAtAFatalStatus(WithPoll):
    poll = _TellsAtAFatalStatus
