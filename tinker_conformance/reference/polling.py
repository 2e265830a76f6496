"""Poll one future until it ends, as a profile describes (in its two facets, *observer* and *polling*).

An accepted request goes in; its result comes out. A `FutureError` (see `failures`) reports that the server
replied with an error or that time ran out. Any other exception was raised by an observer, in a profile where
an observer's exception ends the poll.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx

from fake_server.core.wanted_got import expected_got
from tinker_conformance.profile.profile import (
    BackOffReset,
    BudgetRefill,
    NotifyOn408,
    NotifyOnTryAgain,
    ObserverError,
    Profile,
    StatusAction,
    TelemetrySource,
    Unparseable408,
    UnparseableTryAgain,
    UnusableBody,
)
from tinker_conformance.queue_state import QueueState, parse_queue_state
from tinker_conformance.reference.billing import BillingPause
from tinker_conformance.reference.failures import ErrorKind, FutureError
from tinker_conformance.reference.observer import LOGGER_NAME, QueueStateObserver
from tinker_conformance.reference.wire import (
    RETRIEVE_PATH,
    MetadataOnly,
    PendingFuture,
    Result,
    TelemetryHook,
    TryAgainReply,
    Unusable,
    detail_of,
    json_or_none,
    poll_headers,
    read_success,
)

_logger: Final = logging.getLogger(f"{LOGGER_NAME}.polling")


class PostJson(Protocol):
    """The signature of the function that sends a poll, such as `httpx.AsyncClient.post`."""

    async def __call__(
        self,
        url: str,
        *,
        json: Any,
        headers: Any,
        timeout: float,  # noqa: ASYNC109 - the name is httpx's
        follow_redirects: bool,
    ) -> httpx.Response:
        """POST a JSON body.

        Raises:
            httpx.RequestError: No complete reply came.
        """


@dataclass(slots=True)
class Poll:
    """Polls one future, once.

    Attributes:
        future: The future to poll.
        profile: The profile to follow.
        send: The function that sends a request, such as ``post`` of an HTTP client.
        base_url: The server's URL, without a path.
        billing: The pause after HTTP 402, shared with the other futures of the service.
        observer: The observer to notify; None for an operation that is not observed.
        on_telemetry: Called with the name and the data of each telemetry event.
    """

    future: PendingFuture
    profile: Profile
    send: PostJson
    base_url: str
    billing: BillingPause
    observer: QueueStateObserver | None = None
    on_telemetry: TelemetryHook | None = None
    _iteration: int = -1
    _connection_errors: int = 0
    _bad_requests: int = 0
    _allow_metadata: bool = True
    _state: QueueState | None = None

    def announced(self) -> None:
        """Let the next poll fetch the result, because a poll of the session has already told its size."""
        self._allow_metadata = False

    async def result(self) -> Result:
        """Poll until the future ends, and return its result.

        Raises:
            FutureError: A reply ended the poll. Its kind is `EXPIRED` if the server no longer has the future,
                and `FAILED` if the server reported that the request failed.
        """
        while True:
            self._iteration += 1
            try:
                response = await self._ask()
            except httpx.RequestError as error:
                self._emit_error({"exception": str(error)}, sibling="connection_error")
                await self._back_off()
                continue
            if not response.is_success:
                await self._handle_error_status(response)
            elif (result := self._handle_success(response)) is not None:
                return result

    async def _ask(self) -> httpx.Response:
        facet = self.profile.polling
        body: dict[str, object] = {"request_id": self.future.request_id}
        if facet.metadata_only:
            body["allow_metadata_only"] = self._allow_metadata
        return await self.send(
            f"{self.base_url}{RETRIEVE_PATH}",
            json=body,
            headers=poll_headers(facet, self.future, self._iteration),
            timeout=facet.poll_timeout_seconds,
            follow_redirects=True,
        )

    async def _back_off(self) -> None:
        facet = self.profile.polling
        # After 64 doublings the cap has long been reached, and more would overflow.
        delay = facet.back_off_base_seconds * 2.0 ** min(self._connection_errors, 64)
        self._connection_errors += 1
        await asyncio.sleep(min(delay, facet.back_off_cap_seconds))

    # -- a status that is not a success ------------------------------------------------------------

    async def _handle_error_status(self, response: httpx.Response) -> None:
        facet = self.profile.polling
        action = facet.action(response.status_code)
        detail = detail_of(response)
        if action is StatusAction.BILLING_PAUSE and self.billing.may_continue(detail):
            await asyncio.sleep(facet.billing_pause_seconds)
            return
        self._emit_error({"status_code": response.status_code})
        if action is not StatusAction.BACK_OFF:
            self._connection_errors = 0
        if response.status_code == 408:
            self._handle_408(response)
        match action:
            case StatusAction.POLL_AGAIN:
                return
            case StatusAction.BACK_OFF:
                await self._back_off()
            case StatusAction.BUDGET if self._bad_requests < facet.bad_request_budget:
                self._bad_requests += 1
            case StatusAction.BUDGET:
                raise self._ended(facet.lines.budget_error, response.status_code, detail)
            case StatusAction.EXPIRES:
                raise self._expired()
            case StatusAction.BILLING_PAUSE | StatusAction.ENDS:
                raise self._ended(facet.lines.status_error, response.status_code, detail)

    def _handle_408(self, response: httpx.Response) -> None:
        """Handle an HTTP 408, which asks to poll again and whose body may have a queue state."""
        facet = self.profile.observer
        body = json_or_none(response)
        match self.profile.polling.budget_refilled_by:
            case BudgetRefill.ANY_408:
                self._bad_requests = 0
            case BudgetRefill.JSON_408 if body is not None:
                self._bad_requests = 0
            case BudgetRefill.JSON_408 | BudgetRefill.NOTHING:
                pass
        if facet.notify_on_408 is NotifyOn408.NEVER or not isinstance(body, dict):
            return
        state = body.get("queue_state")
        silent = facet.unparseable_408_state is Unparseable408.SILENT and isinstance(state, list | dict)
        if state and not silent:
            reason = body.get("queue_state_reason")
            self._notify(parse_queue_state(state, facet.parsing), reason, facet.observer_error_on_408)

    def _ended(self, template: str, status: int, detail: str) -> FutureError:
        operation = self.profile.polling.operations[self.future.operation]
        text = template.format(
            detail=detail,
            status=status,
            request_id=self.future.request_id,
            result_class=operation.result_class,
        )
        message = f"the poll of {self.future.request_id} ended in HTTP {status}: {detail}; not retried"
        return FutureError(message, official_class="ValueError", official_text=text)

    def _expired(self) -> FutureError:
        text = self.profile.polling.lines.expired_error.format(request_id=self.future.request_id)
        message = f"the server no longer has {self.future.request_id} (HTTP 410); submit the request again"
        return FutureError(
            message, ErrorKind.EXPIRED, official_class="RetryableException", official_text=text
        )

    # -- a success -----------------------------------------------------------------------------------

    def _handle_success(self, response: httpx.Response) -> Result | None:
        """Return the result of a successful reply, or None to poll again."""
        reply = read_success(response, self.profile.polling, self.future)
        match reply:
            case Unusable(error):
                if self.profile.polling.unusable_body is UnusableBody.ENDS_POLL:
                    raise error
            case TryAgainReply(body):
                self._complete_reply()
                self._handle_try_again(body)
            case MetadataOnly():
                self._complete_reply()
                self._handle_announcement()
            case FutureError():
                self._notify_completion()
                self._emit_error({"error_category": reply.category}, sibling="application_error")
                raise reply
            case Result():
                self._notify_completion()
                return reply
        return None

    def _complete_reply(self) -> None:
        if self.profile.polling.back_off_reset_by is BackOffReset.ANY_REPLY:
            self._connection_errors = 0

    def _handle_try_again(self, body: Mapping[str, object]) -> None:
        if line := self.profile.polling.lines.try_again:
            _logger.warning("%s", line.format(request_id=self.future.request_id))
        facet = self.profile.observer
        if facet.notify_on_try_again is NotifyOnTryAgain.NEVER:
            return
        raw = body.get("queue_state")
        reason = body.get("queue_state_reason")
        ends = facet.unparseable_try_again_state is UnparseableTryAgain.ENDS_POLL
        if ends and raw and isinstance(raw, list | dict):
            kind = type(raw).__name__
            message = f"{expected_got('a string as queue_state', f'a {kind}')}; fix the server's reply"
            raise FutureError(message, official_class="TypeError", official_text=f"unhashable type: '{kind}'")
        state = parse_queue_state(raw, facet.parsing)
        if facet.notify_on_try_again is NotifyOnTryAgain.STATE_CHANGE:
            notifies = state is not self._state
        else:
            notifies = state is not QueueState.UNKNOWN or reason is not None
        self._state = state
        if notifies:
            self._emit_state_change(state)
            self._notify(state, reason, facet.observer_error_on_try_again)

    def _handle_announcement(self) -> None:
        if not self._allow_metadata:
            message = f"the result of {self.future.request_id} was announced twice; fix the server's reply"
            raise FutureError(message, official_class="AssertionError", official_text=message)
        self._allow_metadata = False

    # -- notifications -------------------------------------------------------------------------------

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        if self.observer is None:
            return
        swallow = (
            contextlib.suppress(Exception)
            if on_error is ObserverError.SWALLOWED
            else contextlib.nullcontext()
        )
        with swallow:
            if self.profile.observer.passes_reason:
                self.observer.on_queue_state_change(state, reason)
            else:
                self.observer.on_queue_state_change(state)

    def _notify_completion(self) -> None:
        facet = self.profile.observer
        if facet.notifies_active_on_completion:
            self._notify(QueueState.ACTIVE, None, facet.observer_error_on_completion)

    def _emit_error(self, data: Mapping[str, object], *, sibling: str | None = None) -> None:
        """Emit the profile's telemetry event about an error status, under the name `sibling` if given."""
        facet = self.profile.observer
        if self.on_telemetry is None or facet.telemetry is not TelemetrySource.STATUS_ERROR:
            return
        family, dot, _ = facet.telemetry_event.rpartition(".")
        name = facet.telemetry_event if sibling is None else f"{family}{dot}{sibling}"
        self.on_telemetry(name, {**self._identity(), **data})

    def _emit_state_change(self, state: QueueState) -> None:
        facet = self.profile.observer
        if self.on_telemetry is not None and facet.telemetry is TelemetrySource.STATE_CHANGE:
            self.on_telemetry(facet.telemetry_event, {**self._identity(), "queue_state": state.value})

    def _identity(self) -> dict[str, object]:
        operation = self.profile.polling.operations[self.future.operation]
        return {
            "request_id": self.future.request_id,
            "request_type": operation.request_type,
            "iteration": self._iteration,
        }
