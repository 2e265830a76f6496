"""Before: the service is a MagicMock, which answers what the author of the test believes."""

from __future__ import annotations

from unittest.mock import MagicMock, call

from trainer import train_as_first_written


def mocked_training_client() -> MagicMock:
    training = MagicMock()
    passes = []
    for loss in (3.0, 2.0, 1.0):
        future = MagicMock()
        future.result.return_value.metrics = {"loss": loss}
        passes.append(future)
    training.forward_backward.side_effect = passes
    training.optim_step.return_value.result.return_value = MagicMock()
    training.save_state.return_value.result.return_value.path = "tinker://model/weights/latest"
    return training


def test_the_losses_fall_and_the_state_is_saved() -> None:
    training = mocked_training_client()
    assert train_as_first_written(training, 3) == [3.0, 2.0, 1.0]
    assert training.optim_step.call_count == 3
    assert training.save_state.call_args_list == [call("latest")] * 3
