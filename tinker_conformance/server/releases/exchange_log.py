"""Record and limit the requests that the SDK sends, inside the worker process of a release."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from fake_server.core.number_words import counted

FREE_REQUESTS: Final = 50
"""How many requests one verb may send without delay. With a server that answers, a verb sends 2 to 10."""
PACE_SECONDS: Final = 0.25
"""How long every further request is delayed, in seconds.

The official SDK polls again at once after a 408, so a server that does not wait would get thousands.
"""
_POLLS: Final = frozenset({"/api/v1/retrieve_future", "/api/v1/retrieve_futures"})
_BACKGROUND: Final = frozenset(
    {"/api/v1/session_heartbeat", "/api/v1/telemetry", "/api/v1/client/dynamic_config"}
)
"""The paths of requests that the SDK sends by itself, at any time."""
_RECENT_SECONDS: Final = 0.5


@dataclass(slots=True, eq=False)
class Sent:
    """One request of the SDK.

    Attributes:
        method: The HTTP method.
        path: The path.
        began: When the request was sent, in seconds of the monotonic clock.
        ended: When the reply was complete or the request failed; None while the SDK waits.
        status: The status of the reply; None without a reply.
        trouble: The error with which the request failed, or None.
    """

    method: str
    path: str
    began: float
    ended: float | None = None
    status: int | None = None
    trouble: str | None = None

    @property
    def name(self) -> str:
        """Method and path of the request."""
        return f"{self.method} {self.path}"

    @property
    def polls(self) -> bool:
        """Whether the request polls a future."""
        return self.path in _POLLS

    @property
    def reply_text(self) -> str:
        """The reply, or the error in place of a reply, in words."""
        return f"HTTP {self.status}" if self.trouble is None else self.trouble


@dataclass(slots=True)
class ExchangeLog:
    """The requests of the verb that runs. Thread-safe."""

    tally: int | None = None
    """The descriptor of a file to which each request adds a byte: the kit's process counts them.

    None: no counting.
    """
    most: int = 0
    """How many bytes that file may have: the most requests allowed."""
    spent: threading.Event = field(default_factory=threading.Event)
    """Set when a request was not sent because no more requests are allowed."""
    _sent: list[Sent] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self, most: int = 0) -> None:
        """Start with the next verb; `most` is how many requests the release may have sent by its end."""
        with self._lock:
            self._sent = []
            self.most = most

    def may_send(self) -> bool:
        """Count a request that is about to be sent; return False if no more requests are allowed."""
        with self._lock:
            if self.tally is None:
                return True
            if os.fstat(self.tally).st_size >= self.most:
                self.spent.set()
                return False
            os.write(self.tally, b".")
            return True

    def begin(self, method: str, path: str) -> Sent:
        """Add a request that is about to be sent."""
        sent = Sent(method, path, time.monotonic())
        if path not in _BACKGROUND:
            with self._lock:
                self._sent.append(sent)
        return sent

    @property
    def sent(self) -> list[Sent]:
        """The requests so far, without heartbeats and telemetry."""
        with self._lock:
            return list(self._sent)

    def install(self) -> None:
        """Record and limit the requests of every httpx client in this process.

        The SDK has no other HTTP client.
        """
        original = httpx.AsyncClient.send

        async def send(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
            if len(self.sent) >= FREE_REQUESTS:
                await asyncio.sleep(PACE_SECONDS)
            follows = options.pop("follow_redirects", httpx.USE_CLIENT_DEFAULT)
            follows = client.follow_redirects if follows is httpx.USE_CLIENT_DEFAULT else follows
            for _ in range(client.max_redirects + 1):
                response = await exchange(client, request, options)
                following = response.next_request
                if not follows or following is None or not _same_server(following.url, request.url):
                    # To follow it would send the API key to another server, which the user has not allowed.
                    return response
                await response.aclose()
                request = following
            raise httpx.TooManyRedirects("the server redirects without end", request=request)

        async def exchange(
            client: httpx.AsyncClient, request: httpx.Request, options: dict[str, Any]
        ) -> httpx.Response:
            if not self.may_send():
                # Never return: the SDK would retry after an error, and a report would blame the server.
                await asyncio.Event().wait()
            sent = self.begin(request.method, request.url.path)
            try:
                response = await original(client, request, follow_redirects=False, **options)
            except BaseException as error:
                sent.trouble, sent.ended = _trouble(error), time.monotonic()
                raise
            sent.status, sent.ended = response.status_code, time.monotonic()
            return response

        httpx.AsyncClient.send = send  # type: ignore[method-assign, assignment] # to note what is sent

    def hangs_where(self) -> str:
        """Return words that say which reply, or what else, the SDK waits for."""
        sent, now = self.sent, time.monotonic()
        if not sent:
            return "the SDK sent nothing"
        last = sent[-1]
        waiting = [each for each in sent if each.ended is None]
        before = "" if len(sent) == 1 else f", after {counted(len(sent) - 1, 'other request')}"
        if waiting:
            first = waiting[0]
            return f"{first.name} was not answered for {now - first.began:.1f} s{before}"
        same = [each for each in sent if each.name == last.name]
        times = "once" if len(same) == 1 else f"{len(same)} times"
        text = f"the SDK sent {last.name} {times}, and the last reply was {last.reply_text}"
        assert last.ended is not None  # noqa: S101 - nothing waits
        quiet = now - last.ended
        return text if quiet < _RECENT_SECONDS else f"{text}, {quiet:.1f} s ago"


def _same_server(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether two URLs have the same scheme, host and port."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _trouble(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "given up by the SDK"
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}"
