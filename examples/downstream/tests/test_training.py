"""A whole training run of the official SDK, against a fake Tinker with a seed, with pauses laid over it."""

import math

import pytest
from downstream import trainer

from fake_server import FakeTinker, FakeTinkerServer, every, nth
from tinker_conformance.downstream.options import FakeTinkerOptions

STEPS = 10


@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(unscripted_complete=True, seed=7)


def test_ten_steps_learn_and_repeat_from_the_seed(fake_tinker):
    trained = trainer.train(STEPS)
    assert len(trained.losses) == STEPS
    assert all(map(math.isfinite, trained.losses))
    assert trained.losses[-1] < trained.losses[0]
    fake_tinker.reset()
    assert trainer.train(STEPS) == trained


@pytest.mark.usefixtures("fake_tinker_server")
def test_another_seed_is_another_model(monkeypatch):
    trained = trainer.train(STEPS)
    with FakeTinkerServer(FakeTinker(seed=8)) as other:
        monkeypatch.setenv("TINKER_BASE_URL", other.url)
        assert trainer.train(STEPS).losses != trained.losses


def test_pauses_cost_time_and_nothing_else(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    undisturbed = trainer.train(STEPS)
    # The SDK's own waits count: closing a client may wait a tenth of a second for its telemetry.
    closing = fake_tinker_clock.elapsed
    assert closing < 0.5
    fake_tinker.reset()
    fake_tinker.add_rule(every(3).paused("paused_capacity", seconds=90))
    paused = trainer.train(STEPS)
    assert paused == undisturbed
    # Ten gradients, ten updates, one save: seven pauses, and the sample is the twenty-second.
    assert fake_tinker_clock.elapsed - closing == pytest.approx(7 * 90, abs=0.5)
    # The SDK tells of a pause in training only once it has lasted a quarter of an hour.
    assert not fake_tinker_warnings


def test_a_long_pause_of_sampling_is_reported(fake_tinker_server, fake_tinker_clock, fake_tinker_warnings):
    fake_tinker_server.add_rule(nth(1, operation="sample").paused("paused_rate_limit", seconds=90))
    trained = trainer.train(2)
    assert trained.tokens
    assert fake_tinker_clock.elapsed == pytest.approx(90, abs=0.5)
    fake_tinker_warnings.assert_logged(2, kind="sampling", state="paused_rate_limit")
