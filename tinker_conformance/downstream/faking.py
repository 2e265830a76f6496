"""The fakes as context managers, for what is no fixture: examples of Hypothesis, scripts, other test runners.

    with frozen_clock(epoch) as clock, tinker_in_process(clock=clock) as tinker:
        tinker.add_script(...)

They do what the fixtures `fake_tinker` and `fake_tinker_server` do, environment variables and the
verification at the end included; a block that raises is not verified on top.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

import pytest

from fake_server.http.http_server import FakeTinkerServer
from fake_server.in_process.respx_router import mounted
from tinker_conformance.downstream.clock import FakeTinkerClock
from tinker_conformance.downstream.options import FakeTinkerOptions
from tinker_conformance.downstream.reachable_tinker import ReachableTinker

_DEFAULTS: Final = FakeTinkerOptions()


@contextlib.contextmanager
def tinker_in_process(
    options: FakeTinkerOptions = _DEFAULTS, *, clock: FakeTinkerClock | None = None
) -> Iterator[ReachableTinker]:
    """A fake Tinker in this process, for every httpx client that asks its `url`.

    Args:
        options: Settings; those about the clock are the clock's own.
        clock: The frozen clock that scripts move; without one they cannot move any.

    Raises:
        ScriptViolation: At the end, a script was not drained, or a request came that none expects.
    """
    with _verified(options, clock, reached_in_process) as tinker:
        yield tinker


@contextlib.contextmanager
def tinker_on_a_socket(
    options: FakeTinkerOptions = _DEFAULTS, *, clock: FakeTinkerClock | None = None
) -> Iterator[ReachableTinker]:
    """The same on a free loopback port, for any client of any process."""
    with _verified(options, clock, reached_on_a_socket) as tinker:
        yield tinker


@contextlib.contextmanager
def _verified(
    options: FakeTinkerOptions,
    clock: FakeTinkerClock | None,
    reached: Callable[[ReachableTinker], AbstractContextManager[None]],
) -> Iterator[ReachableTinker]:
    tinker = ReachableTinker(options, lambda: clock)
    with reached(tinker):
        yield tinker
    if options.verify:
        tinker.verify()


@contextlib.contextmanager
def reached_in_process(tinker: ReachableTinker) -> Iterator[None]:
    """Has an engine answer on its `url`, and the environment name it, for the duration of the block."""
    with mounted(tinker, base_url=tinker.url), _environment(tinker):
        yield


@contextlib.contextmanager
def reached_on_a_socket(tinker: ReachableTinker) -> Iterator[None]:
    """The same on a free loopback port; the engine's `url` becomes that of the port."""
    with FakeTinkerServer(tinker) as server:
        tinker.url = server.url
        with _environment(tinker):
            yield


@contextlib.contextmanager
def _environment(tinker: ReachableTinker) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINKER_BASE_URL", tinker.url)
        patch.setenv("TINKER_API_KEY", tinker.api_key)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))))
        yield
