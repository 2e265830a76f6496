"""Recognize requests of clients that an earlier test left running.

If a test gives up on a future, the SDK goes on polling in a thread. The next test's fake has the same URL and
hands out the same ids, so the old client would take the new test's results. Each fake therefore has an API
key of its own, which clients read from ``TINKER_API_KEY``. In process, the request's `contextvars` context
also tells which test sent it: tasks and threads inherit the context from the test that started them.
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
"""The replies to requests that an SDK sends by itself, with which it stops and logs nothing in the next test.

Source: tinker 0.26 and later stop the heartbeat of a session at HTTP 410, and warn after two minutes of any
other error. A refusal of telemetry or of a cancellation is logged with a traceback.
"""

_numbers = itertools.count(1)


@dataclass(eq=False, slots=True)
class Lifetime:
    """One fake and its test, from the start of the test to its end.

    Attributes:
        name: The name of the test in pytest.
        key: The API key of the fake.
        ended: Whether the test has ended.
    """

    name: str
    key: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A request that belongs to an earlier test.

    Attributes:
        test: The test whose client sent the request.
        method: The HTTP method.
        path: The path of the request.
    """

    test: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}, from a client of {self.test}"

    @property
    def refused(self) -> bool:
        """Return whether the client gets an error; requests that the SDK sends by itself get none."""
        return self.path not in _BACKGROUND

    def reply(self) -> Reply:
        """Return the reply after which the SDK does not send the request again."""
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
    """Mark all tasks and threads that are started within the block as belonging to a test.

    Args:
        name: The name of the test in pytest.
        key: The API key of the test's fake.
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
    """Return the earlier test to which a request belongs; None if it belongs to the current test.

    Args:
        request: The request.
        current: The test whose fake received the request.
        in_process: Whether the request is handled in the `contextvars` context of the client that sent it.
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
    """Return whether the code that runs in a context was started by a test that has ended."""
    lifetimes = context.get(_active, ())
    return bool(lifetimes) and all(lifetime.ended for lifetime in lifetimes)


def _key(request: Request) -> str:
    bearer = (request.header("authorization") or "").removeprefix("Bearer ")
    return request.header("x-api-key") or bearer
