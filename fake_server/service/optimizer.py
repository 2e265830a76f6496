"""The Adam optimizer, which trains the few weights of a simulated model."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from fake_server.service.language_model import Weights


@dataclass(frozen=True, slots=True)
class AdamParams:
    """The hyperparameters of one step, with the defaults of ``tinker`` 0.38.0."""

    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-12
    weight_decay: float = 0.0
    grad_clip_norm: float = 0.0

    @classmethod
    def of(cls, request: Mapping[str, object]) -> AdamParams:
        """Return the hyperparameters of an ``optim_step`` request.

        Every release sends ``adam_params``. 0.38.0 sends ``optimizer_params`` for other optimizers; of those,
        only the parameters that Adam has are used.
        """
        given = request.get("adam_params") or request.get("optimizer_params")
        if not isinstance(given, Mapping):
            return cls()
        numbers = {
            name: float(value)
            for name in cls.__slots__
            if isinstance(value := given.get(name), int | float) and math.isfinite(value)
        }
        return cls(**numbers)


@dataclass(frozen=True, slots=True)
class Trained:
    """The weights of a model with the state of its optimizer, as checkpoints save them; immutable."""

    weights: Weights = field(default_factory=dict)
    momenta: Weights = field(default_factory=dict)
    variances: Weights = field(default_factory=dict)
    steps: int = 0

    def without_optimizer(self) -> Trained:
        """Return a copy with the weights, but without the optimizer state."""
        return Trained(self.weights)

    def stepped(self, gradient: Mapping[int, float], params: AdamParams) -> Trained:
        """Return weights and optimizer state after one step (Kingma and Ba, with decoupled weight decay).

        Args:
            gradient: The derivative of the loss by each weight.
            params: The hyperparameters.
        """
        steps = self.steps + 1
        norm = math.sqrt(sum(value * value for value in gradient.values()))
        clip = params.grad_clip_norm / norm if 0.0 < params.grad_clip_norm < norm else 1.0
        first = 1.0 - params.beta1**steps or 1.0
        second = 1.0 - params.beta2**steps or 1.0
        weights, momenta, variances = dict(self.weights), dict(self.momenta), dict(self.variances)
        rate, beta1, beta2, eps = params.learning_rate, params.beta1, params.beta2, params.eps
        kept, decay, sqrt, isfinite = rate * params.weight_decay, 1.0 - beta1, math.sqrt, math.isfinite
        for key in {**momenta, **gradient}:
            slope = clip * gradient.get(key, 0.0)
            momentum = momenta[key] = beta1 * momenta.get(key, 0.0) + decay * slope
            variance = variances[key] = beta2 * variances.get(key, 0.0) + (1.0 - beta2) * slope * slope
            root = sqrt(variance / second) + eps if variance > 0.0 else eps
            before = weights.get(key, 0.0)
            after = before - rate * momentum / first / root - kept * before if root else before
            # A learning rate of 1e30 must not give numbers that JSON cannot express.
            weights[key] = max(-1.0, min(1.0, after)) if isfinite(after) else before
        return Trained(weights, momenta, variances, steps)


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """Weights in compact form, for storage: they take an eighth of the memory of a mapping."""

    keys: array[int]
    values: array[float]

    @classmethod
    def of(cls, weights: Weights) -> PackedWeights:
        """Pack weights."""
        return cls(array("q", weights.keys()), array("d", weights.values()))

    def __len__(self) -> int:
        return len(self.keys)

    def unpacked(self) -> dict[int, float]:
        """Return the weights as a mapping."""
        return dict(zip(self.keys, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class PackedTrained:
    """Weights and optimizer state in compact form, as a checkpoint stores them."""

    weights: PackedWeights
    momenta: PackedWeights
    variances: PackedWeights
    steps: int

    @classmethod
    def of(cls, trained: Trained) -> PackedTrained:
        """Pack weights and their optimizer state."""
        pack = PackedWeights.of
        return cls(pack(trained.weights), pack(trained.momenta), pack(trained.variances), trained.steps)

    def unpacked(self) -> Trained:
        """Return the weights and the optimizer state, for a training run."""
        return Trained(
            self.weights.unpacked(), self.momenta.unpacked(), self.variances.unpacked(), self.steps
        )
