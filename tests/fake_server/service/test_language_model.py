"""The language model: probabilities sum to one, gradients are exact, and it learns."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_server.core.seeded_numbers import Draws
from fake_server.service.language_model import FIRST_HIGH, START, VOCABULARY, BaseModel, log_sigmoid, sigmoid
from fake_server.service.optimizer import AdamParams, Trained
from fake_server.service.refusals import ServiceRefusal

MODEL = BaseModel(1, "a")
tokens = st.integers(0, VOCABULARY - 1)
befores = st.integers(0, START)


@given(befores)
def test_the_bytes_have_what_the_gate_leaves_them(before):
    total = math.fsum(math.exp(MODEL.logprob(before, token, {})) for token in range(FIRST_HIGH))
    assert total == pytest.approx(sigmoid(4.5))


def test_siblings_share_what_their_fork_has():
    first, second = (math.exp(MODEL.logprob(3, FIRST_HIGH + number, {})) for number in (6, 7))
    key_first, *_ = MODEL.path(3, FIRST_HIGH + 6)
    shared = MODEL.path(3, FIRST_HIGH + 6)[:-1]
    assert shared == MODEL.path(3, FIRST_HIGH + 7)[:-1]
    fork = math.fsum(log_sigmoid(sign * logit) for _, sign, logit in shared)
    assert first + second == pytest.approx(math.exp(fork))
    assert key_first[1] == 1.0


@given(befores, tokens, st.floats(-0.05, 0.05), st.integers(0, 20))
def test_the_gradient_is_the_slope_of_the_logprob(before, token, weight, place):
    path = MODEL.path(before, token)
    key = path[place % len(path)][0]
    gradient: dict[int, float] = {}
    MODEL.add_gradient(before, token, {key: weight}, 1.0, gradient)
    step = 1e-6
    rise = MODEL.logprob(before, token, {key: weight + step}) - MODEL.logprob(
        before, token, {key: weight - step}
    )
    # The gradient is by what the unit says, of which a weight is a hundredth.
    assert rise / (2 * step) / 100 == pytest.approx(gradient[key], abs=1e-5)


def test_the_likeliest_are_those_of_all():
    everything = sorted(range(FIRST_HIGH), key=lambda token: -MODEL.logprob(7, token, {}))
    found = MODEL.likeliest(7, {}, 5)
    assert [token for token, _ in found] == everything[:5]
    assert [value for _, value in found] == pytest.approx(
        [MODEL.logprob(7, each, {}) for each in everything[:5]]
    )


def test_samples_come_as_often_as_they_are_likely():
    draws = Draws(5)
    counts = Counter(MODEL.sampled(2, {}, draws) for _ in range(20_000))
    for token, logprob in MODEL.likeliest(2, {}, 5):
        # A fork below 2 % is not taken; the rest has its share.
        assert counts[token] / 20_000 == pytest.approx(math.exp(logprob) / sigmoid(4.5), rel=0.15)
    assert max(counts) < FIRST_HIGH


def test_it_learns_a_token_that_it_never_sampled():
    trained = Trained()
    for _ in range(80):
        gradient: dict[int, float] = {}
        MODEL.add_gradient(4, 151_645, trained.weights, -1.0, gradient)
        trained = trained.stepped(gradient, AdamParams(learning_rate=1e-3))
    assert MODEL.likeliest(4, trained.weights, 1)[0][0] == 151_645
    assert MODEL.sampled(4, trained.weights, Draws(1)) == 151_645
    assert MODEL.likeliest(5, trained.weights, 1)[0][0] < FIRST_HIGH


def test_seed_and_name_make_the_model():
    assert BaseModel(1, "a").logprob(1, 2, {}) == MODEL.logprob(1, 2, {})
    assert len({BaseModel(*each).logprob(1, 2, {}) for each in ((1, "a"), (2, "a"), (1, "b"))}) == 3


@pytest.mark.parametrize("token", [-1, VOCABULARY])
def test_a_token_out_of_the_vocabulary_is_refused(token):
    with pytest.raises(ServiceRefusal, match=r"out of the vocabulary; use ids from 0"):
        MODEL.logprob(0, token, {})


@given(st.floats(-1e6, 1e6))
def test_the_logistic_function_is_finite_everywhere(value):
    assert 0.0 <= sigmoid(value) <= 1.0
    assert sigmoid(value) + sigmoid(-value) == pytest.approx(1.0)
    assert math.isfinite(log_sigmoid(value))
