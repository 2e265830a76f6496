"""What all clients of the reference share: the session with the server, submissions, waits for results."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from fake_server.core.operations import Operation
from fake_server.core.wanted_got import expected_got
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import (
    CustomObserver,
    OnExpired,
    OperationFacet,
    Profile,
    SessionPolling,
    SubmissionRetries,
    WaitTimeout,
)
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.reference.billing import BillingPause
from tinker_conformance.reference.failures import ErrorKind, FutureError
from tinker_conformance.reference.observer import LOGGER_NAME, QueueStateObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.retry import SamplingRetries
from tinker_conformance.reference.session_poller import SessionPoller
from tinker_conformance.reference.submission import PendingRequest, SampleBackOff
from tinker_conformance.reference.wire import PendingFuture, Result, TelemetryHook

_T = TypeVar("_T")
_logger: Final = logging.getLogger(f"{LOGGER_NAME}.session")
_MESSAGES: Final = (
    (logging.INFO, "info_message"),
    (logging.WARNING, "warning_message"),
    (logging.ERROR, "error_message"),
)
"""The fields of the reply to a session's creation that the SDK logs, each with the level of its log line."""


class Service:
    """A session with one server, shared by all clients that were created from it.

    Attributes:
        profile: The profile that the session and its clients follow.
    """

    def __init__(
        self,
        base_url: str,
        profile: Profile,
        *,
        api_key: str | None = None,
        http: httpx.AsyncClient | None = None,
        on_telemetry: TelemetryHook | None = None,
    ) -> None:
        """Create a session without sending a request; the first call of a client sends the first one.

        Args:
            base_url: The server's URL, such as ``http://127.0.0.1:8000``.
            profile: The profile to follow.
            api_key: The API key, sent with every request in the header ``X-API-Key``; None omits the header.
            http: The HTTP client to use, which `aclose` leaves open; None creates one, which `aclose` closes.
            on_telemetry: Called with the name and the data of each telemetry event.
        """
        self.profile = profile
        self._base_url = base_url.rstrip("/")
        self._key = {} if api_key is None else {"X-API-Key": api_key}
        self._own_http = httpx.AsyncClient() if http is None else None
        self._http = http if http is not None else self._own_http
        self._on_telemetry = on_telemetry
        self._billing = BillingPause(profile.polling, profile.polling.billing_limit_seconds)
        self._back_off = SampleBackOff()
        self._config: Mapping[str, object] = {}
        self._dynamic_config: Mapping[str, object] = {}
        self._closing = False
        self._pollers: dict[tuple[str, asyncio.AbstractEventLoop], SessionPoller] = {}
        self._session: str | None = None
        self._ready = False
        self._setting_up = asyncio.Lock()
        self._models = itertools.count()
        self._samplers = itertools.count()
        self._abandoned: set[asyncio.Future[Any]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel polls that still run after a timeout; close the HTTP client unless a caller passed it."""
        self._closing = True
        for (_, loop), poller in self._pollers.items():
            # A loop that ended has cancelled its tasks.
            if loop is asyncio.get_running_loop():
                poller.close()
        for task in tuple(self._abandoned):
            task.cancel()
        await asyncio.gather(*self._abandoned, return_exceptions=True)
        if self._own_http is not None:
            await self._own_http.aclose()

    async def run(
        self,
        operation: Operation,
        kind: ClientKind,
        body: Callable[[], Mapping[str, object]],
        *,
        observer: QueueStateObserver | None,
        own_observer: QueueStateObserver | None,
        retries: SamplingRetries | None = None,
        sampler: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - what a time limit stops depends on the profile
        cancels: bool = False,
    ) -> Result:
        """Submit an operation and return its result.

        Args:
            operation: The operation to submit.
            kind: The kind of client that submits it.
            body: Creates the request body, once for each submission or each time that it is sent.
            observer: The caller's observer, if any.
            own_observer: The client's observer; None if this kind of client has none.
            retries: Submits the operation again when its future is lost; None if the client does not do that.
            sampler: The id of the sampling session, whose samples may share one poll; None for other
                operations.
            timeout: How long to wait for the result, seconds; None waits without a limit.
            cancels: Whether to give up the future after `timeout`, even if the profile only stops the wait.

        Raises:
            UserError: The profile has no such operation, or takes no observer.
            FutureError: The future ended without a result.
        """
        if operation not in self.profile.polling.operations:
            known = ", ".join(self.profile.polling.operations)
            message = f"{self.profile.name} has no operation {operation}; use one of {known}"
            raise UserError(message)
        notified = self._observer(operation, observer, own_observer)
        await self.ready()

        async def attempt() -> Result:
            future = await self._submit(operation, kind, body)
            poll = self._poll(future, notified)
            together = None if sampler is None else self._session_poller(sampler)
            try:
                return await (poll.result() if together is None else _after(together, future, poll))
            except asyncio.CancelledError:
                if kind is ClientKind.SAMPLING:
                    self._cancel_on_server(future.request_id)
                raise

        resubmits = self.profile.polling.expired.action(kind) is OnExpired.RESUBMITS
        running = retries.run(attempt) if retries is not None and resubmits else attempt()
        return await self._within(timeout, self._finished(operation, running), cancels=cancels)

    async def post(
        self, path: str, body: Mapping[str, object], retries: SubmissionRetries
    ) -> Mapping[str, object]:
        """POST a request that creates no future until the server accepts it, and return the reply.

        Args:
            path: The path to POST to.
            body: The body, sent as JSON.
            retries: How the request is sent again after an error: after short delays, long ones, or both.

        Raises:
            FutureError: The server refused the request for good, or its reply is not a JSON object.
        """
        return await self._submission(path, lambda: body, retries).accepted()

    def _submission(
        self,
        path: str,
        body: Callable[[], Mapping[str, object]],
        retries: SubmissionRetries,
        back_off: SampleBackOff | None = None,
    ) -> PendingRequest:
        return PendingRequest(
            path=path,
            body=body,
            facet=self.profile.polling,
            retries=retries,
            send=self._send,
            base_url=self._base_url,
            billing=self._billing,
            back_off=back_off,
        )

    async def _send(
        self,
        url: str,
        *,
        json: Any,
        headers: Any,
        timeout: float,  # noqa: ASYNC109 - the name is httpx's
        follow_redirects: bool,
    ) -> httpx.Response:
        """POST a JSON body with the API key."""
        return await self._client().post(
            url,
            json=json,
            headers={**self._key, **headers},
            timeout=timeout,
            follow_redirects=follow_redirects,
        )

    def next_model(self) -> int:
        """Return the number of the next model of this session, from 0."""
        return next(self._models)

    def next_sampler(self) -> int:
        """Return the number of the next sampling session, from 0."""
        return next(self._samplers)

    @property
    def session(self) -> str | None:
        """Return the session's id; None before the session exists, and in profiles without sessions."""
        return self._session

    async def ready(self) -> None:
        """Create the session on the server unless it exists.

        Before the first call has returned, only one event loop may use this object; afterwards, any may.
        """
        if not self._ready:
            await self._make_ready()

    async def _make_ready(self) -> None:
        async with self._setting_up:
            if self._ready:
                return
            facet = self.profile.polling
            if facet.asks_client_config:
                self._config = await self.post(
                    "/api/v1/client/config", {"sdk_version": "reference"}, facet.submission.client_config
                )
                limit = self._config.get("billing_exception_max_pause_duration_sec")
                if isinstance(limit, int | float):
                    self._billing.limit_seconds = float(limit)
            if (rules := facet.cancellation) is not None:
                # Servers that lack it are served without what it would switch on.
                with contextlib.suppress(FutureError):
                    self._dynamic_config = await self.post(
                        rules.config_path, {"sdk_version": "reference"}, facet.submission.client_config
                    )
            if facet.creates_session:
                request = {
                    "type": "create_session",
                    "tags": [],
                    "user_metadata": {},
                    "sdk_version": "reference",
                }
                made = await self.post("/api/v1/create_session", request, facet.submission.sessions)
                self._session = text_of(made, "session_id")
                for level, key in _MESSAGES:
                    if isinstance(message := made.get(key), str) and message:
                        _logger.log(level, "%s", message)
            self._ready = True

    async def _submit(
        self, operation: Operation, kind: ClientKind, body: Callable[[], Mapping[str, object]]
    ) -> PendingFuture:
        started = time.time()
        facet = self.profile.polling.operations[operation]
        back_off = self._back_off if kind is ClientKind.SAMPLING else None
        reply = await self._submission(facet.path, body, facet.retries, back_off).accepted()
        return PendingFuture(text_of(reply, "request_id"), operation, kind, time.time() - started)

    def _session_poller(self, sampler: str) -> SessionPoller | None:
        """Return the poller that all samples of a session share; None if each sample polls for itself."""
        rules = self.profile.polling.session_polling
        if rules is None or self._config.get(rules.flag) is not True:
            return None
        # Each event loop has its own: what waits on one cannot be woken on another.
        key = (sampler, asyncio.get_running_loop())
        if key not in self._pollers:
            self._pollers[key] = self._new_session_poller(sampler, rules)
        return self._pollers[key]

    def _new_session_poller(self, sampler: str, rules: SessionPolling) -> SessionPoller:
        return SessionPoller(
            session=sampler,
            facet=self.profile.polling,
            rules=rules,
            send=self._send,
            base_url=self._base_url,
            billing=self._billing,
        )

    def _poll(self, future: PendingFuture, observer: QueueStateObserver | None) -> Poll:
        return Poll(
            future=future,
            profile=self.profile,
            send=self._send,
            base_url=self._base_url,
            billing=self._billing,
            observer=observer,
            on_telemetry=self._on_telemetry,
        )

    def _observer(
        self,
        operation: Operation,
        custom: QueueStateObserver | None,
        own: QueueStateObserver | None,
    ) -> QueueStateObserver | None:
        facet = self.profile.observer
        if custom is not None:
            if facet.custom_observer is CustomObserver.UNSUPPORTED:
                message = f"{self.profile.name} does not support a caller's observer; leave `observer` out"
                raise UserError(message)
            return custom
        return own if operation in facet.observed_operations else None

    async def _finished(self, operation: Operation, running: Awaitable[Result]) -> Result:
        """Await a result, and check that it has the keys that the profile requires of this operation."""
        facet = self.profile.polling.operations[operation]
        if not facet.assertion_drains:
            return _checked(await self.drained(running), facet)

        async def checked() -> Result:
            return _checked(await running, facet)

        return await self.drained(checked())

    async def drained(self, running: Awaitable[_T]) -> _T:
        """Await a result; raise its failure only after the time in which the SDK sends telemetry."""
        try:
            return await running
        except Exception:
            if self.profile.polling.failure_drain_seconds:
                await asyncio.sleep(self.profile.polling.failure_drain_seconds)
            raise

    def _cancel_on_server(self, request_id: str) -> None:
        """Report in a new task that a sample is given up, if the server's configuration asks for that."""
        rules = self.profile.polling.cancellation
        if rules is None or self._closing or self._dynamic_config.get(rules.flag) is not True:
            return
        task = asyncio.ensure_future(self.post(rules.path, {"request_id": request_id}, rules.retries))
        self._abandoned.add(task)
        task.add_done_callback(self._collect)

    async def _within(
        self, limit: float | None, running: Coroutine[object, object, _T], *, cancels: bool
    ) -> _T:
        """Await a result for at most `limit` seconds; None waits without a limit."""
        if limit is None:
            return await running
        task = asyncio.ensure_future(running)
        try:
            done, _ = await asyncio.wait({task}, timeout=limit)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        if cancels or self.profile.polling.wait_timeout is WaitTimeout.CANCELS_POLL:
            task.cancel()
        self._abandoned.add(task)
        task.add_done_callback(self._collect)
        message = f"no result within {limit} s; use a longer timeout"
        raise FutureError(message, ErrorKind.TIMEOUT, official_class="TimeoutError", official_text="")

    def _collect(self, task: asyncio.Future[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()

    def _client(self) -> httpx.AsyncClient:
        assert self._http is not None  # noqa: S101 - narrows: the constructor set one of the two
        return self._http


async def _after(together: SessionPoller, future: PendingFuture, poll: Poll) -> Result:
    """Poll a future after the poll of its sampling session has reported that it is finished or failed."""
    if await together.wait_for(future.request_id):
        poll.announced()
    try:
        result = await poll.result()
    except FutureError as error:
        if error.kind is ErrorKind.FAILED:
            together.fetched(future.request_id)
        raise
    together.fetched(future.request_id)
    return result


def text_of(reply: Mapping[str, object], key: str) -> str:
    """Return the string under a key of a reply.

    Raises:
        FutureError: The reply has no string under the key.
    """
    value = reply.get(key)
    if not isinstance(value, str):
        wrong = expected_got(f"a reply with a string '{key}'", f"keys {sorted(reply)}")
        message = f"{wrong}; fix the server's reply"
        raise FutureError(message, official_class="ValidationError", official_text=message)
    return value


def _checked(result: Result, facet: OperationFacet) -> Result:
    missing = [key for key in facet.asserted if result.body is not None and key not in result.body]
    if missing:
        message = f"the result has no {', '.join(missing)}; fix the server's reply"
        raise FutureError(message, official_class="AssertionError", official_text="")
    return result
