"""The loss functions of the simulated service, and their derivatives by the log-probability of each token.

Names and inputs are those of ``tinker`` 0.38.0 (``LossFnType``) and its documentation. ``gspo`` and
``stable_reinforce`` are approximations: finite, dependent on the data, and decreasing in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fake_server.core.errors import meant
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import number
from fake_server.service.training_data import Datum

_LARGEST_LOG_RATIO: Final = 20.0
_CLIP_LOW: Final = 0.8
_CLIP_HIGH: Final = 1.2
_BETA: Final = 0.05


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of one datum (one training example), summed over its tokens.

    Attributes:
        total: The sum.
        slopes: The derivative of the sum by the log-probability of each token.
    """

    total: float
    slopes: list[float]


Config = Mapping[str, object]
LossFunction = Callable[[Datum, Sequence[float], Config], Loss]


def loss_of(name: str, datum: Datum, logprobs: Sequence[float], config: Config) -> Loss:
    """Return the loss of a datum.

    Args:
        name: The name of the loss function.
        datum: The tokens, and the inputs of the loss.
        logprobs: The log-probability of each token.
        config: ``loss_fn_config`` of the request: ``clip_low_threshold``, ``clip_high_threshold``, ``beta``.

    Raises:
        ServiceRefusal: There is no such function, or an input is missing.
    """
    function = LOSS_FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(LOSS_FUNCTIONS)
        raise ServiceRefusal(
            f"unknown loss function {name!r}{meant(name, LOSS_FUNCTIONS)}; the fake service has {known}"
        )
    loss = function(datum, logprobs, config)
    if not math.isfinite(loss.total):
        raise ServiceRefusal(f"the loss {name} of the data is not finite; give finite weights and advantages")
    return loss


def _cross_entropy(datum: Datum, logprobs: Sequence[float], _config: Config) -> Loss:
    weights = datum.inputs.get("weights", [1.0] * len(logprobs))
    total = -math.fsum(weight * each for weight, each in zip(weights, logprobs, strict=True))
    return Loss(total, [-weight for weight in weights])


def _importance_sampling(datum: Datum, logprobs: Sequence[float], _config: Config) -> Loss:
    terms = [
        advantage * ratio
        for advantage, ratio in zip(datum.input("advantages"), _ratios(datum, logprobs), strict=True)
    ]
    return Loss(-math.fsum(terms), [-term for term in terms])


def _ppo(datum: Datum, logprobs: Sequence[float], config: Config) -> Loss:
    low, high = _clips(config)
    total, slopes = [], []
    for advantage, ratio in zip(datum.input("advantages"), _ratios(datum, logprobs), strict=True):
        free, clipped = advantage * ratio, advantage * min(max(ratio, low), high)
        total.append(min(free, clipped))
        slopes.append(-free if free <= clipped else 0.0)
    return Loss(-math.fsum(total), slopes)


def _cispo(datum: Datum, logprobs: Sequence[float], config: Config) -> Loss:
    low, high = _clips(config)
    slopes = [
        -advantage * min(max(ratio, low), high)
        for advantage, ratio in zip(datum.input("advantages"), _ratios(datum, logprobs), strict=True)
    ]
    return Loss(math.fsum(slope * each for slope, each in zip(slopes, logprobs, strict=True)), slopes)


def _dro(datum: Datum, logprobs: Sequence[float], config: Config) -> Loss:
    beta = number(config.get("beta"), _BETA)
    total, slopes = [], []
    for advantage, then, now in zip(
        datum.input("advantages"), datum.input("logprobs"), logprobs, strict=True
    ):
        total.append(now * advantage - 0.5 * beta * (now - then) ** 2)
        slopes.append(-(advantage - beta * (now - then)))
    return Loss(-math.fsum(total), slopes)


def _gspo(datum: Datum, logprobs: Sequence[float], config: Config) -> Loss:
    low, high = _clips(config)
    advantages = datum.input("advantages")
    places = [place for place, advantage in enumerate(advantages) if advantage] or list(
        range(len(advantages))
    )
    if not places:
        return Loss(0.0, [])
    sampled = datum.input("logprobs")
    ratio = _ratio(math.fsum(logprobs[place] - sampled[place] for place in places) / len(places))
    advantage = math.fsum(advantages)
    free, clipped = advantage * ratio, advantage * min(max(ratio, low), high)
    slope = -free / len(places) if free <= clipped else 0.0
    slopes = [0.0] * len(advantages)
    for place in places:
        slopes[place] = slope
    return Loss(-min(free, clipped), slopes)


LOSS_FUNCTIONS: Final[Mapping[str, LossFunction]] = {
    "cross_entropy": _cross_entropy,
    "importance_sampling": _importance_sampling,
    "ppo": _ppo,
    "cispo": _cispo,
    "dro": _dro,
    "gspo": _gspo,
    "stable_reinforce": _cispo,
}


def _ratios(datum: Datum, logprobs: Sequence[float]) -> list[float]:
    return [_ratio(now - then) for now, then in zip(logprobs, datum.input("logprobs"), strict=True)]


def _ratio(difference: float) -> float:
    return math.exp(max(min(difference, _LARGEST_LOG_RATIO), -_LARGEST_LOG_RATIO))


def _clips(config: Config) -> tuple[float, float]:
    return (
        number(config.get("clip_low_threshold"), _CLIP_LOW),
        number(config.get("clip_high_threshold"), _CLIP_HIGH),
    )
