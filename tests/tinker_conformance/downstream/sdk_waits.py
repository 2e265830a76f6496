"""Tests of the official SDK's own waits, run by `tests/fake_server/service/test_service_page.py`."""

from __future__ import annotations

import asyncio

import pytest
import tinker
from tinker import types

from fake_server import every
from fake_server.script import complete, drop, script, timeout
from tinker_conformance.clocks.real_time import RealTime
from tinker_conformance.downstream.options import FakeTinkerOptions

PROMPT = types.ModelInput.from_ints([1, 2, 3])
PARAMS = types.SamplingParams(max_tokens=2)


@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(unscripted_complete=True, seed=7)


@pytest.fixture(autouse=True)
def takes_no_time():
    began = RealTime.monotonic()
    yield
    assert RealTime.monotonic() - began < 30


def submitted():
    sampler = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    return sampler.sample(PROMPT, 1, PARAMS)


def test_the_thread_of_the_sdk_is_older_than_the_clock(fake_tinker):
    assert submitted().result().sequences


def test_it_gives_up_after_two_hours_of_a_pause_of_three(fake_tinker, fake_tinker_clock):
    fake_tinker.add_rule(
        every(1, operation="sample").paused("paused_capacity", seconds=3 * 3600, poll_seconds=600)
    )
    with pytest.raises(tinker.APIConnectionError, match="No progress made in 7200s"):
        submitted().result()
    assert 7200 <= fake_tinker_clock.elapsed < 8000


@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_its_back_off_is_exact(fixture, fake_tinker_clock, request):
    fake = request.getfixturevalue(fixture)
    future = fake.add_script(script().then(drop(), drop(), complete()), operation="sample")
    assert submitted().result().sequences
    fake.assert_gaps(future, [1, 2])
    assert fake_tinker_clock.elapsed == 3


def test_its_result_times_out(fake_tinker, fake_tinker_clock):
    unresolved = fake_tinker.unresolved()
    future = submitted()
    with pytest.raises(TimeoutError):
        future.result(timeout=100)
    assert fake_tinker_clock.elapsed == 100
    unresolved.resolve()
    assert future.result().sequences


def test_its_poll_times_out_and_its_session_lives(fake_tinker, fake_tinker_clock):
    unresolved = fake_tinker.unresolved()
    future = submitted()
    with pytest.raises(TimeoutError):
        future.result(timeout=140)
    paths = [exchange.path for exchange in fake_tinker.journal.exchanges()]
    assert paths.count("/api/v1/retrieve_future") >= 3
    assert paths.count("/api/v1/session_heartbeat") >= 13
    unresolved.resolve()
    assert future.result().sequences


async def _asynchronously(sampler, seconds):
    return await asyncio.wait_for(sampler.sample_async(PROMPT, 1, PARAMS), seconds)


def test_an_asynchronous_program_waits_on_the_same_clock(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(script().then(drop(), complete()), operation="sample")
    sampler = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    assert fake_tinker_clock.run(_asynchronously(sampler, 60)).sequences
    assert fake_tinker_clock.elapsed == 1


def gives_up(fake):
    """Leave the SDK's poller behind, as the first test of fault 1 in the issue does."""
    paused = script(timeout(queue_state="paused_capacity")).exhausted("repeat")
    scripted, future = fake.add_script(paused, operation="sample"), submitted()
    while not fake.polls(scripted):
        RealTime.sleep(0.001)
    with pytest.raises(TimeoutError):
        future.result(timeout=0.01)


def is_undisturbed(fake):
    """Sample until the poller of the earlier test has been here, and been refused."""
    while not fake.leftovers:
        future = fake.add_script([complete()], operation="sample")
        assert submitted().result().sequences
        fake.assert_polls(future, 1)
    assert fake.problems == []


def test_a_test_gives_up_on_a_future(fake_tinker):
    gives_up(fake_tinker)


def test_the_next_is_undisturbed_and_gives_up_too(fake_tinker):
    is_undisturbed(fake_tinker)
    gives_up(fake_tinker)


def test_so_is_one_with_a_frozen_clock(fake_tinker, fake_tinker_clock):
    is_undisturbed(fake_tinker)
    assert fake_tinker_clock.elapsed < 10
