"""The fakes as context managers: they verify at the end, and leave nothing, whatever happens inside."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import anyio
import httpx
import pytest

from fake_server.core.errors import ScriptError, ScriptViolation
from fake_server.script import complete, script, timeout, wired
from tests.tinker_conformance.downstream.process_state import changed, state
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.downstream.clock import frozen_clock
from tinker_conformance.downstream.faking import tinker_in_process, tinker_on_a_socket
from tinker_conformance.downstream.options import FakeTinkerOptions
from tinker_conformance.downstream.reachable_tinker import ReachableTinker

EPOCH = 1_750_000_000.0
Fake = Callable[..., AbstractContextManager[ReachableTinker]]
both = pytest.mark.parametrize("fake", [tinker_in_process, tinker_on_a_socket])


def _sample() -> str:
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        return str(client.post("/api/v1/retrieve_future", json=future).json()["type"])


@both
def test_a_block_is_served_and_its_scripts_move_the_clock(fake: Fake) -> None:
    before = state()
    with frozen_clock(EPOCH) as clock, fake(clock=clock) as tinker:
        tinker.add_script(script().advance(60).then(complete()))
        assert _sample() == "sample"
        assert clock.elapsed == 60
        assert os.environ["TINKER_API_KEY"] == tinker.api_key
    assert changed(before, state()) == set()


@both
def test_what_was_not_drained_is_reported_at_the_end(fake: Fake) -> None:
    before = state()
    with pytest.raises(ScriptViolation, match="no submission took it"), fake() as tinker:
        tinker.add_script([complete()])
    assert changed(before, state()) == set()
    with fake(FakeTinkerOptions(verify=False)) as tinker:
        tinker.add_script([complete()])


@both
def test_an_error_inside_is_the_only_one_reported_and_leaves_nothing(fake: Fake) -> None:
    before = state()

    def failing() -> None:
        with frozen_clock(EPOCH) as clock, fake(clock=clock) as tinker:
            tinker.add_script([complete()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert changed(before, state()) == set()


@both
def test_without_a_clock_a_script_cannot_move_one(fake: Fake) -> None:
    with fake() as tinker, pytest.raises(ScriptError, match="no clock is frozen"):
        tinker.add_script(script().advance(1).then(complete()))


def test_gaps_are_exact_on_a_frozen_clock_and_may_be_late_on_a_real_one() -> None:
    with tinker_in_process() as tinker:
        future = tinker.add_script(script(timeout(), complete()))
        _poll_twice()
        tinker.assert_gaps(future, [0.3])
        with pytest.raises(ScriptViolation, match="wanted 1 s"):
            tinker.assert_gaps(future, [1])
    with frozen_clock(EPOCH) as clock, tinker_in_process(clock=clock) as tinker:
        future = tinker.add_script(script(timeout(), complete()))
        _poll_twice()
        tinker.assert_gaps(future, [0])
        with pytest.raises(ScriptViolation, match=r"wanted 0\.3 s"):
            tinker.assert_gaps(future, [0.3])


def _poll_twice() -> None:
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        for status in (408, 200):
            assert client.post("/api/v1/retrieve_future", json=future).status_code == status


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_clock_that_moves_before_the_reply_is_no_read_timeout(backend: str) -> None:
    async def sample() -> int:
        async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"], timeout=5) as client:
            future = (await client.post("/api/v1/asample", json={"num_samples": 1})).json()
            reply = await client.post("/api/v1/retrieve_future", json=future)
            await anyio.sleep(1)
            return reply.status_code

    with frozen_clock(EPOCH) as clock, tinker_on_a_socket(clock=clock) as tinker:
        tinker.add_script(script().advance(60).then(wired(complete(), delay=0.05)))
        assert anyio.run(sample, backend=backend) == 200
        assert clock.elapsed == pytest.approx(61, abs=1e-5)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_nor_is_one_that_moves_before_the_client_begins_to_wait(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy machine, where the server may have the processor right after the request was sent."""

    keeps = threading.Event()
    advance = FrozenClock.advance

    def advance_when_the_loop_is_kept(own: FrozenClock, *amounts: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            assert keeps.wait(5)
        advance(own, *amounts)

    async def keep_the_loop_until_the_clock_moves() -> None:
        keeps.set()
        give_up = RealTime.monotonic() + 5
        while clock.elapsed < 61 and RealTime.monotonic() < give_up:
            RealTime.sleep(0.001)
        assert clock.elapsed == 61

    async def sample() -> int:
        async with (
            httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"], timeout=5) as client,
            anyio.create_task_group() as tasks,
        ):

            async def trace(event: str, _: object) -> None:
                if event == "http11.receive_response_headers.started":
                    # It runs when the client waits, before the loop looks at its sockets again.
                    tasks.start_soon(keep_the_loop_until_the_clock_moves)

            future = (await client.post("/api/v1/asample", json={"num_samples": 1})).json()
            await anyio.sleep(1)  # the wait for the submission is over
            reply = await client.post("/api/v1/retrieve_future", json=future, extensions={"trace": trace})
            return reply.status_code

    monkeypatch.setattr(FrozenClock, "advance", advance_when_the_loop_is_kept)
    with frozen_clock(EPOCH) as clock, tinker_on_a_socket(clock=clock) as tinker:
        tinker.add_script(script().advance(60).then(wired(complete(), delay=0.05)))
        assert anyio.run(sample, backend=backend) == 200


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_reply_that_never_comes_is_one_though_the_clock_has_moved(backend: str) -> None:
    async def sample() -> None:
        async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"], timeout=0.05) as client:
            limits = httpx.Timeout(5)
            future = (await client.post("/api/v1/asample", json={"num_samples": 1}, timeout=limits)).json()
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/api/v1/retrieve_future", json=future)

    with frozen_clock(EPOCH) as clock, tinker_on_a_socket(clock=clock) as tinker:
        tinker.add_script(script().advance(60).then(wired(complete(), hold=True)))
        began = RealTime.monotonic()
        anyio.run(sample, backend=backend)
        assert RealTime.monotonic() - began < 30
