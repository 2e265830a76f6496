"""SDKs in which something of one session stays for the next."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result

from .declaration import Chapter
from .patches import WithObserver, WithPoll
from .run_memory import RunMemory

SDKS: Final = Chapter()


class _KnowsEveryIdentifier(ClientObserver):
    __slots__ = ()
    memories: ClassVar = RunMemory[tuple[object, str | None], Any]()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        kept = self.memories.setdefault((self.kind, self.identifier), self._memory)
        object.__setattr__(self, "_memory", kept)
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "keeps_the_window_of_an_identifier_for_ever",
    under="tinker-0.5.1",
    caught_by="isolation.sessions",
    saying="at 0.000 s: wanted a pause line at 0.000 s, got nothing",
)
class _KeepsTheWindowOfAnIdentifierForEver(WithObserver):
    observer = _KnowsEveryIdentifier


class _CountsOn(Poll):
    __slots__ = ()
    counted: ClassVar = RunMemory[str, int]()

    async def result(self) -> Result:
        number = self.counted.get(self.future.request_id, -1)
        self._iteration = number
        try:
            return await super().result()
        finally:
            self.counted[self.future.request_id] = self._iteration


@SDKS.adapter(
    "counts_polls_on_from_the_session_before",
    under="tinker-0.38",
    caught_by="isolation.sessions",
    saying="wanted poll 1 of future 1 with X-Tinker-Request-Iteration: 0, got poll 1 of future 1 with",
    also=("polling.iteration_header",),
)
class _CountsPollsOnFromTheSessionBefore(WithPoll):
    poll = _CountsOn
