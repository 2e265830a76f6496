"""Recognizes requests of clients that an earlier test left running.

A test that gives up on a future leaves the poller of the SDK running in its thread. The next test's fake has
the same URL and hands out the same ids, so the poller would take that test's results. Each fake therefore has
an API key of its own, which clients read from ``TINKER_API_KEY``. In process, the context of the request
tells as well: tasks inherit it from the test that started them, also across threads.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Final

from fake_server.core.http_messages import JSON_HEADERS, Reply, Request
from fake_server.core.json_values import encoded
from fake_server.core.operations import API_PREFIX

MAX_REMEMBERED: Final = 10_000
"""How many keys of ended fakes are remembered; the oldest are forgotten first."""
MAX_LEFTOVERS: Final = 1_000
"""How many requests of earlier tests one fake records."""

_BACKGROUND: Final = {
    f"{API_PREFIX}session_heartbeat": Reply(410, JSON_HEADERS, encoded({"error": "the test has ended"})),
    f"{API_PREFIX}telemetry": Reply(200, JSON_HEADERS, encoded({"status": "accepted"})),
    f"{API_PREFIX}cancel_future": Reply(200, JSON_HEADERS, encoded({})),
}
"""What ends a request that the SDK sends by itself, without a line in the log of the next test.

Source: tinker 0.26 and later stop the heartbeat of a session at HTTP 410, and warn after two minutes of any
other error. Telemetry that is refused is logged with a traceback, and so is a cancellation.
"""

_numbers = itertools.count(1)


@dataclass(eq=False, slots=True)
class Lifetime:
    """The time during which one fake serves its test.

    Attributes:
        name: The test, as pytest names it.
        key: The API key of the fake.
        ended: Whether the fake serves no longer.
    """

    name: str
    key: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A request that belongs to an earlier test.

    Attributes:
        test: The test whose client sent it.
        method: Its HTTP method.
        path: Its path.
    """

    test: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}, from a client of {self.test}"

    @property
    def refused(self) -> bool:
        """Whether its client sees an error; what the SDK sends by itself is ended quietly."""
        return self.path not in _BACKGROUND

    def reply(self) -> Reply:
        """Return what ends it: the SDK sends no such request again."""
        text = f"{self}, which has ended; wait for its futures, or cancel them, before the test ends"
        return _BACKGROUND.get(self.path) or Reply(404, JSON_HEADERS, encoded({"error": text}))


_active: ContextVar[tuple[Lifetime, ...]] = ContextVar("fake_tinker_lifetimes", default=())
_ended: dict[str, Lifetime] = {}
_lock = threading.Lock()


def own_key(key: str) -> str:
    """Return an API key that no other fake of this process has."""
    return f"{key}-{next(_numbers)}"


@contextmanager
def serving(name: str, key: str) -> Iterator[Lifetime]:
    """Mark what starts within the block as belonging to a test.

    Args:
        name: The test, as pytest names it.
        key: The API key of its fake.
    """
    lifetime = Lifetime(name, key)
    before = _active.get()
    _active.set((*before, lifetime))
    try:
        yield lifetime
    finally:
        lifetime.ended = True
        # Not by a token: pytest may finish a fixture in another context than the one that began it.
        _active.set(before)
        with _lock:
            _ended[key] = lifetime
            while len(_ended) > MAX_REMEMBERED:
                del _ended[next(iter(_ended))]


def earlier_owner(request: Request, current: Lifetime, *, in_process: bool) -> Lifetime | None:
    """Return the ended lifetime that a request belongs to, or None if it is the current test's.

    Args:
        request: The request.
        current: The lifetime of the fake that received it.
        in_process: Whether the request is handled in the context of the client that sent it.
    """
    key = _key(request)
    if key == current.key:
        return None
    owner = _ended.get(key)
    if owner is None:
        return None
    inherited = _active.get() if in_process else ()
    # A client that is older than this test, but that this test uses.
    return None if any(not lifetime.ended for lifetime in inherited) else owner


def belongs_to_earlier_test(context: Context) -> bool:
    """Return whether what runs in a context was started by a test that has ended."""
    lifetimes = context.get(_active, ())
    return bool(lifetimes) and all(lifetime.ended for lifetime in lifetimes)


def _key(request: Request) -> str:
    bearer = (request.header("authorization") or "").removeprefix("Bearer ")
    return request.header("x-api-key") or bearer
