"""Wait for all samples of a sampling session with one poll, if the server's configuration asks for that.

Source: ``tinker`` 0.27.1 to 0.38.0. The last poll, which the official SDK sends when a client is closed, is
not modelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from tinker_conformance.profile.profile import PollingFacet, SessionPolling
from tinker_conformance.reference.billing import BillingPause
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.observer import LOGGER_NAME
from tinker_conformance.reference.polling import PostJson
from tinker_conformance.reference.submission import official_class
from tinker_conformance.reference.wire import detail_of

_logger: Final = logging.getLogger(f"{LOGGER_NAME}.session")


@dataclass(slots=True)
class SessionPoller:
    """Polls for all samples of one sampling session, on one event loop.

    Attributes:
        session: The sampling session's id.
        facet: The polling facet of the profile.
        rules: The part of the polling facet about polls of sessions.
        send: The function that sends a request, such as ``post`` of an HTTP client.
        base_url: The server's URL, without a path.
        billing: The pause for HTTP 402, shared with all requests of the service.
    """

    session: str
    facet: PollingFacet
    rules: SessionPolling
    send: PostJson
    base_url: str
    billing: BillingPause
    _cursor: int = 0
    _acknowledged: int = 0
    _bad_requests: int = 0
    _waiting: dict[str, asyncio.Event] = field(default_factory=dict)
    _completed: dict[str, int] = field(default_factory=dict)
    _fetched: set[str] = field(default_factory=set)
    _failure: str | None = None
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def wait_for(self, request_id: str) -> int:
        """Wait until a future is finished or failed.

        Returns:
            The size of the future's result in bytes, as the server announced it; 0 if it announced none.

        Raises:
            FutureError: A poll of the session ended in a status that is not retried.
        """
        if request_id not in self._completed and self._failure is None:
            self._waiting[request_id] = done = asyncio.Event()
            self._start()
            try:
                await done.wait()
            finally:
                self._waiting.pop(request_id, None)
        if request_id not in self._completed:
            raise self._failed()
        return self._completed.pop(request_id)

    def fetched(self, request_id: str) -> None:
        """Let the next poll report that the result of a future has been fetched, if the profile says so."""
        if self.rules.reports_retrieved:
            self._fetched.add(request_id)
            self._start()

    def close(self) -> None:
        """Stop polling."""
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._work.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while self._failure is None:
            if not self._has_work():
                self._work.clear()
                await self._work.wait()
            await self._poll()

    def _has_work(self) -> bool:
        behind = self.rules.acknowledges and self._acknowledged < self._cursor
        return bool(self._waiting or self._fetched) or behind

    async def _poll(self) -> None:
        """Poll the session once, and wait after a reply that is retried."""
        from_cursor, fetched = self._cursor, frozenset(self._fetched)
        try:
            response = await self._ask(fetched)
        except httpx.RequestError:
            await asyncio.sleep(self.rules.retry_seconds)
            return
        if not response.is_success:
            await self._handle_error_status(response)
            return
        completions = self._completions(response)
        if completions is None:
            self._fail(f"APIResponseValidationError: {detail_of(response)}")
            return
        self._bad_requests = 0
        self._fetched -= fetched
        self._acknowledged = max(self._acknowledged, from_cursor)
        self._completed.update(completions)
        for request_id in completions:
            if (waiting := self._waiting.pop(request_id, None)) is not None:
                waiting.set()

    async def _ask(self, fetched: frozenset[str]) -> httpx.Response:
        target = {
            "type": "sampling_session",
            "sampling_session_id": self.session,
            "cloned_sampler_id": 0,
        }
        body: dict[str, object] = {"target": target, "prev_cursor": self._cursor}
        if self.rules.reports_retrieved:
            body["retrieved_request_ids"] = sorted(fetched)
        if self.rules.acknowledges and not self._waiting:
            body["timeout"] = 0
        return await self.send(
            f"{self.base_url}{self.rules.path}",
            json=body,
            headers={},
            timeout=self.facet.poll_timeout_seconds,
            follow_redirects=True,
        )

    async def _handle_error_status(self, response: httpx.Response) -> None:
        detail, status = detail_of(response), response.status_code
        if status == 402 and self.billing.may_continue(detail):
            await asyncio.sleep(self.facet.billing_pause_seconds)
        elif status in {408, 409, 429} or status >= 500:
            await asyncio.sleep(self.rules.retry_seconds)
        elif status == 400 and self._bad_requests < self.rules.bad_request_budget:
            self._bad_requests += 1
            await asyncio.sleep(self.rules.retry_seconds)
        else:
            self._fail(f"{official_class(status)}: {detail}")

    def _completions(self, response: httpx.Response) -> Mapping[str, int] | None:
        """Read a reply's completions, with the size of each result; return None if it is not valid."""
        try:
            body: object = response.json()
        except ValueError:
            return None
        match body:
            case {"completions": list(entries), "cursor": int(cursor)}:
                found: dict[str, int] = {}
                for entry in entries:
                    match entry:
                        case {"request_id": str(name), "state": "finished"}:
                            size = entry.get("response_payload_uncompressed_size")
                            found[name] = size if isinstance(size, int) else 0
                        case {"request_id": str(name), "state": "failed"}:
                            found[name] = 0
                        case _:
                            return None
                self._cursor = cursor
                return found
            case _:
                return None

    def _fail(self, error: str) -> None:
        """End this poll for good, and every sample that waits for it."""
        self._failure = self.rules.failure_error.format(session=self.session, error=error)
        _logger.error("%s", self._failure)
        for waiting in self._waiting.values():
            waiting.set()

    def _failed(self) -> FutureError:
        failure = self._failure or ""
        message = f"{failure}; fix the server's reply, and create another sampling client"
        return FutureError(message, official_class="TinkerError", official_text=failure)
