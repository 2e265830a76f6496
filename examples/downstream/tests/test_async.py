"""The same from asynchronous tests: by pytest-asyncio, and by anyio's plugin, which comes with httpx."""

import pytest
from downstream import sampler

from fake_server.script import complete, script, timeout, try_again

PAUSED = script(timeout(queue_state="paused_capacity"), complete())


@pytest.mark.asyncio
async def test_the_sdk_is_awaited(fake_tinker):
    future = fake_tinker.add_script(PAUSED)
    assert await sampler.sample_async([1, 2, 3])
    fake_tinker.assert_polls(future, 2)


@pytest.mark.asyncio
async def test_plain_http_does_not_know_the_other_signal(fake_tinker):
    fake_tinker.add_script([try_again(queue_state="paused_capacity")])
    with pytest.raises(KeyError):
        await sampler.sample_by_http([1, 2, 3])


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_anyio_awaits_a_sample(fake_tinker_server):
    future = fake_tinker_server.add_script(PAUSED)
    assert await sampler.sample_by_http([1, 2, 3])
    fake_tinker_server.assert_polls(future, 2)
    fake_tinker_server.assert_sent("asample", num_samples=1)
