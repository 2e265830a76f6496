"""The fakes as context managers, for use outside fixtures: Hypothesis examples, scripts, other test runners.

    with frozen_clock(epoch) as clock, tinker_in_process(clock=clock) as tinker:
        tinker.add_script(...)

The context managers behave like the fixtures `fake_tinker` and `fake_tinker_server`: they set the same
environment variables, and verify the scripts at the end, unless the block has raised an exception.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

import pytest

from fake_server.http.http_server import FakeTinkerServer
from fake_server.in_process.respx_router import DEFAULT_BASE_URL, is_mounted, mounted
from tinker_conformance.downstream.clock import OWN_PORTS, FakeTinkerClock, current_clock
from tinker_conformance.downstream.options import FakeTinkerOptions
from tinker_conformance.downstream.reachable_tinker import ReachableTinker
from tinker_conformance.error_families import UserError

_DEFAULTS: Final = FakeTinkerOptions()


@contextlib.contextmanager
def tinker_in_process(
    options: FakeTinkerOptions = _DEFAULTS, *, clock: FakeTinkerClock | None = None
) -> Iterator[ReachableTinker]:
    """Provide a fake Tinker in this process, for every httpx client that sends requests to its `url`.

    Args:
        options: The settings; those about the clock have no effect here. If another fake of this process
            already has the default URL, the new fake gets another one.
        clock: The frozen clock that scripts move; None for the clock that is frozen when a script is played,
            such as the fixture's.

    Raises:
        UserError: The URL was chosen by the user, and belongs to another fake of this process.
        ScriptViolation: At the end, if a script was not drained or an unexpected request arrived.
    """
    with _verified(options, clock, reached_in_process) as tinker:
        yield tinker


@contextlib.contextmanager
def tinker_on_a_socket(
    options: FakeTinkerOptions = _DEFAULTS, *, clock: FakeTinkerClock | None = None
) -> Iterator[ReachableTinker]:
    """Provide a fake Tinker on a free loopback port, for clients of any process; see `tinker_in_process`."""
    with _verified(options, clock, reached_on_a_socket) as tinker:
        yield tinker


@contextlib.contextmanager
def _verified(
    options: FakeTinkerOptions,
    clock: FakeTinkerClock | None,
    reached: Callable[[ReachableTinker], AbstractContextManager[None]],
) -> Iterator[ReachableTinker]:
    tinker = ReachableTinker(options, lambda: clock or current_clock())
    with reached(tinker):
        yield tinker
    if options.verify:
        tinker.verify()


@contextlib.contextmanager
def reached_in_process(tinker: ReachableTinker) -> Iterator[None]:
    """Serve a fake on its `url` in this process, and set the environment variables, within the block.

    Raises:
        UserError: The URL was chosen by the user, and belongs to another fake of this process.
    """
    tinker.url = _free_url(tinker.url)
    with mounted(tinker, base_url=tinker.url), tinker.serving(in_process=True), environment_of(tinker):
        yield


def _free_url(url: str) -> str:
    """Return a URL that no other fake of this process has, so that none gets the requests of another."""
    if not is_mounted(url):
        return url
    if url != DEFAULT_BASE_URL:
        raise UserError(f"{url} belongs to another fake of this process; give each its own base_url")
    numbered = (f"http://tinker-{number}.test" for number in itertools.count(2))
    return next(other for other in numbered if not is_mounted(other))


@contextlib.contextmanager
def reached_on_a_socket(tinker: ReachableTinker) -> Iterator[None]:
    """Serve a fake on a free loopback port, set its `url`, and set the environment variables."""
    with FakeTinkerServer(tinker) as server:
        tinker.url = server.url
        OWN_PORTS.add(server.port)
        try:
            with tinker.serving(in_process=False), environment_of(tinker):
                yield
        finally:
            OWN_PORTS.discard(server.port)


@contextlib.contextmanager
def environment_of(tinker: ReachableTinker) -> Iterator[None]:
    """Set the environment variables by which clients find a fake, within the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINKER_BASE_URL", tinker.url)
        patch.setenv("TINKER_API_KEY", tinker.api_key)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))))
        yield
