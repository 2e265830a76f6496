"""Send one request until the server accepts it, as the polling facet of a profile says."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from tinker_conformance.profile.profile import PollingFacet, SubmissionRetries
from tinker_conformance.profile.submission_waits import RefusedReply, SubmissionWaits
from tinker_conformance.reference.billing import BillingPause
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.polling import PostJson
from tinker_conformance.reference.wire import detail_of

_TIMEOUT_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 1.0
_OFFICIAL_CLASSES: Final[Mapping[int, str]] = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
"""The class of the official SDK's exception for each HTTP status."""


@dataclass(slots=True)
class SampleBackOff:
    """The pause of all samples of a service after an HTTP 429, measured with the monotonic clock."""

    until: float | None = None

    async def over(self) -> None:
        """Return when the pause is over; checks once a second, as the official SDK does."""
        while self.until is not None and time.monotonic() < self.until:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(_PAUSE_SECONDS)


@dataclass(slots=True)
class PendingRequest:
    """Sends one request until the server accepts or refuses it.

    Attributes:
        path: The path to POST to.
        body: Returns the body; called once, or each time that a sample is sent with a new number.
        facet: The polling facet of the profile.
        retries: How the request is sent again after an error: after short delays, long ones, or both.
        send: The function that sends a request, such as ``post`` of an HTTP client.
        base_url: The server's URL, without a path.
        billing: The pause for HTTP 402, shared with all requests of the service.
        back_off: The pause that all samples of the service share; None for a request that is not a sample.
    """

    path: str
    body: Callable[[], Mapping[str, object]]
    facet: PollingFacet
    retries: SubmissionRetries
    send: PostJson
    base_url: str
    billing: BillingPause
    back_off: SampleBackOff | None = None
    _detail: str = ""

    async def accepted(self) -> Mapping[str, object]:
        """Send the request until it is accepted, and return the reply.

        Raises:
            FutureError: The server refused the request for good, or its reply is not a JSON object.
        """
        waits = SubmissionWaits(self.facet, self.retries, self.back_off is not None, self._may_pause)
        renewed = self.back_off is not None and self.facet.submission.renumbers_samples
        body = self.body()
        while True:
            if self.back_off is not None:
                await self.back_off.over()
            reply = await self._reply(body)
            if isinstance(reply, Mapping):
                return reply
            wait = waits.after(reply, time.time())
            if wait is None:
                raise self._refused(self._detail, reply)
            if wait.of_all_samples and self.back_off is not None:
                self.back_off.until = time.monotonic() + wait.most
            else:
                await asyncio.sleep(random.uniform(wait.least, wait.most))  # noqa: S311 - no secret depends on it
            if renewed:
                body = self.body()

    async def _reply(self, body: Mapping[str, object]) -> Mapping[str, object] | RefusedReply:
        """Send the request once, and return the reply, or why the request was not accepted."""
        try:
            response = await self.send(
                f"{self.base_url}{self.path}",
                json=body,
                headers={},
                timeout=_TIMEOUT_SECONDS,
                follow_redirects=True,
            )
        except httpx.RequestError as error:
            self._detail = str(error)
            return RefusedReply(None)
        self._detail = detail_of(response)
        if not response.is_success:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return RefusedReply(response.status_code, not response.content, headers)
        try:
            reply: object = response.json()
        except ValueError as error:
            raise self._refused(str(error)) from error
        if not isinstance(reply, dict):
            raise self._refused(self._detail)
        return reply

    def _may_pause(self) -> bool:
        return self.billing.may_continue(self._detail)

    def _refused(self, detail: str, reply: RefusedReply | None = None) -> FutureError:
        message = f"POST {self.path} was not accepted: {detail}; fix the request, or see the server's log"
        return FutureError(
            message,
            official_class=_error_class(reply),
            official_text=detail,
            is_retried=reply is not None and reply.is_retried,
        )


def official_class(status: int) -> str:
    """Return the class of the official SDK's error for an HTTP status that is not a success."""
    return "InternalServerError" if status >= 500 else _OFFICIAL_CLASSES.get(status, "APIStatusError")


def _error_class(reply: RefusedReply | None) -> str:
    """Return the class of the official SDK's error for a refusal; None stands for an unreadable reply."""
    match reply:
        case None:
            return "APIResponseValidationError"
        case RefusedReply(status=int() as status):
            return official_class(status)
        case RefusedReply():
            return "APIConnectionError"
