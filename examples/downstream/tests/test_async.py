"""The same from an asynchronous test, by pytest-asyncio; anyio's plugin does as well."""

import pytest
import sampler

from fake_server.script import complete, script, try_again

pytest.importorskip("pytest_asyncio", reason="pip install pytest-asyncio")


@pytest.mark.asyncio
async def test_a_sample_is_awaited(fake_tinker):
    fake_tinker.add_script(script(complete()))
    assert await sampler.sample_by_http([1, 2, 3])
    fake_tinker.assert_sent("asample", num_samples=1)


@pytest.mark.asyncio
async def test_plain_http_does_not_know_the_other_signal(fake_tinker):
    fake_tinker.add_script([try_again(queue_state="paused_capacity")])
    with pytest.raises(KeyError):
        await sampler.sample_by_http([1, 2, 3])
