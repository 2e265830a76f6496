"""Waits for the result of one request by polling."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

import requests

from tinker_requests.billing import PAUSE, Billing
from tinker_requests.errors import FutureExpiredError, PollEndedError, RequestFailedError
from tinker_requests.operations import Operation
from tinker_requests.queue_state import PauseWatcher, parse_queue_state
from tinker_requests.waiting import Patience

log = logging.getLogger("tinker_requests")

PATH = "/api/v1/retrieve_future"
POLL_SECONDS = 45.0
BAD_REQUEST_BUDGET = 3
LONGEST_DELAY = 30.0
_CATEGORIES = ("user", "server", "unknown")


class Post(Protocol):
    """How a request is sent; raises `requests.RequestException` where no complete reply comes."""

    def __call__(
        self, path: str, body: Mapping[str, object], headers: Mapping[str, str], timeout: float
    ) -> requests.Response: ...


class Poll:
    """One request being polled."""

    def __init__(
        self,
        request_id: str,
        operation: Operation,
        *,
        post: Post,
        patience: Patience,
        billing: Billing,
        watcher: PauseWatcher | None,
        round_trip: float,
    ) -> None:
        self._request_id = request_id
        self._operation = operation
        self._post = post
        self._patience = patience
        self._billing = billing
        self._watcher = watcher
        self._round_trip = round_trip
        self._iteration = 0
        self._delay = 1.0
        self._budget = BAD_REQUEST_BUDGET
        self._announced = False

    def result(self) -> Mapping[str, Any]:
        """The body of the result.

        Raises:
            RequestFailedError: The server says so.
            FutureExpiredError: The server no longer has it.
            PollEndedError: Any other reply that is not to be asked about again.
            WaitTimeoutError: The time limit of the call passed.
        """
        while True:
            response = self._ask()
            self._patience.check()
            if response is None:
                self._patience.sleep(self._delay)
                self._delay = min(2 * self._delay, LONGEST_DELAY)
            elif not response.ok:
                self._refused(response)
            elif (body := self._answered(response)) is not None:
                return body
            self._iteration += 1

    def _ask(self) -> requests.Response | None:
        headers = {
            "X-Tinker-Request-Iteration": str(self._iteration),
            "X-Tinker-Request-Type": self._operation.request_type,
        }
        if self._iteration == 0:
            headers["X-Tinker-Create-Promise-Roundtrip-Time"] = str(self._round_trip)
        body = {"request_id": self._request_id, "allow_metadata_only": not self._announced}
        try:
            return self._post(PATH, body, headers, self._patience.at_most(POLL_SECONDS))
        except requests.RequestException as error:
            log.debug("The poll of %s broke: %s", self._request_id, error)
            return None

    def _refused(self, response: requests.Response) -> None:
        status = response.status_code
        if status == 402 and self._billing.may_go_on():
            self._patience.sleep(PAUSE)
            return
        self._delay = 1.0
        match status:
            case 408:
                self._budget = BAD_REQUEST_BUDGET
                self._notify(response)
            case 400 if self._budget > 0:
                self._budget -= 1
            case 410:
                message = f"the server no longer has {self._request_id}; submit the request again"
                raise FutureExpiredError(message)
            case _ if not 500 <= status <= 599:
                self._end(f"HTTP {status} {response.text.strip()[:500]}")

    def _notify(self, response: requests.Response) -> None:
        body = _json(response)
        if self._watcher is None or not isinstance(body, dict) or not (raw := body.get("queue_state")):
            return
        # A warning is not worth the request that it is about.
        with contextlib.suppress(Exception):
            self._watcher.queue_state_changed(parse_queue_state(raw), body.get("queue_state_reason"))

    def _answered(self, response: requests.Response) -> Mapping[str, Any] | None:
        body = _json(response)
        if not isinstance(body, dict):
            self._end("a body that is no JSON object")
        if body.get("type") == "try_again":
            log.warning("The server answered try_again; asking for %s once more.", self._request_id)
            return None
        if body.get("status") == "complete_metadata" and not self._announced:
            self._announced = True
            return None
        if "error" in body:
            category = body.get("category")
            message = f"{self._request_id} failed: {body['error']}"
            raise RequestFailedError(message, category if category in _CATEGORIES else "unknown")
        if missing := [key for key in self._operation.required if key not in body]:
            self._end(f"a result without {', '.join(missing)}")
        return body

    def _end(self, what: str) -> NoReturn:
        message = f"the poll of {self._request_id} was answered with {what}; it is not asked for again"
        raise PollEndedError(message)


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
