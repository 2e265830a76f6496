"""The observer facet of a profile: what notifies an observer, and what is logged when."""

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
    """The texts that a message gives as reason when the server gives none.

    Attributes:
        paused_rate_limit: For a rate limit. Official by revision; seed success criteria 6 and 7.
        paused_capacity: For a lack of capacity.
        unknown: For everything else.
    """

    paused_rate_limit: str
    paused_capacity: str
    unknown: str

    def of(self, state: QueueState) -> str:
        """The text for a state; ACTIVE, which is never logged, has that of UNKNOWN (as in the seed)."""
        match state:
            case QueueState.PAUSED_RATE_LIMIT:
                return self.paused_rate_limit
            case QueueState.PAUSED_CAPACITY:
                return self.paused_capacity
            case QueueState.ACTIVE | QueueState.UNKNOWN:
                return self.unknown


class ClientForms(Facet, frozen=True):
    """How one kind of client logs its pauses.

    Attributes:
        message: The line, with the places ``{identifier}`` and ``{reason}``. Official by revision.
        verb_phrase: The part of it that every wording shares (seed, "Phase 1" asserts it).
        identifier: What stands at ``{identifier}``. Official by revision.
        reasons: The texts at ``{reason}``.
        server_reason_replaces: Whether a true ``queue_state_reason`` of the reply takes their place. Official
            since 0.7.
        grace_seconds: How long the same state must last before it is logged; 0 logs at once. Official 0.38:
            900 for training and creation.
        level: The level of the line. Official and seed: warning.
    """

    message: str
    verb_phrase: str
    identifier: Identifier
    reasons: Reasons
    server_reason_replaces: bool
    grace_seconds: Seconds
    level: LogLevel

    def __post_init__(self) -> None:
        """Refuses a message with other places than the two."""
        check_places("message", self.message, frozenset({"identifier", "reason"}))


class ObserverFacet(Facet, frozen=True):
    """What notifies an observer, and what a client's own observer does.

    Attributes:
        revision: The name of this revision.
        since: The first release that behaves so.
        until: The last one; empty while it is the newest known.
        notify_on_408: The gate of an HTTP 408.
        unparseable_408_state: A list or an object as state, on a 408.
        notify_on_try_again: The gate of an HTTP 200 ``try_again``.
        unparseable_try_again_state: A list or an object as state, on a 200.
        parsing: How a state is read.
        passes_reason: Whether the callback takes ``(state, reason)`` rather than ``(state)``. Official since
            0.7.
        observer_error_on_408: An exception of the observer on the 408 path. Official: swallowed.
        observer_error_on_try_again: The same on the 200 path. Official since 0.21: ends the poll; Tinkex:
            swallowed.
        observer_error_on_completion: The same for ACTIVE at the end. Official 0.38: ends the poll.
        notifies_active_on_completion: Whether ACTIVE is told when a future ends in a result or a reported
            failure. Official since 0.38.
        custom_observer: Whether a caller may bring an observer.
        telemetry: Which event accompanies a pause.
        telemetry_event: Its name; empty if there is none.
        message_match: How a line is compared.
        interval_seconds: The least time between two lines of one client. Official and seed: 60.
        interval_inclusive: Whether a line is due exactly at the interval. Official and seed: yes.
        debounce_clock: The clock of the interval. Official: wall, starting from 0.
        grace_clock: The clock of ``grace_seconds``. Official 0.38: monotonic.
        observed_operations: The operations whose futures are observed, where a release has them.
        sampling: The sampling client.
        training: The training client.
        model_creation: The creation of a model; absent when it has no observer (official before 0.10).
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
        """Refuses an observed creation without texts."""
        if Operation.CREATE_MODEL in self.observed_operations and self.model_creation is None:
            raise ValueError("`observed_operations` has create_model, so `model_creation` must be there")

    def client(self, kind: ClientKind) -> ClientForms | None:
        """The facet of one kind of client; None when this revision does not observe it."""
        match kind:
            case ClientKind.SAMPLING:
                return self.sampling
            case ClientKind.TRAINING:
                return self.training
            case ClientKind.MODEL_CREATION:
                return self.model_creation
