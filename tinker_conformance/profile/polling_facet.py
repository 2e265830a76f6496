"""The polling facet of a profile: requests, when they are sent again, and how a future ends."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.profile.choices import (
    BackOffReset,
    BudgetRefill,
    FailureClass,
    OnExpired,
    ResultFormat,
    SamplerAddress,
    StatusAction,
    SubmissionRetries,
    UnusableBody,
    WaitTimeout,
)
from tinker_conformance.profile.facet import Facet, Seconds, check_places
from tinker_conformance.profile.session_facet import Cancellation, FromCheckpoint, SessionPolling
from tinker_conformance.profile.submission_facet import SubmissionFacet
from tinker_conformance.queue_state import ClientKind


class OperationFacet(Facet, frozen=True):
    """How one operation is submitted and what its result must look like.

    Attributes:
        path: The path of the POST request. Official by revision (another one for ``forward`` since 0.25).
        request_type: The value of the request-type header in the operation's polls. Official.
        result_format: The format of the operation's result.
        required: Keys without which a JSON result cannot be decoded. Official.
        result_class: The name of the result's class in the official SDK, as its error texts print it.
        asserted: Keys that are checked only after the result has been decoded. Official since 0.3.
        assertion_drains: Whether the error about a missing key of ``asserted`` reaches the caller as late as
            other failures do (see ``failure_drain_seconds``). Official: since 0.20.
        retries: How the submission is sent again if the server does not accept it.
    """

    path: str
    request_type: str
    result_format: ResultFormat
    required: tuple[str, ...]
    result_class: str
    asserted: tuple[str, ...] = ()
    assertion_drains: bool = True
    retries: SubmissionRetries = SubmissionRetries.QUICK_THEN_SLOW


class Expired(Facet, frozen=True):
    """What each kind of client does after HTTP 410. Official: sampling resubmits, the others raise.

    Attributes:
        sampling: What a sampling client does.
        training: What a training client does.
        model_creation: What the creation of a model does.
        delay_base_seconds: The first delay before a request is submitted again; it doubles each time.
            Official: 0.5.
        delay_cap_seconds: The longest delay, including jitter. Official: 10.
        jitter: The share of the delay that is added or subtracted at random. Official: 0.25.
        stalled_after_seconds: How long a client goes on without a successful sample before it gives up (wall
            clock). Official: 1800, since 0.6.3 7200.
    """

    sampling: OnExpired
    training: OnExpired
    model_creation: OnExpired
    delay_base_seconds: Seconds
    delay_cap_seconds: Seconds
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)]
    stalled_after_seconds: Seconds

    def action(self, kind: ClientKind) -> OnExpired:
        """Return what one kind of client does."""
        match kind:
            case ClientKind.SAMPLING:
                return self.sampling
            case ClientKind.TRAINING:
                return self.training
            case ClientKind.MODEL_CREATION:
                return self.model_creation


class Lines(Facet, frozen=True):
    """Log lines other than pause lines, and the error texts in them; an empty line is not logged.

    Attributes:
        try_again: WARNING for each 200 ``try_again``; placeholder ``{request_id}``. Official, every release.
        non_retryable: ERROR when a sample fails for good; placeholder ``{error}``, "class: text". Official,
            every release.
        billing_pause: WARNING at the start of a billing pause; placeholder ``{detail}``. Official since 0.20.
        billing_abort: ERROR at its end; placeholder ``{seconds}``. Official since 0.20.
        status_error: Error text for an HTTP status that ends the future; placeholders ``{detail}``,
            ``{status}``, ``{request_id}``, ``{result_class}``.
        budget_error: The same for one HTTP 400 more than ``bad_request_budget``.
        failure_error: Error text for a failure that the server reports. It may also have the placeholders
            ``{body}`` and ``{error}``.
        expired_error: Error text for HTTP 410.
        stalled_error: Error text when the client gives up after ``stalled_after_seconds``; placeholder
            ``{seconds}``.
    """

    try_again: str
    non_retryable: str
    billing_pause: str
    billing_abort: str
    status_error: str
    budget_error: str
    failure_error: str
    expired_error: str
    stalled_error: str

    def __post_init__(self) -> None:
        """Check that every placeholder has a value."""
        error_places = frozenset({"detail", "status", "request_id", "result_class"})
        check_places("try_again", self.try_again, frozenset({"request_id"}))
        check_places("non_retryable", self.non_retryable, frozenset({"error"}))
        check_places("billing_pause", self.billing_pause, frozenset({"detail"}))
        check_places("billing_abort", self.billing_abort, frozenset({"seconds"}))
        check_places("status_error", self.status_error, error_places)
        check_places("budget_error", self.budget_error, error_places)
        check_places(
            "failure_error", self.failure_error, frozenset({"body", "error", "request_id", "result_class"})
        )
        check_places("expired_error", self.expired_error, frozenset({"request_id"}))
        check_places("stalled_error", self.stalled_error, frozenset({"seconds"}))


class PollingFacet(Facet, frozen=True):
    """Which requests an SDK sends, when it sends them again, and how a future ends.

    Attributes:
        revision: The name of this revision.
        since: The first release that behaves so.
        until: The last release that behaves so; empty while it is the newest known.
        on_408: What the SDK does after HTTP 408. Official, every release: polls again at once, whatever the
            body.
        on_5xx: The same after HTTP 500-599. Official, every release: polls again at once.
        on_400: The same after HTTP 400. Official: the future ends; since 0.15 the SDK polls again a few
            times.
        on_402: The same after HTTP 402. Official: the future ends; since 0.20 a billing pause.
        on_410: The same after HTTP 410. Official: see ``expired``.
        on_429: The same after HTTP 429. Official: the future ends; since 0.21 the SDK polls again after a
            delay.
        on_other: The same after every other status that is not a success. Official: the future ends.
        bad_request_budget: How many times in a row the SDK polls again after HTTP 400. Official since 0.15:
            3.
        budget_refilled_by: Which replies reset that count.
        back_off_base_seconds: The first delay after a connection error; it doubles each time. Official: 1.
        back_off_cap_seconds: The longest such delay. Official: 30.
        back_off_reset_by: Which replies reset that delay to its first value.
        billing_pause_seconds: The delay after HTTP 402. Official since 0.20: 5.
        billing_limit_seconds: How long a billing pause may last (monotonic clock). Official since 0.20: 3600,
            unless the server's configuration says otherwise.
        billing_line_seconds: The shortest time between two log lines of a billing pause. Official since 0.20:
            60.
        billing_forgotten_seconds: How long after the last log line of a billing pause a 402 starts a new
            pause. Official since 0.20: 300.
        unusable_body: What the SDK does with a 200 whose body is empty, not JSON or not an object.
        failure_class: The class of the exception for a failure that the server reports.
        metadata_only: Whether polls allow a reply with the size of the result alone
            (``allow_metadata_only``), after which the next poll fetches the result. Official since 0.14.
        wait_timeout: What the SDK stops when a caller's timeout has passed. Official ``result(timeout)``:
            only the wait. ``result_async(timeout)``, which also cancels, is not modelled.
        failure_drain_seconds: How long a failure takes to reach the caller: the official SDK waits until its
            telemetry is sent. Official, every release: 0.1 if the server takes the telemetry.
        poll_timeout_seconds: The timeout of one HTTP request of a poll. Official: 45.
        iteration_header: The header with the number of the poll, from 0. Official and specification of
            Tinkex.
        type_header: The header with the request type. Official, and specification of Tinkex.
        round_trip_header: The header by which the first poll says how many seconds the submission took.
            Official.
        sampler_address: How a sample request says which weights to sample from.
        creates_session: Whether a session is created first. Official since 0.3.
        asks_client_config: Whether ``POST /api/v1/client/config`` is sent first. Official since 0.18.
        session_polling: How all samples of a session share one poll; absent before official 0.27.1.
        from_checkpoint: How a training client is created from a saved state; absent before official 0.6.3.
        cancellation: How the server is told of samples that are given up; absent before official 0.26.0.
        submission: When a request is sent again that the server does not accept.
        expired: What each kind of client does after HTTP 410.
        lines: Log lines and error texts.
        operations: How each operation of this revision is submitted.
    """

    revision: str
    since: str
    until: str
    on_408: StatusAction
    on_5xx: StatusAction
    on_400: StatusAction
    on_402: StatusAction
    on_410: StatusAction
    on_429: StatusAction
    on_other: StatusAction
    bad_request_budget: Annotated[int, msgspec.Meta(ge=0)]
    budget_refilled_by: BudgetRefill
    back_off_base_seconds: Seconds
    back_off_cap_seconds: Seconds
    back_off_reset_by: BackOffReset
    billing_pause_seconds: Seconds
    billing_limit_seconds: Seconds
    billing_line_seconds: Seconds
    billing_forgotten_seconds: Seconds
    unusable_body: UnusableBody
    failure_class: FailureClass
    metadata_only: bool
    wait_timeout: WaitTimeout
    failure_drain_seconds: Seconds
    poll_timeout_seconds: Seconds
    iteration_header: str
    type_header: str
    round_trip_header: str
    sampler_address: SamplerAddress
    creates_session: bool
    asks_client_config: bool
    submission: SubmissionFacet
    expired: Expired
    lines: Lines
    operations: dict[Operation, OperationFacet]
    session_polling: SessionPolling | None = None
    cancellation: Cancellation | None = None
    from_checkpoint: FromCheckpoint | None = None

    def action(self, status: int) -> StatusAction:
        """Return what the SDK does after an HTTP status that is not a success."""
        match status:
            case 400:
                action = self.on_400
            case 402:
                action = self.on_402
            case 408:
                action = self.on_408
            case 410:
                action = self.on_410
            case 429:
                action = self.on_429
            case _ if 500 <= status < 600:
                action = self.on_5xx
            case _:
                action = self.on_other
        return action
