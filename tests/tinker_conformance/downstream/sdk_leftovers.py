"""What the official SDK leaves running when a test ends, run by `test_service_page.py`.

Each test checks that it is undisturbed by those before it, and leaves a poller, a submission that is sent
again, a heartbeat and telemetry.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket

import pytest
import tinker
from tinker import types
from tinker.lib import internal_client_holder

from fake_server import FakeTinkerServer
from fake_server.script import complete, script, status, timeout
from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.downstream import faking
from tinker_conformance.downstream.options import FakeTinkerOptions

PROMPT = types.ModelInput.from_ints([1, 2, 3])
PARAMS = types.SamplingParams(max_tokens=2)
KINDS = {"/api/v1/asample", "/api/v1/session_heartbeat", "/api/v1/telemetry"}
POLLS = {"/api/v1/retrieve_future", "/api/v1/retrieve_futures"}
LEFT: dict[str, list[tinker.ServiceClient]] = {"fake_tinker": [], "fake_tinker_server": []}
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]


class ImpatientAsyncio:
    """The module asyncio, whose sleeps of less than a minute end soon: heartbeats and back-offs."""

    def __getattr__(self, name):
        return getattr(asyncio, name)

    async def sleep(self, seconds, *_):
        await asyncio.sleep(0.02 if seconds < 60 else seconds)


internal_client_holder.asyncio = ImpatientAsyncio()


@pytest.fixture
def fake_tinker_options():
    # What a test leaves behind here is left in its own scripts, too.
    config = {"refresh_interval_sec": 3600}
    return FakeTinkerOptions(unscripted_complete=True, seed=7, client_config=config, verify=False)


@pytest.fixture(autouse=True)
def _same_port(monkeypatch):
    """The operating system may give the next server the port of the last; here it always does."""
    monkeypatch.setattr(faking, "FakeTinkerServer", functools.partial(FakeTinkerServer, port=PORT))


def sampler_of(client):
    return client.create_sampling_client(base_model="Qwen/Qwen3-8B")


def leaves_everything_behind(fake, fixture):
    client = tinker.ServiceClient()
    sampler = sampler_of(client)
    paused = script(timeout(queue_state="paused_capacity")).exhausted("repeat")
    scripted, future = fake.add_script(paused, operation="sample"), sampler.sample(PROMPT, 1, PARAMS)
    while not fake.polls(scripted):
        RealTime.sleep(0.001)
    with pytest.raises(TimeoutError):
        future.result(timeout=0.01)
    fake.on("sample").replies(*[status(503)] * 1000)
    again = sampler.sample(PROMPT, 1, PARAMS)
    while len(fake.sent("sample")) < 3:
        RealTime.sleep(0.001)
    with pytest.raises(TimeoutError):
        again.result(timeout=0.01)
    LEFT[fixture].append(client)


def is_undisturbed(fake, fixture):
    """Sample until everything that an earlier test left has been here, and been ended."""
    paths: set[str] = set()
    began = RealTime.monotonic()
    while RealTime.monotonic() < began + 20:
        future = fake.add_script([complete()], operation="sample")
        assert sampler_of(tinker.ServiceClient()).sample(PROMPT, 1, PARAMS).result().sequences
        fake.assert_polls(future, 1)
        for client in LEFT[fixture]:
            if telemetry := client.holder.get_telemetry():
                telemetry._trigger_flush()
        paths = {leftover.path for leftover in fake.leftovers}
        if not LEFT[fixture] or (paths >= KINDS and paths & POLLS):
            break
    assert not LEFT[fixture] or (paths >= KINDS and paths & POLLS), paths
    fake.verify()
    for client in LEFT[fixture]:
        while not client.holder._session_heartbeat_task.done():
            RealTime.sleep(0.001)
            assert RealTime.monotonic() < began + 20
    LEFT[fixture].clear()


@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
@pytest.mark.parametrize("number", [1, 2])
def test_what_is_left_behind_does_not_disturb_the_next(number, fixture, request, caplog):
    caplog.set_level(logging.WARNING, "tinker.lib.telemetry")
    fake = request.getfixturevalue(fixture)
    is_undisturbed(fake, fixture)
    leaves_everything_behind(fake, fixture)
    assert not [record for record in caplog.records if record.name.startswith("tinker.lib.telemetry")]
