"""SDKs that parse the queue state wrongly."""

from __future__ import annotations

from typing import Final

import httpx

from tinker_conformance.queue_state import Parsing, QueueState, parse_queue_state
from tinker_conformance.reference.polling import Poll

from .declaration import Chapter
from .patches import WithParser, WithPoll, exactly, state_in
from .shows_in import replies_with, state_of

SDKS: Final = Chapter()


@SDKS.adapter(
    "reads_rate_limit_as_capacity",
    under="tinker-0.5.1",
    caught_by="parsing.known_states",
    saying="got the observer notified of 'paused_capacity' at 122.000 s",
    also=(
        "callback.error_is_swallowed",
        "callback.states",
        "concurrency.each_future_is_heard",
        "concurrency.each_thread_is_heard",
        "functions.parse_queue_state",
        "messages.sampling_text",
        "messages.training_text",
        "reasons.not_of_the_server",
        "reasons.sampling",
        "reasons.training",
    ),
)
class _ReadsRateLimitAsCapacity(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        state = exactly(value)
        return QueueState.PAUSED_CAPACITY if state is QueueState.PAUSED_RATE_LIMIT else state


@SDKS.adapter(
    "reads_only_the_beginning_of_the_state",
    under="tinker-0.5.1",
    caught_by="parsing.other_words",
    saying="got the observer notified of 'paused_capacity' at 0.000 s",
    also=(
        "parsing.case_sensitive",
        "parsing.spaces_count",
    ),
)
class _ReadsOnlyTheBeginningOfTheState(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        guessed = QueueState.PAUSED_CAPACITY if str(value).startswith("paus") else QueueState.UNKNOWN
        state = exactly(value)
        return guessed if state is QueueState.UNKNOWN else state


@SDKS.adapter(
    "reads_unknown_words_as_active",
    under="tinker-0.21",
    caught_by="parsing.other_words",
    saying="got the observer notified of 'active' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.case_sensitive",
        "parsing.spaces_count",
        "reasons.model_creation_unknown",
        "reasons.sampling_unknown",
        "reasons.training_unknown",
        "trigger.try_again_gate",
    ),
)
class _ReadsUnknownWordsAsActive(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        state = exactly(value)
        other = isinstance(value, str) and state is QueueState.UNKNOWN
        return QueueState.ACTIVE if other else state


SDKS.edited(
    "trims_and_lowercases_the_state",
    under="tinker-0.5.1",
    changes={"observer.parsing": "trimmed_lowercase"},
    caught_by="parsing.case_sensitive",
    saying="got the observer notified of 'paused_capacity' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.spaces_count",
    ),
)


@SDKS.adapter(
    "lowercases_the_state",
    under="tinker-0.38",
    caught_by="parsing.case_sensitive",
    saying="got the observer notified of 'paused_capacity' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.spaces_count",
    ),
)
class _LowercasesTheState(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        return exactly(value.lower() if isinstance(value, str) else value)


@SDKS.adapter(
    "accepts_active_in_capitals",
    under="tinker-0.5.1",
    caught_by="parsing.case_sensitive",
    saying="got the observer notified of 'active' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.spaces_count",
    ),
)
class _AcceptsActiveInCapitals(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        return QueueState.ACTIVE if value == "ACTIVE" else exactly(value)


@SDKS.adapter(
    "trims_the_state",
    under="tinker-0.5.1",
    caught_by="parsing.spaces_count",
    saying="got the observer notified of 'paused_capacity' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.case_sensitive",
    ),
)
class _TrimsTheState(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        return exactly(value.strip() if isinstance(value, str) else value)


@SDKS.adapter(
    "trims_but_is_case_sensitive",
    under="tinkex-seed",
    caught_by="parsing.ignores_case",
    saying="got the observer notified of 'unknown' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.trims",
    ),
)
class _TrimsButIsCaseSensitive(_TrimsTheState):
    pass


@SDKS.adapter(
    "lowercases_but_does_not_trim",
    under="tinkex-seed",
    caught_by="parsing.trims",
    saying="got the observer notified of 'unknown' at 0.000 s",
    also=(
        "functions.parse_queue_state",
        "parsing.ignores_case",
    ),
)
class _LowercasesButDoesNotTrim(_LowercasesTheState):
    pass


class _DropsNumbers(Poll):
    __slots__ = ()

    def _handle_408(self, response: httpx.Response) -> None:
        if not isinstance(state_in(response), int | float):
            super()._handle_408(response)


@SDKS.adapter(
    "ignores_numbers",
    under="tinker-0.5.1",
    caught_by="parsing.numbers",
    saying="at 0.000 s: wanted the observer notified of 'unknown' at 0.000 s, got nothing",
    shows_in=replies_with(lambda reply: isinstance(state_of(reply), int | float)),
)
class _IgnoresNumbers(WithPoll):
    poll = _DropsNumbers


@SDKS.adapter(
    "reads_true_as_active",
    under="tinker-0.21",
    caught_by="parsing.numbers",
    saying="got the observer notified of 'active' at 61.000 s",
)
class _ReadsTrueAsActive(WithParser):
    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        return QueueState.ACTIVE if value is True else parse_queue_state(value, parsing)


SDKS.edited(
    "ignores_containers",
    under="tinker-0.5.1",
    changes={"observer.unparseable_408_state": "silent"},
    caught_by="parsing.containers_are_unknown",
    saying="at 0.000 s: wanted the observer notified of 'unknown' at 0.000 s, got nothing",
    shows_in=replies_with(lambda reply: isinstance(state_of(reply), list | dict)),
)

SDKS.edited(
    "reads_containers_as_unknown",
    under="tinker-0.21",
    changes={"observer.unparseable_408_state": "unknown"},
    caught_by="parsing.containers_are_silent",
    saying="at 0.000 s: wanted nothing, got the observer notified of 'unknown' at 0.000 s",
    shows_in=replies_with(lambda reply: isinstance(state_of(reply), list | dict)),
)

SDKS.edited(
    "reads_containers_in_try_again_as_unknown",
    under="tinker-0.21",
    changes={"observer.unparseable_try_again_state": "unknown"},
    caught_by="parsing.containers_end_the_poll",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    shows_in=replies_with(lambda reply: isinstance(state_of(reply), list | dict)),
)
