"""A test that fails, in its body or while it is set up, or is interrupted, leaves nothing of its fixtures."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import freezegun
import httpx
import pytest
import respx

from tests.tinker_conformance.downstream.process_state import changed, state
from tests.tinker_conformance.downstream.runs import QUIET

# Everything that the fixtures load is loaded before, so that the run inside patches the same modules.
from tinker_conformance import fixtures
from tinker_conformance.downstream import clock, queue_warnings
from tinker_conformance.downstream import reachable_tinker as tinker
from tinker_conformance.sdk.watchdog import watchdog
from tinker_conformance.suite import conformance_run

_LOADED = (clock, queue_warnings, tinker, conformance_run)


@pytest.fixture(scope="module", autouse=True)
def started_watchdog() -> None:
    """The one process that stays, by design: it ends with this one."""
    watchdog.watch_mark("nothing")
    watchdog.release_mark("nothing")


ADAPTER = Path(__file__).parents[3] / "examples" / "adapter_template" / "python" / "adapter.py"
SDK = f"exec:{shlex.join([sys.executable, str(ADAPTER)])}"

CHANGES = {
    "fake_tinker": {"transports", "routers", "environment"},
    "fake_tinker_server": {"threads", "ports", "environment"},
    "fake_tinker_clock": {"clocks", "dates", "freezers", "freezegun", "loops"},
    "fake_tinker_warnings": {"handlers"},
    "fake_tinker_judge": {"processes"},
}
"""By fixture, what it changes while it is in force."""
WITHOUT_EFFECT = {"fake_tinker_options", "fake_tinker_profile", "fake_tinker_sdk", "fake_tinker_tokenizers"}
"""Fixtures that change nothing, or only by the `monkeypatch` of pytest."""
COMBINATIONS = [
    *CHANGES,
    "fake_tinker, fake_tinker_clock, fake_tinker_warnings",
    "fake_tinker_clock, fake_tinker_server",
]
ENDINGS = ["body", "set-up", "interrupt", "interrupted-set-up"]


class _Spy:
    """Observes the process while the inner test runs."""

    during: dict[str, object] | None = None
    url: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.look()

    def look(self) -> None:
        self.during = state()
        self.url = os.environ.get("TINKER_BASE_URL")


def test_each_fixture_is_looked_at() -> None:
    assert set(fixtures.__all__) == set(CHANGES) | WITHOUT_EFFECT


@pytest.mark.parametrize(
    ("names", "ending"),
    [
        pytest.param(names, ending, marks=() if (ending == "body") is (index > 0) else pytest.mark.slow)
        for index, names in enumerate(COMBINATIONS)
        for ending in ENDINGS
    ],
)
def test_nothing_is_left(pytester: pytest.Pytester, names: str, ending: str) -> None:
    error = "KeyboardInterrupt" if "interrupt" in ending else "RuntimeError"
    pytester.makepyfile(
        f"""
import pytest
from tinker_conformance import QueueStateConformance

@pytest.fixture
def broken(request, {names}):
    if "set-up" in {ending!r}:
        request.config.pluginmanager.get_plugin("spy").look()
        raise {error}

class TestIt(QueueStateConformance):
    sdk = {SDK!r}
    profile = "tinker-0.5.1"

    def test_failing(self, {names}, broken):
        raise {error}
"""
    )
    spy = _Spy()
    before = state()
    result = _inside(pytester, spy)
    after = state()
    assert result != 0
    assert spy.during is not None
    expected = set().union(*(CHANGES[name] for name in names.split(", ")))
    assert expected <= changed(before, spy.during), "the look itself must be able to see each change"
    assert changed(before, after) == set()
    if "server" in names:
        _assert_refused(str(spy.url))


@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_a_fixture_whose_own_set_up_fails_half_way_leaves_nothing(
    pytester: pytest.Pytester, fixture: str
) -> None:
    pytester.makepyfile(
        f"""
import pytest
from tinker_conformance.downstream.options import FakeTinkerOptions

@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(api_key="no environment variable can hold this: \\0")

def test_never_run({fixture}, fake_tinker_clock):
    pass
"""
    )
    before = state()
    assert _inside(pytester, _Spy()) == pytest.ExitCode.TESTS_FAILED
    assert changed(before, state()) == set()


@contextlib.contextmanager
def _frozen() -> Iterator[None]:
    with freezegun.freeze_time("2030-01-01"):
        yield


@contextlib.contextmanager
def _patched(target: object, name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, lambda *_: None)
        yield


@contextlib.contextmanager
def _routed() -> Iterator[None]:
    with respx.MockRouter(using="httpx", assert_all_called=False):
        yield


@contextlib.contextmanager
def _thread() -> Iterator[None]:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()


@contextlib.contextmanager
def _port() -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)):
        yield


@contextlib.contextmanager
def _variable() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINKER_BASE_URL", "http://left.test")
        yield


@contextlib.contextmanager
def _handler() -> Iterator[None]:
    logger, handler = logging.getLogger("tinker"), logging.NullHandler()
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


@contextlib.contextmanager
def _level() -> Iterator[None]:
    logger = logging.getLogger("tinker")
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(logging.NOTSET)


@contextlib.contextmanager
def _process() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield
        process.kill()


PLANTS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "freezers": _frozen,
    "clocks": lambda: _patched(time, "monotonic"),
    "transports": lambda: _patched(httpx.AsyncClient, "_transport_for_url"),
    "routers": _routed,
    "threads": _thread,
    "ports": _port,
    "processes": _process,
    "environment": _variable,
    "handlers": _handler,
    "levels": _level,
}


@pytest.mark.parametrize("kind", PLANTS)
def test_a_leak_of_each_kind_would_be_seen(pytester: pytest.Pytester, kind: str) -> None:
    pytester.makepyfile(
        """
def test_leaving_something(request):
    request.config.pluginmanager.get_plugin("spy").plant()
"""
    )
    before = state()
    with contextlib.ExitStack() as planted:

        class Planter(_Spy):
            def plant(self) -> None:
                planted.enter_context(PLANTS[kind]())

        assert _inside(pytester, Planter()) == 0
        assert kind in changed(before, state())
    assert changed(before, state()) == set()


def _assert_refused(url: str) -> None:
    address = urlsplit(url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port or 0), timeout=5)


def _inside(pytester: pytest.Pytester, spy: _Spy) -> int:
    class Naming:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(spy, "spy")

    options = (*QUIET, "-k", "failing or never or leaving")
    return int(pytester.inline_run(*options, plugins=[Naming()], no_reraise_ctrlc=True).ret)
