"""The language model of the simulated service: tiny, exact, and able to learn.

Every token is a leaf of a binary tree. At each fork on the way to the leaf, a logistic unit gives the
probability of one branch; its value depends on the previous token, which is called the context. So
probabilities are exact and sum to one, and their gradients are exact, too. One probability costs about ten
operations for any size of vocabulary. Tokens below 256 (the bytes of `ByteTokenizer`) have a short path, and
an untrained model produces only these; the model can learn every other token.

Weights are multiplied by ``GAIN`` before they are added to a unit. Thus a step of Adam at a learning rate of
1e-4 changes the loss visibly, as it does with the many weights of a real model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from typing import Final

from fake_server.core.seeded_numbers import Draws, digest, mixed, unit
from fake_server.service.refusals import ServiceRefusal

GAIN: Final = 100.0
LOW_BITS: Final = 8
HIGH_BITS: Final = 20
FIRST_HIGH: Final = 1 << LOW_BITS
VOCABULARY: Final = FIRST_HIGH + (1 << HIGH_BITS)
"""All token ids are below this number, which is more than any published tokenizer needs."""
START: Final = VOCABULARY
"""The context of the first token, which has no token before it."""
RARE: Final = 0.02
"""Sampling never takes a branch that is less likely than this, so an untrained model produces only bytes."""

MAX_SAYABLE: Final = 1_024
"""Greatest number of tokens from which sampling chooses if it has to consider all of them."""

_NODE_BITS: Final = HIGH_BITS + 1
_HIGH_NODES: Final = 1 << LOW_BITS
_GATE_LOGIT: Final = -4.5
_TOP_LOGIT: Final = -3.0
_LOW_SPREAD: Final = 1.5
_HIGH_SPREAD: Final = 0.6
_SPREAD_LEVELS: Final = 4
"""On the way to a token above 255, only every fourth untrained unit differs from 1/2, which is cheaper and
varied enough.
"""
_LARGEST: Final = 700.0
"""Limit of the logistic function's argument: beyond it the exponential of a float overflows."""
_CACHED_PATHS: Final = 20_000
"""Number of cached paths, of about 1.5 kB each."""
_KEPT_SAYABLE: Final = 3
"""Number of models (weights) whose sayable tokens are cached; each takes about 5 MB."""
_KEPT_CONTEXTS: Final = 300

Weights = Mapping[int, float]
"""What a model has learned: the weight of each unit that differs from the untrained model, by the unit's key.
"""
UNTRAINED: Final[Weights] = {}
"""The weights of an untrained model: one shared object, so that caches recognize it."""
Sayable = list[tuple[int, float]]
"""The tokens that sampling may choose, with their log-probabilities, the most likely first."""
Path = tuple[tuple[int, float, float], ...]
"""The way to a token in the tree. For each fork: the unit's key, +1 or -1 for the branch, the unit's
untrained value.
"""


class BaseModel:
    """An untrained model. The same seed and name give the same model.

    Attributes:
        name: The name of the base model, such as ``Qwen/Qwen3-8B``.
    """

    def __init__(self, seed: int, name: str) -> None:
        """Create the model with that name."""
        self.name = name
        self._salt = digest(seed, "base model", name) & ((1 << 64) - 1)
        self._paths: dict[tuple[int, int], Path] = {}
        self._sayable: list[tuple[Weights, dict[int, Sayable]]] = []

    def path(self, context: int, token: int) -> Path:
        """Return the way to a token in the tree.

        Args:
            context: The previous token.
            token: The token.

        Raises:
            ServiceRefusal: There is no such token.
        """
        key = (context, token)
        found = self._paths.get(key)
        if found is None:
            if len(self._paths) >= _CACHED_PATHS:
                self._paths.clear()
            found = tuple(
                (self._key(context, node), sign, self._logit(context, node)) for node, sign in _route(token)
            )
            self._paths[key] = found
        return found

    def logprob(self, context: int, token: int, weights: Weights) -> float:
        """Return the natural logarithm of a token's probability after ``context``."""
        total = 0.0
        log1p, exp = math.log1p, math.exp
        for key, sign, logit in self.path(context, token):
            value = sign * (logit + GAIN * weights.get(key, 0.0))
            total -= log1p(exp(-value)) if value > -_LARGEST else -value
        return total

    def add_gradient(
        self, context: int, token: int, weights: Weights, slope: float, gradient: dict[int, float]
    ) -> None:
        """Add a token's part to the gradient of a loss.

        Args:
            context: The previous token.
            token: The token.
            weights: The weights of the model.
            slope: The derivative of the loss by the log-probability of the token.
            gradient: The derivative of the loss by each unit, by the unit's key; it is changed in place.
        """
        exp = math.exp
        for key, sign, logit in self.path(context, token):
            value = sign * (logit + GAIN * weights.get(key, 0.0))
            away = 1.0 / (1.0 + exp(value)) if value < _LARGEST else 0.0
            gradient[key] = gradient.get(key, 0.0) + slope * sign * away

    def sampled(self, context: int, weights: Weights, draws: Draws) -> int:
        """Return a random token to follow ``context``, at temperature 1."""
        node = 0
        while True:
            ahead = self._ahead(context, node, weights)
            if ahead < RARE:
                ahead = 0.0
            elif ahead > 1.0 - RARE:
                ahead = 1.0
            taken = draws.next() < ahead
            node, token = _below(node, taken=taken)
            if token is not None:
                return token

    def likeliest(self, context: int, weights: Weights, count: int) -> list[tuple[int, float]]:
        """Return the ``count`` most likely tokens after ``context`` with their log-probabilities."""
        found: list[tuple[int, float]] = []
        heap: list[tuple[float, int, int]] = [(0.0, -1, 0)]
        while heap and len(found) < count:
            cost, token, node = heappop(heap)
            if token >= 0:
                found.append((token, -cost))
                continue
            value = self._logit(context, node) + GAIN * weights.get(self._key(context, node), 0.0)
            for taken in (False, True):
                below, leaf = _below(node, taken=taken)
                branch = cost - log_sigmoid(value if taken else -value)
                heappush(heap, (branch, -1 if leaf is None else leaf, below))
        return found

    def sayable(self, context: int, weights: Weights) -> Sayable:
        """Return the tokens that sampling may choose to follow ``context``, the most likely first.

        There are at most ``MAX_SAYABLE``: a model that has partly learned a token above 255 spreads the
        remaining probability over a million others. The lists for the most recently used weights are cached.
        """
        by_context: dict[int, Sayable] | None = next(
            (kept for known, kept in self._sayable if known is weights), None
        )
        if by_context is None:
            by_context = {}
            self._sayable = [*self._sayable[1 - _KEPT_SAYABLE :], (weights, by_context)]
        found = by_context.get(context)
        if found is None:
            if len(by_context) >= _KEPT_CONTEXTS:
                by_context.clear()
            found = by_context[context] = self._all_sayable(context, weights)
        return found

    def _all_sayable(self, context: int, weights: Weights) -> Sayable:
        found: list[tuple[int, float]] = []
        heap: list[tuple[float, int, int]] = [(0.0, -1, 0)]
        while heap and len(found) < MAX_SAYABLE:
            cost, token, node = heappop(heap)
            if token >= 0:
                found.append((token, -cost))
                continue
            ahead = self._ahead(context, node, weights)
            for taken, likely in ((False, 1.0 - ahead), (True, ahead)):
                if likely >= RARE:
                    below, leaf = _below(node, taken=taken)
                    heappush(heap, (cost - math.log(likely), -1 if leaf is None else leaf, below))
        return found

    def _ahead(self, context: int, node: int, weights: Weights) -> float:
        """Return the probability of the second branch at a fork."""
        return sigmoid(self._logit(context, node) + GAIN * weights.get(self._key(context, node), 0.0))

    def _key(self, context: int, node: int) -> int:
        return context << _NODE_BITS | node

    def _logit(self, context: int, node: int) -> float:
        if node == 0:
            return _GATE_LOGIT
        if _HIGH_NODES < node < _HIGH_NODES + 4:
            return _TOP_LOGIT
        if node < _HIGH_NODES:
            spread = _LOW_SPREAD
        elif (node - _HIGH_NODES).bit_length() % _SPREAD_LEVELS:
            return 0.0
        else:
            spread = _HIGH_SPREAD
        return spread * (2.0 * unit(mixed(self._salt ^ self._key(context, node))) - 1.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A model to sample from: a base model and the weights that training gave it."""

    base_model: BaseModel
    weights: Weights


def contexts(tokens: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield a pair for each token: the token before it, and the token itself.

    Before the first stands ``START``.
    """
    before = START
    for token in tokens:
        yield before, token
        before = token


def sigmoid(value: float) -> float:
    """Return the logistic function of any finite value."""
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    grown = math.exp(max(value, -700.0))
    return grown / (1.0 + grown)


def log_sigmoid(value: float) -> float:
    """Return the logarithm of the logistic function of any finite value."""
    if value >= 0:
        return -math.log1p(math.exp(-value))
    return value - math.log1p(math.exp(max(value, -700.0)))


# Units are numbered: 0 chooses between the two trees; 1 to 255 are the tree of the bytes, the children of n
# being 2n and 2n+1; beyond 256 the other tree, numbered in the same way.


@lru_cache(maxsize=_CACHED_PATHS)
def _route(token: int) -> tuple[tuple[int, float], ...]:
    if not 0 <= token < VOCABULARY:
        raise ServiceRefusal(
            f"the token id {token} is out of the vocabulary; use ids from 0 to {VOCABULARY - 1}"
        )
    high = token >= FIRST_HIGH
    number, bits = (token - FIRST_HIGH, HIGH_BITS) if high else (token, LOW_BITS)
    offset = _HIGH_NODES if high else 0
    steps = [(0, 1.0 if high else -1.0)]
    node = 1
    for place in reversed(range(bits)):
        bit = number >> place & 1
        steps.append((offset + node, 1.0 if bit else -1.0))
        node = 2 * node + bit
    return tuple(steps)


def _below(node: int, *, taken: bool) -> tuple[int, int | None]:
    if node == 0:
        return (_HIGH_NODES + 1 if taken else 1), None
    offset, size, first = (_HIGH_NODES, 1 << HIGH_BITS, FIRST_HIGH) if node > _HIGH_NODES else (0, 256, 0)
    below = 2 * (node - offset) + taken
    return (below, first + below - size) if below >= size else (offset + below, None)
