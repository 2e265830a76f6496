"""The observer facet of a profile: which replies notify an observer of a queue state, and what is logged."""

from __future__ import annotations

from fake_server.core.operations import Operation
from tinker_conformance.profile.choices import (
    ClockKind,
    CustomObserver,
    Identifier,
    LogLevel,
    MessageMatch,
    NotifyOn408,
    NotifyOnTryAgain,
    ObserverError,
    TelemetrySource,
    Unparseable408,
    UnparseableTryAgain,
)
from tinker_conformance.profile.facet import Facet, Seconds, check_places
from tinker_conformance.queue_state import ClientKind, Parsing, QueueState


class Reasons(Facet, frozen=True):
    """The texts after "Reason:" in a pause line when the server's reply gives no reason.

    Attributes:
        paused_rate_limit: The text for a rate limit. Official by revision; specification of Tinkex, success
            criteria 6 and 7.
        paused_capacity: The text for a lack of capacity.
        unknown: The text for every other state.
    """

    paused_rate_limit: str
    paused_capacity: str
    unknown: str

    def of(self, state: QueueState) -> str:
        """Return the text for a state; ACTIVE has the same as UNKNOWN (specification of Tinkex)."""
        match state:
            case QueueState.PAUSED_RATE_LIMIT:
                return self.paused_rate_limit
            case QueueState.PAUSED_CAPACITY:
                return self.paused_capacity
            case QueueState.ACTIVE | QueueState.UNKNOWN:
                return self.unknown


class ClientForms(Facet, frozen=True):
    """How one kind of client logs its pauses: the text, its parts, and its level.

    Attributes:
        message: The line, with the placeholders ``{identifier}`` and ``{reason}``. Official by revision.
        verb_phrase: The part that every wording must contain (specification of Tinkex, "Phase 1").
        identifier: Which id of the client fills ``{identifier}``. Official by revision.
        reasons: The texts that fill ``{reason}``, by state.
        server_reason_replaces: Whether a non-empty ``queue_state_reason`` in the reply fills ``{reason}``
            instead. Official since 0.7.
        grace_seconds: How long a state must last before it is logged, seconds; 0 logs at once. Official 0.38:
            900 for training and the creation of a model.
        level: The level of the line. Official, and specification of Tinkex: warning.
    """

    message: str
    verb_phrase: str
    identifier: Identifier
    reasons: Reasons
    server_reason_replaces: bool
    grace_seconds: Seconds
    level: LogLevel

    def __post_init__(self) -> None:
        """Check that the message has no other placeholders."""
        check_places("message", self.message, frozenset({"identifier", "reason"}))


class ObserverFacet(Facet, frozen=True):
    """Which replies notify an observer of a queue state, and what a client's own observer logs.

    Attributes:
        revision: The name of this revision.
        since: The first release that behaves so.
        until: The last release that behaves so; empty while it is the newest known.
        notify_on_408: Which HTTP 408 replies notify the observer.
        unparseable_408_state: What the SDK does with a 408 whose state is a list or an object.
        notify_on_try_again: Which HTTP 200 ``try_again`` replies notify the observer.
        unparseable_try_again_state: What the SDK does with a ``try_again`` whose state is a list or an
            object.
        parsing: How strictly the spelling of a state is compared.
        passes_reason: Whether the observer is called with ``(state, reason)`` rather than ``(state)``.
            Official since 0.7.
        observer_error_on_408: What happens to an observer's exception after a 408. Official: swallowed.
        observer_error_on_try_again: The same after a 200 ``try_again``. Official since 0.21: ends the poll;
            Tinkex: swallowed.
        observer_error_on_completion: The same for the notification of ACTIVE when a future ends. Official
            0.38: ends the poll.
        notifies_active_on_completion: Whether the observer is notified of ACTIVE when a future ends in a
            result or a reported failure. Official since 0.38.
        custom_observer: Whether a caller may pass in an observer for one call.
        telemetry: Which telemetry event accompanies a pause.
        telemetry_event: The name of that event; empty if there is none.
        message_match: How the text of a pause line is compared with ``message``.
        interval_seconds: The least time between two pause lines of one client. Official and specification
            of Tinkex: 60.
        interval_inclusive: Whether a line is due exactly at the end of the interval. Official and
            specification of Tinkex: yes.
        debounce_clock: The clock that measures the interval. Official: wall, starting from 0.
        grace_clock: The clock that measures ``grace_seconds``. Official 0.38: monotonic.
        observed_operations: The operations whose futures are observed, if a release has them.
        sampling: The log lines of a sampling client.
        training: The log lines of a training client.
        model_creation: The log lines of the creation of a model; absent where it has no observer (official
            before 0.10).
    """

    revision: str
    since: str
    until: str
    notify_on_408: NotifyOn408
    unparseable_408_state: Unparseable408
    notify_on_try_again: NotifyOnTryAgain
    unparseable_try_again_state: UnparseableTryAgain
    parsing: Parsing
    passes_reason: bool
    observer_error_on_408: ObserverError
    observer_error_on_try_again: ObserverError
    observer_error_on_completion: ObserverError
    notifies_active_on_completion: bool
    custom_observer: CustomObserver
    telemetry: TelemetrySource
    telemetry_event: str
    message_match: MessageMatch
    interval_seconds: Seconds
    interval_inclusive: bool
    debounce_clock: ClockKind
    grace_clock: ClockKind
    observed_operations: tuple[Operation, ...]
    sampling: ClientForms
    training: ClientForms
    model_creation: ClientForms | None = None

    def __post_init__(self) -> None:
        """Check that an observed creation has texts."""
        if Operation.CREATE_MODEL in self.observed_operations and self.model_creation is None:
            raise ValueError("`observed_operations` has create_model but `model_creation` is missing; add it")

    def client(self, kind: ClientKind) -> ClientForms | None:
        """Return how a kind of client logs its pauses; None if this revision does not observe that kind."""
        match kind:
            case ClientKind.SAMPLING:
                return self.sampling
            case ClientKind.TRAINING:
                return self.training
            case ClientKind.MODEL_CREATION:
                return self.model_creation
