"""A whole training run of the official SDK against the fake, with pauses laid over it."""

import math

import pytest
from downstream import trainer

from tinker_conformance.downstream.options import FakeTinkerOptions

STEPS = 10


@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(unscripted_complete=True)


@pytest.mark.usefixtures("fake_tinker")
def test_ten_steps():
    trained = trainer.train(STEPS)
    assert len(trained.losses) == STEPS
    assert all(map(math.isfinite, trained.losses))
    assert trained.tokens
