"""Measure what training has done to a model, as a number that a probe can compare."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from tinker_conformance.server.dialogue import numbers
from tinker_conformance.server.probe_bodies import WEIGHTS, step_body
from tinker_conformance.server.probing import Probing

NOISE: Final = 0.002
"""By which fraction the same number may differ between two passes, because servers compute in 16 bits."""
PLAIN: Final = {"beta1": 0.0, "beta2": 0.0, "learning_rate": 0.01, "eps": 1e-8}
"""Optimizer parameters with which a step does not depend on the steps before."""


def log_likelihood(p: Probing, model: str) -> float:
    """Return the log-probability that a model gives the targets now; without one, end the probe."""
    request_id = p.bench.submit_forward(p, model, p.bench.next_number(model))
    with p.prerequisite("results.pass_shape"):
        return total(p, p.passed(request_id))


def total(p: Probing, result: Mapping[str, object]) -> float:
    """Return the sum of the log-probabilities of the targets in the result of a pass, weighted."""
    outputs = result.get("loss_fn_outputs")
    found = [logprobs_of(each) for each in outputs] if isinstance(outputs, list) else []
    p.require(found and all(found), "log-probabilities of each target", dict(result))
    values = [value * weight for row in found for value, weight in zip(row or (), WEIGHTS, strict=False)]
    p.require(all(map(math.isfinite, values)), "log-probabilities that are finite", values)
    return math.fsum(values)


def logprobs_of(output: object) -> list[float] | None:
    """Return the log-probabilities in the output for one training example; None if there are none."""
    tensor = output.get("logprobs") if isinstance(output, dict) else None
    data = tensor.get("data") if isinstance(tensor, dict) else None
    found = numbers(data)
    return None if found is None else list(found)


def passed(p: Probing, model: str, number: int | None = None) -> None:
    """Run one forward-backward pass of a model, and wait for its result.

    Args:
        p: The probe.
        model: The id of the model.
        number: The sequence number, which may have been used before; None for the next one.
    """
    given = p.bench.next_number(model) if number is None else number
    p.passed(p.bench.submit_pass(p, model, given))


def stepped(p: Probing, model: str, number: int | None = None, **adam: float) -> None:
    """Run one `optim_step` of a model, and wait for its result.

    Args:
        p: The probe.
        model: The id of the model.
        number: The sequence number, which may have been used before; None for the next one.
        adam: Parameters of the optimizer.
    """
    given = p.bench.next_number(model) if number is None else number
    p.result(submitted_step(p, model, given, **adam))


def submitted_step(p: Probing, model: str, number: int, **adam: float) -> str:
    """Submit an `optim_step` and return its request id."""
    with p.prerequisite("submission.step"):
        return p.submit("optim_step", step_body(model, number, **adam))


def differ(first: float, second: float) -> bool:
    """Return whether two sums of log-probabilities differ by more than the noise."""
    return abs(first - second) > NOISE * max(abs(first), abs(second))
