"""Temperature is a softmax's, `top_p` the nucleus, `top_k` the likeliest; log-probabilities agree."""

import math
from collections import Counter

import pytest

from fake_server import FakeTinker
from tests.fake_server.service.service_client import Client, Failed

COUNT = 400


@pytest.fixture(scope="module")
def client():
    return Client(FakeTinker(seed=3))


def one_token(client, **params):
    """How often each token was sampled, and its log-probability."""
    counts, logprobs = Counter(), {}
    prompt = {"chunks": [{"tokens": [7]}]}
    request = client.submit(
        "asample", prompt=prompt, num_samples=COUNT, sampling_params={"max_tokens": 1, "stop": [], **params}
    )
    for each in client.wait(request)["sequences"]:
        counts[each["tokens"][0]] += 1
        logprobs[each["tokens"][0]] = each["logprobs"][0]
    return counts, logprobs


def computed(client, token):
    return client.sample([7, token], prompt_logprobs=True, max_tokens=1)["prompt_logprobs"][1]


@pytest.mark.parametrize("temperature", [0.5, 0.7, 1.0, 1.2, 1.8])
def test_differences_of_logprobs_scale_with_the_inverse_of_the_temperature(client, temperature):
    _, logprobs = one_token(client, temperature=temperature)
    (first, base), *others = ((token, computed(client, token)) for token in logprobs)
    assert len(others) > 3
    for token, own in others:
        assert logprobs[token] - logprobs[first] == pytest.approx((own - base) / temperature, abs=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_tokens_come_as_often_as_their_logprobs_say(client, temperature):
    counts, logprobs = one_token(client, temperature=temperature)
    for token, count in counts.most_common(3):
        likely = math.exp(logprobs[token])
        assert abs(count - COUNT * likely) < 5 * math.sqrt(COUNT * likely * (1 - likely)) + 1


def test_a_temperature_near_1_is_hardly_another(client):
    _, near = one_token(client, temperature=1.000_01)
    for token, logprob in list(near.items())[:5]:
        assert logprob == pytest.approx(computed(client, token), abs=0.05)


@pytest.mark.parametrize("temperature", [0.8, 1.0])
def test_the_nucleus_is_the_fewest_tokens_that_have_the_probability(client, temperature):
    everything, logprobs = one_token(client, temperature=temperature)
    counts, in_nucleus = one_token(client, temperature=temperature, top_p=0.3)
    assert len(counts) < len(everything)
    masses = sorted((math.exp(logprob) for logprob in in_nucleus.values()), reverse=True)
    assert sum(masses[:-1]) < 0.3
    assert sum(masses) > 0.25
    assert all(logprobs.get(token, logprob) == logprob for token, logprob in in_nucleus.items())


def test_a_tiny_nucleus_and_one_token_kept_are_greedy(client):
    (greedy,), _ = one_token(client, temperature=0)
    assert set(one_token(client, top_p=1e-9)[0]) == set(one_token(client, top_k=1)[0]) == {greedy}


def test_top_k_keeps_the_likeliest(client):
    likeliest = client.sample([7, 1], topk_prompt_logprobs=3, max_tokens=1)["topk_prompt_logprobs"][1]
    assert set(one_token(client, top_k=3)[0]) == {token for token, _ in likeliest}


@pytest.mark.parametrize("params", [{"top_p": 0.0}, {"top_p": 1.5}, {"top_p": -1}, {"top_k": -2}])
def test_what_is_no_nucleus_fails(client, params):
    with pytest.raises(Failed, match=r"top_[pk] is"):
        one_token(client, **params)


@pytest.mark.parametrize("temperature", [1e-310, 1e-7, 1e300])
def test_temperatures_of_any_size_give_finite_numbers(client, temperature):
    _, logprobs = one_token(client, temperature=temperature)
    assert all(map(math.isfinite, logprobs.values()))


def test_alternatives_to_a_prompt_are_drawn_with_the_same_temperature(client):
    prompt = {"chunks": [{"tokens": [7, 7]}]}
    params = {"max_tokens": 1, "temperature": 0.01}
    request = client.submit("asample", prompt=prompt, prompt_alt_tokens_k=20, sampling_params=params)
    (greedy,), _ = one_token(client, temperature=0)
    assert set(client.wait(request)["prompt_alt_tokens"]["tokens"]["data"]) == {greedy}
