"""SDKs that wait wrongly for the samples of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import httpx

from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.session_poller import SessionPoller
from tinker_conformance.reference.wire import Result
from tinker_conformance.sdk.adapter import ScenarioContext

from .declaration import Chapter
from .patches import WithPoll, WithSessionPoller, exactly, state_in
from .shows_in import refused_with, sends

SDKS: Final = Chapter()
_UNDER: Final = "tinker-0.38"

_WHAT_NEEDS_A_POLL: Final = (
    "session_polling.announced_size",
    "session_polling.bad_request",
    "session_polling.cursor",
    "session_polling.delays",
    "session_polling.ends_all",
    "session_polling.error_line",
    "session_polling.fetched",
    "session_polling.polled_again",
)

SDKS.edited(
    "does_not_wait_for_the_session",
    under=_UNDER,
    changes={"polling.session_polling.flag": "use_retrieve_futures"},
    caught_by="session_polling.result",
    saying="wanted poll 1 of the session sampler-1, got nothing",
    also=(*_WHAT_NEEDS_A_POLL, "cancellation.others_go_on"),
    shows_in=sends("retrieve_futures"),
)
SDKS.edited(
    "polls_a_session_elsewhere",
    under=_UNDER,
    changes={"polling.session_polling.path": "/api/v1/retrieve_many"},
    caught_by="session_polling.result",
    saying="wanted poll 1 of the session sampler-1, got nothing",
    also=(
        *_WHAT_NEEDS_A_POLL,
        "cancellation.others_go_on",
        "session_polling.failure",
        "session_polling.no_pause",
        "session_polling.pause_afterwards",
    ),
)
SDKS.edited(
    "polls_a_session_again_after_two_seconds",
    under=_UNDER,
    changes={"polling.session_polling.retry_seconds": 2.0},
    caught_by="session_polling.delays",
    saying="wanted poll 2 of the session sampler-1 at 1.000 s, got",
)
SDKS.edited(
    "polls_a_session_again_after_four_bad_requests",
    under=_UNDER,
    changes={"polling.session_polling.bad_request_budget": 4},
    caught_by="session_polling.bad_request",
    saying="wanted future 1 to end in 'error', got 'result'",
)
SDKS.edited(
    "does_not_say_what_it_fetched",
    under=_UNDER,
    changes={"polling.session_polling.reports_retrieved": False},
    caught_by="session_polling.fetched",
    saying="wanted a poll that reports future-1 as fetched, got nothing",
)
SDKS.edited(
    "words_the_end_of_a_session_otherwise",
    under=_UNDER,
    changes={"polling.session_polling.failure_error": "the session {session} cannot be polled: {error}"},
    caught_by="session_polling.error_line",
    saying='got the line "the session sampler-1 cannot be polled: NotFoundError',
)


class _Changed(SessionPoller):
    __slots__ = ()

    async def _ask(self, fetched: frozenset[str]) -> httpx.Response:
        return self.changed(await super()._ask(fetched))

    def changed(self, response: httpx.Response) -> httpx.Response:
        """Return what a reply is taken for."""
        raise NotImplementedError


class _StopsAtConflicts(_Changed):
    __slots__ = ()

    def changed(self, response: httpx.Response) -> httpx.Response:
        return httpx.Response(418) if response.status_code == 409 else response


@SDKS.adapter(
    "gives_up_a_session_at_409",
    under=_UNDER,
    caught_by="session_polling.polled_again",
    saying="wanted future 1 to end in 'result', got 'error'",
    also=("session_polling.delays",),
    shows_in=refused_with(409),
)
class _GivesUpASessionAt409(WithSessionPoller):
    poller = _StopsAtConflicts


class _Takes404For503(_Changed):
    __slots__ = ()

    def changed(self, response: httpx.Response) -> httpx.Response:
        return httpx.Response(503) if response.status_code == 404 else response


@SDKS.adapter(
    "polls_a_session_again_after_404",
    under=_UNDER,
    caught_by="session_polling.ends_all",
    saying="wanted future 1 to end in 'error', got 'result'",
    also=("session_polling.error_line",),
    shows_in=refused_with(404),
)
class _PollsASessionAgainAfter404(WithSessionPoller):
    poller = _Takes404For503


class _FailsTogether(SessionPoller):
    __slots__ = ()

    def _completions(self, response: httpx.Response) -> Mapping[str, int] | None:
        found = super()._completions(response)
        return None if b'"failed"' in response.content else found


@SDKS.adapter(
    "fails_all_samples_of_a_session_with_one",
    under=_UNDER,
    caught_by="session_polling.failure",
    saying="wanted future 2 to end in 'result', got 'error'",
)
class _FailsAllSamplesOfASessionWithOne(WithSessionPoller):
    poller = _FailsTogether


class _StaysAtTheBeginning(SessionPoller):
    __slots__ = ()

    def _completions(self, response: httpx.Response) -> Mapping[str, int] | None:
        found = super()._completions(response)
        self._cursor = 0
        return found


@SDKS.adapter(
    "polls_a_session_from_the_beginning_each_time",
    under=_UNDER,
    caught_by="session_polling.cursor",
    saying="wanted poll 2 of the session sampler-a from the cursor",
)
class _PollsASessionFromTheBeginningEachTime(WithSessionPoller):
    poller = _StaysAtTheBeginning


class _ForgetsSizes(SessionPoller):
    __slots__ = ()

    def _completions(self, response: httpx.Response) -> Mapping[str, int] | None:
        found = super()._completions(response)
        return None if found is None else dict.fromkeys(found, 0)


@SDKS.adapter(
    "ignores_the_size_that_a_session_announced",
    under=_UNDER,
    caught_by="session_polling.announced_size",
    saying="wanted retrieve_future 1 with allow_metadata_only false",
)
class _IgnoresTheSizeThatASessionAnnounced(WithSessionPoller):
    poller = _ForgetsSizes


class _TellsOfPauses(_Changed):
    __slots__ = ()
    listeners: ClassVar[list[Any]] = []

    def changed(self, response: httpx.Response) -> httpx.Response:
        if state := state_in(response):
            for listener in self.listeners:
                listener.on_queue_state_change(exactly(state), None)
        return response


@SDKS.adapter(
    "tells_of_a_pause_of_the_session",
    under=_UNDER,
    caught_by="session_polling.no_pause",
    saying="the observer notified of 'paused_capacity' at 0.000 s",
    shows_in=sends("retrieve_futures"),
)
class _TellsOfAPauseOfTheSession(WithSessionPoller):
    poller = _TellsOfPauses

    async def open(self, context: ScenarioContext) -> None:
        _TellsOfPauses.listeners.clear()
        await super().open(context)

    def _listened_to(self, client: Any) -> Any:
        made = super()._listened_to(client)
        _TellsOfPauses.listeners.append(made.observer)
        return made


class _Remembers(SessionPoller):
    __slots__ = ()
    completed: ClassVar[set[str]] = set()

    async def wait_for(self, request_id: str) -> int:
        size = await super().wait_for(request_id)
        self.completed.add(request_id)
        return size


class _SilentOnceCompleted(Poll):
    __slots__ = ()

    async def result(self) -> Result:
        if self.future.request_id in _Remembers.completed:
            self.observer = None
        return await super().result()


@SDKS.adapter(
    "tells_of_no_pause_of_a_sample_that_the_session_called_finished",
    under=_UNDER,
    caught_by="session_polling.pause_afterwards",
    saying="wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
    shows_in=sends("retrieve_futures"),
)
class _TellsOfNoPauseOfASampleThatTheSessionCalledFinished(WithSessionPoller, WithPoll):
    poller = _Remembers
    poll = _SilentOnceCompleted

    async def open(self, context: ScenarioContext) -> None:
        _Remembers.completed.clear()
        await super().open(context)
