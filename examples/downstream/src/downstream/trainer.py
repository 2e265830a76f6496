"""What the project does with the official SDK: it fine-tunes a model, saves it, and samples from it."""

from __future__ import annotations

from dataclasses import dataclass

import tinker
from tinker import types

from downstream.sampler import BASE_MODEL

EXAMPLES = ([1, 2, 3, 4, 5], [6, 7, 8, 9])
"""Token sequences to learn by heart."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run left.

    Attributes:
        losses: The loss of each step.
        path: Where the weights were saved.
        tokens: What the trained model sampled.
    """

    losses: tuple[float, ...]
    path: str
    tokens: tuple[int, ...]


def train(steps: int, *, learning_rate: float = 1e-3) -> Trained:
    """Creates a model, trains it, saves it, and samples once from what was saved."""
    with tinker.ServiceClient() as service:
        training = service.create_lora_training_client(base_model=BASE_MODEL, rank=8).result()
        losses = [_step(training, learning_rate) for _ in range(steps)]
        path = training.save_weights_for_sampler(name="final").result().path
        sampling = service.create_sampling_client(model_path=path).result()
        prompt = types.ModelInput.from_ints(EXAMPLES[0][:3])
        parameters = types.SamplingParams(max_tokens=4, temperature=0.0)
        reply = sampling.sample(prompt, 1, parameters).result()
    return Trained(tuple(losses), path, tuple(reply.sequences[0].tokens))


def _step(training: tinker.TrainingClient, learning_rate: float) -> float:
    batch = [_datum(tokens) for tokens in EXAMPLES]
    # Both are submitted before either is waited for, as the service's users do.
    gradients = training.forward_backward(batch, "cross_entropy")
    update = training.optim_step(types.AdamParams(learning_rate=learning_rate))
    logprobs = [output["logprobs"].data for output in gradients.result().loss_fn_outputs]
    update.result()
    targets = sum(len(each) for each in logprobs)
    return -sum(sum(each) for each in logprobs) / targets


def _datum(tokens: list[int]) -> types.Datum:
    targets = tokens[1:]
    return types.Datum(
        model_input=types.ModelInput.from_ints(tokens[:-1]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=targets, dtype="int64", shape=[len(targets)]),
            "weights": types.TensorData(data=[1.0] * len(targets), dtype="float32", shape=[len(targets)]),
        },
    )
