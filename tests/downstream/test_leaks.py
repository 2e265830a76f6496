"""A test that fails, in its body or while it is set up, leaves nothing of its fixtures behind."""

from __future__ import annotations

import asyncio
import datetime
import logging
import os
import socket
import threading
import time
from urllib.parse import urlsplit

import freezegun.api
import httpx
import pytest
from respx.mocks import HTTPXMocker

from tests.downstream.runs import QUIET

# Everything that the fixtures load is loaded before, so that the run inside patches the same modules.
from tinker_conformance.downstream import clock, queue_warnings, tinker

_LOADED = (clock, queue_warnings, tinker)

FIXTURES = ["fake_tinker", "fake_tinker_server", "fake_tinker_clock", "fake_tinker_warnings"]
COMBINATIONS = [
    *FIXTURES,
    "fake_tinker, fake_tinker_clock, fake_tinker_warnings",
    "fake_tinker_clock, fake_tinker_server",
]


def _state() -> dict[str, object]:
    root = logging.getLogger()
    return {
        "clocks": (time.time, time.monotonic, time.perf_counter, time.sleep, time.time_ns),
        "dates": (datetime.datetime, datetime.date),
        "freezers": list(freezegun.api.freeze_factories),
        "freezegun": (freezegun.api._get_fake_monotonic, freezegun.api.call_stack_inspection_limit),
        "loops": (asyncio.SelectorEventLoop.time, asyncio.new_event_loop),
        "transports": (httpx.Client._transport_for_url, httpx.AsyncClient._transport_for_url),
        "routers": list(HTTPXMocker.routers),
        "threads": {thread for thread in threading.enumerate() if thread.is_alive()},
        "environment": {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "handlers": [
            handler for handler in root.handlers if not type(handler).__module__.startswith("_pytest")
        ],
        "level": root.level,
    }


CHANGES = {
    "fake_tinker": {"transports", "routers", "environment"},
    "fake_tinker_server": {"threads", "environment"},
    "fake_tinker_clock": {"clocks", "dates", "freezers", "freezegun", "loops"},
    "fake_tinker_warnings": {"handlers"},
}


class _Spy:
    """Looks on while the test inside runs."""

    during: dict[str, object] | None = None
    url: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.look()

    def look(self) -> None:
        self.during = _state()
        self.url = os.environ.get("TINKER_BASE_URL")


@pytest.mark.parametrize("ending", ["body", "set-up", "interrupt"])
@pytest.mark.parametrize("fixtures", COMBINATIONS)
def test_nothing_is_left(pytester: pytest.Pytester, fixtures: str, ending: str) -> None:
    failing = "raise KeyboardInterrupt" if ending == "interrupt" else "assert 1 == 2"
    pytester.makepyfile(
        f"""
import pytest

@pytest.fixture
def broken(request, {fixtures}):
    if {ending!r} == "set-up":
        request.config.pluginmanager.get_plugin("spy").look()
        raise RuntimeError("broken")

def test_failing({fixtures}, broken):
    {failing}
"""
    )
    spy = _Spy()
    before = _state()
    result = _inside(pytester, spy)
    after = _state()
    assert result != 0
    assert spy.during is not None
    changed = {name for name in before if spy.during[name] != before[name]}
    expected = set().union(*(CHANGES[name] for name in fixtures.split(", ")))
    assert expected <= changed, "the look itself must be able to see each change"
    assert after == before
    if "server" in fixtures:
        address = urlsplit(str(spy.url))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.hostname, address.port or 0), timeout=5)


def _inside(pytester: pytest.Pytester, spy: _Spy) -> int:
    class Naming:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(spy, "spy")

    return int(pytester.inline_run(*QUIET, plugins=[Naming()], no_reraise_ctrlc=True).ret)
