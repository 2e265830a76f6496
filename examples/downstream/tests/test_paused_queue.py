"""How the project lives through a paused queue: with the official SDK, and without."""

import asyncio

import pytest
import sampler

from fake_server.script import complete, script, timeout

PAUSED = script().then(timeout(queue_state="paused_capacity")).times(2)


def sample() -> list[int]:
    if sampler.tinker is not None:
        return sampler.sample_by_sdk([1, 2, 3])
    return asyncio.run(sampler.sample_by_http([1, 2, 3]))


def test_a_pause_is_lived_through(fake_tinker):
    future = fake_tinker.add_script(PAUSED.then(complete()))
    assert sample()
    fake_tinker.assert_polls(future, 3)


def test_the_same_on_a_socket(fake_tinker_server):
    future = fake_tinker_server.add_script(PAUSED.then(complete()))
    assert sample()
    fake_tinker_server.assert_polls(future, 3)


@pytest.mark.skipif(sampler.tinker is None, reason="it is the official SDK that warns: pip install tinker")
@pytest.mark.usefixtures("fake_tinker_clock")
def test_a_user_is_warned_once_a_minute(fake_tinker, fake_tinker_warnings):
    pause = timeout(queue_state="paused_capacity")
    fake_tinker.add_script(script(pause).advance(59.999).then(pause).advance(0.001).then(pause, complete()))
    assert sample()
    first, second = fake_tinker_warnings.assert_logged(2, kind="sampling", state="paused_capacity")
    assert second.at - first.at == pytest.approx(60)
