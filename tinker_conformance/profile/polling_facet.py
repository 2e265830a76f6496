"""The polling facet of a profile: requests, retries, and how a future ends."""

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
        path: The path of the POST request. Official by revision (``forward`` moved at 0.25).
        request_type: The value of the request-type header in its polls. Official.
        result_format: The format of its result.
        required: Keys without which a JSON result cannot be decoded. Official.
        result_class: How the official SDK prints the type it expects; part of error texts.
        asserted: Keys that are checked only after the result has been decoded. Official since 0.3.
        assertion_drains: Whether the failure of that check reaches the caller as late as other failures do
            (see ``failure_drain_seconds``). Official: since 0.20.
        retries: Which retries its submission gets.
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
        sampling: The sampling client.
        training: The training client.
        model_creation: The creation of a model.
        delay_base_seconds: The first delay before a request is submitted again; it doubles each time.
            Official: 0.5.
        delay_cap_seconds: The longest delay, including jitter. Official: 10.
        jitter: The share of the delay that is added or subtracted at random. Official: 0.25.
        stalled_after_seconds: The time (wall clock) without a successful sample of the client after which
            it gives up. Official: 1800, since 0.6.3 7200.
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
        status_error: Error text for a status that ends the future; placeholders ``{detail}``, ``{status}``,
            ``{request_id}``, ``{result_class}``.
        budget_error: The same for HTTP 400 beyond the budget.
        failure_error: Error text for a failure that the server reports. It may also have the placeholders
            ``{body}`` and ``{error}``.
        expired_error: Error text for HTTP 410.
        stalled_error: Error text when the client gives up; placeholder ``{seconds}``.
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
    """Requests, retries, and how a future ends.

    Attributes:
        revision: The name of this revision.
        since: The first release that behaves so.
        until: The last release that behaves so; empty while it is the newest known.
        on_408: HTTP 408. Official, every release: polled again at once, whatever the body.
        on_5xx: HTTP 500-599. Official, every release: polled again at once.
        on_400: HTTP 400. Official: ends; since 0.15 a budget.
        on_402: HTTP 402. Official: ends; since 0.20 a billing pause.
        on_410: HTTP 410. Official: expires.
        on_429: HTTP 429. Official: ends; since 0.21 backs off.
        on_other: Every other status that is not a success. Official: ends.
        bad_request_budget: How many times HTTP 400 is polled again. Official since 0.15: 3.
        budget_refilled_by: Which replies refill the budget.
        back_off_base_seconds: The first delay after a connection error; it doubles each time. Official: 1.
        back_off_cap_seconds: The longest delay. Official: 30.
        back_off_reset_by: Which replies reset the back-off.
        billing_pause_seconds: The delay after HTTP 402. Official since 0.20: 5.
        billing_limit_seconds: How long a pause may last (monotonic clock). Official since 0.20: 3600, unless
            the server's configuration says otherwise.
        billing_line_seconds: The least time between two log lines of a pause. Official since 0.20: 60.
        billing_forgotten_seconds: The time after the last line of a pause from which a 402 begins a new one.
            Official since 0.20: 300.
        unusable_body: The effect of a 200 whose body is empty, not JSON or not an object.
        failure_class: The exception for a failure that the server reports.
        metadata_only: Whether polls say ``allow_metadata_only`` and a ``complete_metadata`` is followed by a
            fetch. Official since 0.14.
        wait_timeout: What ends when a caller's timeout passes. Official ``result(timeout)``: only the wait.
            Its ``result_async(timeout)``, which cancels, is not modelled.
        failure_drain_seconds: How long a failure takes to reach the caller: the official SDK waits until its
            telemetry is sent. Official, every release: 0.1 if the server takes the telemetry.
        poll_timeout_seconds: The timeout of one HTTP request of a poll. Official: 45.
        iteration_header: The header with the number of the poll, from 0. Official and specification of
            Tinkex.
        type_header: The header with the request type. Official, and specification of Tinkex.
        round_trip_header: The header by which the first poll says how many seconds the submission took.
            Official.
        sampler_address: How a sample request names its sampler.
        creates_session: Whether a session is created first. Official since 0.3.
        asks_client_config: Whether ``POST /api/v1/client/config`` is sent first. Official since 0.18.
        session_polling: How the samples of a session wait together; absent before official 0.27.1.
        from_checkpoint: How a training client is created from a saved state; absent before official 0.6.3.
        cancellation: How the server is told of samples that are given up; absent before official 0.26.0.
        submission: When a request is sent again that the server does not accept.
        expired: What happens after HTTP 410.
        lines: Log lines and error texts.
        operations: The operations of this revision.
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
