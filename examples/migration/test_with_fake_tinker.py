"""After: the official SDK itself, against a service that answers as the real one does."""

from __future__ import annotations

from typing import Any

import pytest
import tinker
from trainer import train, train_as_first_written

from fake_server import nth
from tinker_conformance.downstream.options import FakeTinkerOptions


@pytest.fixture
def fake_tinker_options() -> FakeTinkerOptions:
    return FakeTinkerOptions(unscripted_complete=True, seed=7)


@pytest.fixture
def training(fake_tinker: Any) -> Any:  # noqa: ARG001 - it serves the client
    return tinker.ServiceClient().create_lora_training_client(base_model="Qwen/Qwen3-8B", rank=8)


def test_the_losses_fall_and_the_state_is_saved(training: Any, fake_tinker: Any) -> None:
    losses = train(training, 3)
    assert losses == sorted(losses, reverse=True)
    assert [fake_tinker.assert_sent("save_weights", path=f"step-{step}") for step in range(3)]


def test_it_survives_ten_minutes_without_capacity(
    training: Any, fake_tinker: Any, fake_tinker_clock: Any
) -> None:
    fake_tinker.add_rule(nth(2, operation="forward_backward").paused("paused_capacity", seconds=600))
    assert len(train(training, 3)) == 3
    assert fake_tinker_clock.elapsed >= 600


# What the mock did not notice in the loop as it was first written, one mistake at a time:


def test_the_loss_has_another_name(training: Any) -> None:
    with pytest.raises(KeyError, match="loss"):
        train_as_first_written(training, 1)


class WithTheRightName:
    """The training client, whose metrics also have the name that the first loop asks for."""

    def __init__(self, training: Any) -> None:
        self._training = training

    def forward_backward(self, *arguments: Any) -> Any:
        passed = self._training.forward_backward(*arguments)

        class Renamed:
            def result(self, timeout: float | None = None) -> Any:
                answer = passed.result(timeout=timeout)
                answer.metrics["loss"] = answer.metrics["loss:sum"]
                return answer

        return Renamed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._training, name)


@pytest.mark.usefixtures("fake_tinker_clock")  # the SDK tries again for minutes
def test_a_checkpoint_is_not_replaced(training: Any) -> None:
    with pytest.raises(tinker.ConflictError, match="already exists"):
        train_as_first_written(WithTheRightName(training), 2)


def test_a_minute_is_too_short_for_a_pause(training: Any, fake_tinker: Any, fake_tinker_clock: Any) -> None:
    fake_tinker.add_rule(nth(1, operation="forward_backward").paused("paused_capacity", seconds=600))
    with pytest.raises(TimeoutError):
        train_as_first_written(training, 1)
    assert fake_tinker_clock.elapsed < 600
