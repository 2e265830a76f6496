"""How the project handles a paused queue, in process and on a socket, and what its users see."""

import pytest
from downstream import sampler

from fake_server.script import complete, script, timeout

PAUSED = script().then(timeout(queue_state="paused_capacity")).times(2)


def test_the_project_survives_a_pause(fake_tinker):
    future = fake_tinker.add_script(PAUSED.then(complete()))
    assert sampler.sample([1, 2, 3])
    fake_tinker.assert_polls(future, 3)


def test_the_same_on_a_socket(fake_tinker_server):
    future = fake_tinker_server.add_script(PAUSED.then(complete()))
    assert sampler.sample([1, 2, 3])
    fake_tinker_server.assert_polls(future, 3)


@pytest.mark.usefixtures("fake_tinker_clock")
def test_a_user_is_warned_once_a_minute(fake_tinker, fake_tinker_warnings):
    pause = timeout(queue_state="paused_capacity")
    fake_tinker.add_script(script(pause).advance(59.999).then(pause).advance(0.001).then(pause, complete()))
    assert sampler.sample([1, 2, 3])
    first, second = fake_tinker_warnings.assert_logged(2, kind="sampling", state="paused_capacity")
    assert second.at - first.at == pytest.approx(60)
