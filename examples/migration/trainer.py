"""A training loop that saves its state after each step."""

from __future__ import annotations

from typing import Any

import tinker


def datum() -> tinker.Datum:
    """Return what the loop trains on."""
    return tinker.Datum(
        model_input=tinker.ModelInput.from_ints([1, 2, 3]),
        loss_fn_inputs={"target_tokens": [2, 3, 4], "weights": [0.0, 1.0, 1.0]},
    )


def train_as_first_written(training: Any, steps: int) -> list[float]:
    """Train with three mistakes, each of which a test with MagicMock accepts."""
    losses = []
    for _ in range(steps):
        passed = training.forward_backward([datum()], "cross_entropy")
        training.optim_step(tinker.AdamParams(learning_rate=1e-3))
        losses.append(passed.result(timeout=60).metrics["loss"])
        training.save_state("latest").result()
    return losses


def train(training: Any, steps: int) -> list[float]:
    """Train: the losses of all steps, with a checkpoint after each."""
    losses = []
    for step in range(steps):
        passed = training.forward_backward([datum()], "cross_entropy")
        training.optim_step(tinker.AdamParams(learning_rate=1e-3))
        losses.append(passed.result().metrics["loss:sum"])
        training.save_state(f"step-{step}").result()
    return losses
