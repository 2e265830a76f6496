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
"""By status, the exception of the official SDK."""


@dataclass(slots=True)
class SampleBackOff:
    """The time until which the samples of a service wait after an HTTP 429, by the monotonic clock."""

    until: float | None = None

    async def over(self) -> None:
        """Return once the wait is over; it is looked at once a second, as in the official SDK."""
        while self.until is not None and time.monotonic() < self.until:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(_PAUSE_SECONDS)


@dataclass(slots=True)
class PendingRequest:
    """The sending of one request.

    Attributes:
        path: The path to POST to.
        body: Makes the body; called once, or before each time that a renumbered sample is sent.
        facet: The polling facet.
        retries: Which retries the request gets.
        send: The HTTP client's ``post``.
        base_url: The server's URL, without a path.
        billing: The pause for HTTP 402, shared with all requests of the service.
        back_off: For a sample, what it shares with the service's other samples; None for other requests.
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
        """Send the request once."""
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
    """Return the class of the official SDK's error; without a refusal, of one about the reply's body."""
    match reply:
        case None:
            return "APIResponseValidationError"
        case RefusedReply(status=int() as status):
            return official_class(status)
        case RefusedReply():
            return "APIConnectionError"
