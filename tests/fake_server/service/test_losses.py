"""The losses and the optimizer: slopes are slopes, steps are Adam's."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fake_server.service.losses import LOSS_FUNCTIONS, loss_of
from fake_server.service.optimizer import AdamParams, Trained
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.training_data import Datum, forward_input

WITHOUT_SLOPE = {"cispo", "stable_reinforce"}
"""Their clipped ratio counts as a constant, so the slope is not that of the total."""
numbers = st.lists(st.floats(-2, 2), min_size=3, max_size=3)
logprobs = st.lists(st.floats(-4, -0.01), min_size=3, max_size=3)


def _datum(advantages, sampled, weights=(1.0, 0.5, 0.0)):
    inputs = {"weights": list(weights), "advantages": advantages, "logprobs": sampled}
    return Datum([1, 2, 3], [0, 1, 2], [3], inputs)


@pytest.mark.parametrize("name", sorted(set(LOSS_FUNCTIONS) - WITHOUT_SLOPE))
@given(advantages=numbers, sampled=logprobs, now=logprobs, place=st.integers(0, 2))
def test_a_slope_is_what_the_loss_does_when_a_logprob_moves(name, advantages, sampled, now, place):
    datum, step = _datum(advantages, sampled), 1e-6
    higher, lower = list(now), list(now)
    higher[place] += step
    lower[place] -= step
    above, below = loss_of(name, datum, higher, {}), loss_of(name, datum, lower, {})
    # At the edge of a clip, and of gspo's share, it has none.
    assume(above.slopes[place] == pytest.approx(below.slopes[place], abs=1e-3))
    slope = loss_of(name, datum, now, {}).slopes[place]
    assert (above.total - below.total) / (2 * step) == pytest.approx(slope, abs=1e-3, rel=1e-3)


def test_cross_entropy_is_the_weighted_sum():
    loss = loss_of("cross_entropy", _datum([], [], [1.0, 0.5, 0.0]), [-1.0, -2.0, -4.0], {})
    assert (loss.total, loss.slopes) == (2.0, [-1.0, -0.5, -0.0])


def test_cross_entropy_without_weights_counts_each_token():
    assert loss_of("cross_entropy", Datum([1, 2], [0, 1], [2], {}), [-1.0, -2.0], {}).total == 3.0


def test_importance_sampling_weighs_by_the_ratio():
    datum = _datum([1.0, 1.0, -1.0], [-1.0, -2.0, -3.0])
    loss = loss_of("importance_sampling", datum, [-1.0, -1.0, -3.0], {})
    assert loss.total == pytest.approx(-(1.0 + math.e - 1.0))


@pytest.mark.parametrize("name", ["ppo", "cispo"])
def test_a_clip_holds_a_ratio_and_can_be_set(name):
    datum = _datum([1.0, 0.0, 0.0], [-3.0, -3.0, -3.0])
    slopes = [
        loss_of(name, datum, [-1.0, -3.0, -3.0], config).slopes[0]
        for config in ({}, {"clip_high_threshold": 20})
    ]
    assert slopes == (
        [0.0, pytest.approx(-(math.e**2))] if name == "ppo" else [-1.2, pytest.approx(-(math.e**2))]
    )


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
def test_every_loss_is_finite_even_where_a_token_became_impossible(name):
    loss = loss_of(name, _datum([1.0, -1.0, 2.0], [-1000.0, 0.0, -1.0]), [0.0, -1000.0, -1.0], {})
    assert math.isfinite(loss.total)
    assert all(map(math.isfinite, loss.slopes))


def test_an_unknown_loss_is_refused_with_the_nearest():
    with pytest.raises(ServiceRefusal, match="did you mean 'cross_entropy'"):
        loss_of("cross_entropie", _datum([], []), [], {})


def test_a_missing_input_is_named():
    with pytest.raises(ServiceRefusal, match=r"loss_fn_inputs\['advantages'\].*add it"):
        loss_of("ppo", Datum([1], [0], [1], {"weights": [1.0]}), [-1.0], {})


def test_an_infinite_weight_is_refused():
    with pytest.raises(ServiceRefusal, match="not finite"):
        loss_of("cross_entropy", Datum([1], [0], [1], {"weights": [math.inf]}), [-1.0], {})


def _input(**inputs):
    return {"forward_input": {"loss_fn": "cross_entropy", "data": [{"loss_fn_inputs": inputs}]}}


def test_a_sparse_tensor_is_laid_out():
    sparse = {
        "data": [5, 6, 7],
        "shape": [2, 3],
        "sparse_crow_indices": [0, 1, 3],
        "sparse_col_indices": [2, 0, 1],
    }
    (found,) = forward_input(_input(target_tokens=sparse)).data
    assert found.tokens == [0, 0, 5, 6, 7, 0]
    assert found.shape == [2, 3]


def test_targets_of_one_place_share_the_token_before():
    request = _input(target_tokens={"data": [5, 6, 7, 8], "shape": [2, 2]})
    request["forward_input"]["data"][0]["model_input"] = {"chunks": [{"tokens": [41, 42]}]}
    (found,) = forward_input(request).data
    assert found.contexts == [41, 41, 42, 42]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, "datum 0: loss_fn_inputs has no target_tokens"),
        ({"target_tokens": {"data": [1], "shape": [2]}}, r"1 numbers and the shape \[2\]"),
        (
            {"target_tokens": {"data": [1]}, "weights": {"data": [1, 2]}},
            "'weights'.* has 2 numbers and target_tokens 1",
        ),
        ({"target_tokens": {"data": [], "shape": [10**9, 10**9], "sparse_crow_indices": [0]}}, "at most"),
    ],
)
def test_a_datum_that_makes_no_loss_is_refused(inputs, expected):
    with pytest.raises(ServiceRefusal, match=expected):
        forward_input(_input(**inputs))


class TestAdam:
    def test_a_first_step_is_as_long_as_the_learning_rate(self):
        stepped = Trained().stepped({1: 0.3, 2: -7.0}, AdamParams(learning_rate=0.01))
        assert stepped.weights == pytest.approx({1: -0.01, 2: 0.01})
        assert stepped.steps == 1

    def test_momentum_carries_on_without_a_gradient(self):
        first = Trained().stepped({1: 1.0}, AdamParams(learning_rate=0.01))
        assert first.stepped({}, AdamParams(learning_rate=0.01)).weights[1] < first.weights[1]

    def test_a_clipped_gradient_keeps_its_direction(self):
        free = Trained().stepped({1: 3.0, 2: 4.0}, AdamParams())
        clipped = Trained().stepped({1: 3.0, 2: 4.0}, AdamParams(grad_clip_norm=1.0))
        assert clipped.momenta == pytest.approx({key: value / 5 for key, value in free.momenta.items()})

    def test_weight_decay_shrinks(self):
        grown = Trained({1: 0.5})
        params = AdamParams(learning_rate=0.1, weight_decay=0.5)
        assert grown.stepped({1: 0.0}, params).weights[1] == pytest.approx(0.475)

    @given(
        st.dictionaries(st.integers(0, 3), st.floats(-1e30, 1e30)), st.floats(-1e30, 1e30), st.floats(0, 1)
    )
    def test_no_step_ends_in_what_json_cannot_say(self, gradient, rate, beta):
        stepped = Trained().stepped(gradient, AdamParams(learning_rate=rate, beta1=beta, beta2=beta))
        assert all(map(math.isfinite, stepped.weights.values()))

    def test_params_are_read_from_a_request(self):
        given_ = {"adam_params": {"learning_rate": 0.5, "beta1": 0, "eps": "small", "other": 1}}
        assert AdamParams.of(given_) == AdamParams(learning_rate=0.5, beta1=0.0)
        assert (
            AdamParams.of({"optimizer_params": {"type": "dimuon", "learning_rate": 0.5}}).learning_rate == 0.5
        )
        assert AdamParams.of({}) == AdamParams()
