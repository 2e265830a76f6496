"""SDKs that mix up concurrent futures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import httpx

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result
from tinker_conformance.scenario import ClientSpec
from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import Chapter
from .patches import WithPoll
from .shows_in import every, futures_overlap, several_clients

SDKS: Final = Chapter()


class _CountsFuturesInFlight(ReferenceAdapter):
    """Counts the futures in flight."""

    def __init__(self) -> None:
        super().__init__()
        self._running = 0

    async def run(self, client: object, call: OperationCall) -> None:
        self._running += 1
        self._entered(client)
        try:
            await super().run(client, call)
        finally:
            self._running -= 1

    def _entered(self, client: Any) -> None:
        raise NotImplementedError


@SDKS.adapter(
    "has_a_window_for_each_concurrent_future",
    under="tinker-0.5.1",
    caught_by="concurrency.one_minute_for_a_client",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: out of capacity'",
    also=(
        "concurrency.a_minute_for_each_client",
        "concurrency.each_future_is_heard",
    ),
    shows_in=futures_overlap,
)
class _HasAWindowForEachConcurrentFuture(WithPoll):
    """Gives each concurrent future after the first a 60 s window of its own."""

    class poll(Poll):  # noqa: N801 - stands for an attribute
        __slots__ = ()
        in_flight: ClassVar[int] = 0

        async def result(self) -> Result:
            cls = type(self)
            cls.in_flight += 1
            if cls.in_flight > 1 and isinstance(self.observer, ClientObserver):
                own = ClientObserver(self.observer.kind, self.observer.identifier, self.observer.facet)
                self.observer = own
            try:
                return await super().result()
            finally:
                cls.in_flight -= 1


@SDKS.adapter(
    "shares_a_window_between_concurrent_clients",
    under="tinker-0.38",
    caught_by="concurrency.a_minute_for_each_client",
    saying="at 0.000 s: wanted a pause line for sampler-b at 0.000 s, got nothing",
    shows_in=every(futures_overlap, several_clients()),
)
class _SharesAWindowBetweenConcurrentClients(_CountsFuturesInFlight):
    def __init__(self) -> None:
        super().__init__()
        self._clients: list[Any] = []

    async def create_client(self, spec: ClientSpec) -> Any:
        client = await super().create_client(spec)
        self._clients.append(client)
        return client

    def _entered(self, client: Any) -> None:
        if self._running > 1:
            for other in self._clients:
                other.observer._memory = self._clients[0].observer._memory


class _ObservesThreePolls(Poll):
    __slots__ = ()
    in_flight: ClassVar[int] = 0

    async def result(self) -> Result:
        cls = type(self)
        cls.in_flight += 1
        if cls.in_flight > 3:
            self.observer = None
        try:
            return await super().result()
        finally:
            cls.in_flight -= 1


@SDKS.adapter(
    "observes_at_most_three_futures",
    under="tinker-0.5.1",
    caught_by="concurrency.each_future_is_heard",
    saying="got the observer notified of 'paused_capacity' 3 times",
    also=("concurrency.a_minute_for_each_client",),
    shows_in=futures_overlap,
)
class _ObservesAtMostThreeFutures(WithPoll):
    poll = _ObservesThreePolls


class _StateSharedByTheClient(Poll):
    __slots__ = ()
    states: ClassVar[dict[int, tuple[int, QueueState | None]]] = {}

    async def result(self) -> Result:
        key = id(self.observer)
        users, state = self.states.get(key, (0, None))
        self.states[key] = (users + 1, state)
        try:
            return await super().result()
        finally:
            users, state = self.states[key]
            if users == 1:
                del self.states[key]
            else:
                self.states[key] = (users - 1, state)

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        key = id(self.observer)
        users, self._state = self.states[key]
        super()._handle_try_again(body)
        self.states[key] = (users, self._state)


@SDKS.adapter(
    "shares_the_last_state_between_concurrent_futures",
    under="tinkex-seed",
    caught_by="concurrency.each_future_has_a_state",
    saying="got the observer notified of 'paused_capacity' 2 times",
    shows_in=futures_overlap,
)
class _SharesTheLastStateBetweenConcurrentFutures(WithPoll):
    poll = _StateSharedByTheClient

    async def open(self, context: ScenarioContext) -> None:
        _StateSharedByTheClient.states.clear()
        await super().open(context)


class _KeepsTheGraceOfOtherFutures(Poll):
    __slots__ = ()
    in_flight: ClassVar[int] = 0

    async def result(self) -> Result:
        cls = type(self)
        cls.in_flight += 1
        try:
            return await super().result()
        finally:
            cls.in_flight -= 1

    def _handle_success(self, response: httpx.Response) -> Result | None:
        memory = self.observer._memory if isinstance(self.observer, ClientObserver) else None
        before = None if memory is None else (memory.state, memory.state_since)
        result = super()._handle_success(response)
        if result is not None and memory is not None and before is not None and self.in_flight > 1:
            memory.state, memory.state_since = before
        return result


@SDKS.adapter(
    "keeps_the_grace_period_while_others_are_in_flight",
    under="tinker-0.38",
    caught_by="concurrency.grace",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    shows_in=futures_overlap,
)
class _KeepsTheGracePeriodWhileOthersAreInFlight(WithPoll):
    poll = _KeepsTheGraceOfOtherFutures
