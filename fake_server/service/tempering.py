"""Sampling with temperature, ``top_p`` and ``top_k``: a softmax over the tokens that a model may choose.

The log-probability of a sampled token is that of the distribution at the request's temperature, as in the
real service (source: ``validate_temperature_logprobs`` of tinker-cookbook). At temperatures 1 and 0 it is the
log-probability that the model itself gives. ``top_p`` and ``top_k`` do not change it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from fake_server.core.seeded_numbers import Draws
from fake_server.service.language_model import Source
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, number

COLDEST: Final = 1e-6
"""Lowest temperature that does not count as 0; dividing by a lower one would exceed the range of floats."""
HOTTEST: Final = 1e6


@dataclass(frozen=True, slots=True)
class Shaping:
    """The sampling parameters of a request, which change the distribution from which tokens are drawn.

    Attributes:
        temperature: Temperature of the softmax; 0 always chooses the most likely token.
        top_p: Only the fewest most likely tokens whose probabilities reach this sum are drawn.
        top_k: Only so many most likely tokens are drawn; 0 for all.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Shaping:
        """Return the sampling parameters in ``sampling_params``, as any release sends them.

        Raises:
            ServiceRefusal: ``top_p`` or ``top_k`` is out of range.
        """
        temperature, top_p = number(params.get("temperature"), 1.0), number(params.get("top_p"), 1.0)
        top_k = integer(params.get("top_k"), -1)
        if not 0.0 < top_p <= 1.0:
            raise ServiceRefusal(f"top_p is {top_p!r}; give a probability above 0 and at most 1")
        if top_k < -1:
            raise ServiceRefusal(f"top_k is {top_k!r}; give how many tokens to keep, or -1 for all")
        if top_k == 1 or not temperature >= COLDEST:
            temperature = 0.0
        temperature = min(temperature, HOTTEST)
        return cls(temperature, top_p, max(top_k, 0))

    @property
    def plain(self) -> bool:
        """Whether these parameters leave the distribution unchanged, which makes drawing cheaper."""
        return (self.temperature, self.top_p, self.top_k) == (1.0, 1.0, 0)


@dataclass(frozen=True, slots=True)
class _Choice:
    tokens: list[int]
    cumulative: list[float]
    log_normaliser: float


class Chooser:
    """Draws the tokens of one request, and caches the distribution after each token."""

    def __init__(self, source: Source, shaping: Shaping) -> None:
        """Create it for a request.

        Args:
            source: The model.
            shaping: The sampling parameters.
        """
        self._source = source
        self._shaping = shaping
        self._choices: dict[int, _Choice] = {}

    def chosen(self, context: int, draws: Draws) -> int:
        """Return the token that follows ``context``."""
        model, weights = self._source.base_model, self._source.weights
        if self._shaping.plain:
            return model.sampled(context, weights, draws)
        if not self._shaping.temperature:
            return model.likeliest(context, weights, 1)[0][0]
        choice = self._choice(context)
        place = bisect_right(choice.cumulative, draws.next() * choice.cumulative[-1])
        return choice.tokens[min(place, len(choice.tokens) - 1)]

    def logprob(self, context: int, token: int) -> float:
        """Return the log-probability of ``token`` after ``context``, as the service reports it."""
        own = self._source.base_model.logprob(context, token, self._source.weights)
        temperature = self._shaping.temperature
        if temperature in (0.0, 1.0):
            return own
        return own / temperature - self._choice(context).log_normaliser

    def _choice(self, context: int) -> _Choice:
        found = self._choices.get(context)
        if found is None:
            found = self._choices[context] = self._shaped(context)
        return found

    def _shaped(self, context: int) -> _Choice:
        sayable = self._source.base_model.sayable(context, self._source.weights)
        scaled = [logprob / self._shaping.temperature for _, logprob in sayable]
        highest = scaled[0]
        masses = [math.exp(each - highest) for each in scaled]
        cumulative = list(accumulate(masses))
        # top_p keeps the fewest most likely tokens whose probabilities reach the sum.
        kept = bisect_right(cumulative, self._shaping.top_p * cumulative[-1] * (1.0 - 1e-12)) + 1
        if self._shaping.top_k:
            kept = min(kept, self._shaping.top_k)
        tokens = [token for token, _ in sayable[:kept]]
        return _Choice(tokens, cumulative[:kept], highest + math.log(cumulative[-1]))
