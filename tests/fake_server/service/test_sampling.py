"""Sampling: stops, lengths, repeats, and log-probabilities that agree with each other."""

import pytest

from fake_server import FakeTinker
from fake_server.byte_tokenizer import ByteTokenizer
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed, datum


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


def sequences(result):
    return [each["tokens"] for each in result["sequences"]]


def test_as_many_sequences_as_asked_each_with_a_logprob_a_token(client):
    result = client.sample(num_samples=5, max_tokens=7)
    assert [len(each["logprobs"]) == len(each["tokens"]) <= 7 for each in result["sequences"]] == [True] * 5
    assert len({tuple(each) for each in sequences(result)}) == 5


def test_max_tokens_end_a_text_by_length(client):
    result = client.sample(max_tokens=7, stop=[])
    assert result["sequences"][0]["stop_reason"] == "length"
    assert len(result["sequences"][0]["tokens"]) == 7


@pytest.mark.parametrize(
    ("stop", "end"), [([77], [77]), ("ab", [97, 98]), (["ab", "c"], [97, 98]), (None, [0])]
)
def test_a_stop_ends_a_text_and_is_part_of_it(client, stop, end):
    result = client.sample(num_samples=20, max_tokens=5_000, stop=stop)
    stopped = [each["tokens"] for each in result["sequences"] if each["stop_reason"] == "stop"]
    assert len(stopped) == 20
    # Another stop than the first may come by itself, but the first comes often.
    assert sum(tokens[-len(end) :] == end for tokens in stopped) > 10
    assert all(
        end not in [tokens[at : at + len(end)] for at in range(len(tokens) - len(end))] for tokens in stopped
    )


def test_without_stops_named_a_short_text_mostly_has_its_length(client):
    result = client.sample(num_samples=50, max_tokens=4)
    assert [each["stop_reason"] for each in result["sequences"]].count("length") > 40


def test_temperature_0_repeats(client):
    first, again = (client.sample(num_samples=2, max_tokens=6, temperature=0) for _ in range(2))
    assert first["sequences"][0] == first["sequences"][1] == again["sequences"][0]
    assert (
        client.sample(num_samples=1, max_tokens=6, temperature=0, prompt=[9])["sequences"]
        != again["sequences"]
    )


def test_an_equal_request_gets_other_samples_unless_it_has_a_seed(client):
    assert sequences(client.sample(max_tokens=9)) != sequences(client.sample(max_tokens=9))
    assert sequences(client.sample(max_tokens=9, seed=1)) == sequences(client.sample(max_tokens=9, seed=1))


def test_another_engine_of_the_seed_gives_the_same_samples(client):
    asked = [client.sample(max_tokens=9) for _ in range(3)]
    other = Client(FakeTinker(seed=3))
    assert [other.sample(max_tokens=9) for _ in range(3)] == asked
    assert client.sample(max_tokens=9) != Client(FakeTinker(seed=4)).sample(max_tokens=9)


def test_the_time_in_the_name_of_a_session_changes_no_draw():
    """Recipes of tinker-cookbook put the minute at which they began into the name of their session."""

    def asked(name, **metadata):
        client = Client(FakeTinker(seed=3))
        body = {"tags": ["a"], "sdk_version": "1", "display_name": name, "user_metadata": metadata}
        session = client.post("create_session", **body)["session_id"]
        sampler = client.sampler(session=session, base_model=BASE)
        return session, client.sample(sampling_session_id=sampler, seq_id=0, max_tokens=9)

    first = asked("run-2026-11-30-07-35", began="07:35")
    assert asked("run-2026-11-30-07-36", began="07:36") == first
    assert asked("walk-2026-11-30-07-36", began="07:36")[1] != first[1]


def test_the_logprobs_of_a_text_are_those_of_computing_and_of_a_forward_pass(client):
    model = client.model()
    for _ in range(5):
        model.step(*DATA)
    sampler = client.sampler(model_path=model.do("save_weights_for_sampler", path="a")["path"])
    sampled = client.sample([1, 2], max_tokens=6, sampling_session_id=sampler)["sequences"][0]
    whole = [1, 2, *sampled["tokens"]]
    scored = client.sample(whole, prompt_logprobs=True, max_tokens=1, sampling_session_id=sampler)
    assert scored["prompt_logprobs"][0] is None
    assert scored["prompt_logprobs"][2:] == sampled["logprobs"]
    (passed,) = model.forward(datum(whole[:-1], whole[1:]))["loss_fn_outputs"]
    assert passed["logprobs"]["data"] == scored["prompt_logprobs"][1:]


def test_the_topk_of_a_prompt_has_what_the_model_finds_likeliest(client):
    result = client.sample([1, 2, 3], topk_prompt_logprobs=3, prompt_logprobs=True, max_tokens=1)
    first, *rows = result["topk_prompt_logprobs"]
    assert first is None
    assert [len(row) for row in rows] == [3, 3]
    assert all(row == sorted(row, key=lambda pair: -pair[1]) for row in rows)
    greedy = client.sample([1, 2], temperature=0, max_tokens=1)["sequences"][0]
    assert rows[1][0] == [greedy["tokens"][0], greedy["logprobs"][0]]


def test_weights_that_were_saved_are_sampled_and_later_steps_are_not(client):
    model = client.model()
    before = model.do("save_weights_for_sampler", path="before")["path"]
    for _ in range(60):
        model.step(datum([50], [151_645]))
    after = model.do("save_weights_for_sampler", path="after")["path"]

    def greedy(path):
        sampler = client.sampler(model_path=path)
        return sequences(client.sample([50], temperature=0, max_tokens=1, sampling_session_id=sampler))

    assert greedy(after) == [[151_645]]
    assert greedy(before) != [[151_645]]
    assert greedy(before) == sequences(client.sample([50], temperature=0, max_tokens=1, base_model=BASE))
    assert greedy(after) == sequences(client.sample([50], temperature=0, max_tokens=1, model_path=after))


def test_weights_without_a_name_become_a_session_of_their_moment(client):
    model = client.model()
    for _ in range(60):
        model.forward_backward(datum([50], [151_645]))
        model.submit("optim_step", adam_params={"learning_rate": 1e-3})
    saved = model.submit("save_weights_for_sampler", sampling_session_seq_id=0)
    sampler = client.wait(saved)["sampling_session_id"]
    result = client.sample([50], temperature=0, max_tokens=1, sampling_session_id=sampler)
    assert sequences(result) == [[151_645]]
    assert client.get(f"samplers/{sampler}")["base_model"] == BASE


def test_a_learnt_stop_token_is_sampled_greedily(client):
    model = client.model()
    for _ in range(60):
        model.step(datum([50], [151_645]))
    path = model.do("save_weights_for_sampler", path="a")["path"]
    result = client.sample([50], temperature=0, max_tokens=5, stop=[151_645], model_path=path)
    assert (result["sequences"][0]["stop_reason"], sequences(result)) == ("stop", [[151_645]])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"sampling_session_id": "nobody"}, "there is no sampling session 'nobody'"),
        ({"model_path": "tinker://x/sampler_weights/y"}, "no checkpoint was saved"),
        ({"prompt": [-1], "prompt_logprobs": True}, "out of the vocabulary"),
        ({"stop": [""]}, "is not a stop"),
        ({"prompt_logprobs": True, "prompt_logprobs_last_n": 2}, "give 1 to 1"),
        ({"target_prompt_logprobs": {"data": [1], "shape": [3, 1]}}, r"give \[1, K\]"),
    ],
)
def test_what_cannot_be_sampled_fails(client, body, expected):
    with pytest.raises(Failed, match=expected):
        client.sample(**body)


def test_a_request_for_too_many_tokens_fails_before_it_holds_everybody_up(client, monkeypatch):
    monkeypatch.setattr("fake_server.service.sampling.MAX_SAMPLED", 20)
    assert client.sample(num_samples=2, max_tokens=10, stop=[])
    with pytest.raises(Failed, match="more than 20 tokens in one request"):
        client.sample(num_samples=3, max_tokens=10, stop=[])


def test_training_weights_cannot_be_sampled_which_is_found_out_in_the_sample(client):
    path = client.model().do("save_weights", path="a")["path"]
    sampler = client.sampler(model_path=path)
    with pytest.raises(Failed, match="sample from one that save_weights_for_sampler made"):
        client.sample(sampling_session_id=sampler)


def test_sequence_ids_repeat_from_the_seed():
    def ids(seed):
        client = Client(FakeTinker(seed=seed))
        body = {"prompt": {"chunks": []}, "num_samples": 2}
        return [client.post("asample", **body)["sample_sequence_ids"] for _ in range(2)]

    assert ids(3) == ids(3)
    assert len({each for pair in (*ids(3), *ids(4)) for each in pair}) == 8


class TestByteTokenizer:
    @pytest.mark.parametrize("text", ["", "plain", "größer 漢字", "a\0b"])
    def test_a_text_comes_back(self, text):
        tokenizer = ByteTokenizer()
        assert tokenizer.decode(tokenizer.encode(text)) == text

    def test_what_is_no_byte_is_replaced_and_the_end_can_be_skipped(self):
        assert ByteTokenizer().decode([97, 5000, 98, 0, 255]) == "a\ufffdb\0\ufffd"
        assert ByteTokenizer().decode([97, 0], skip_special_tokens=True) == "a"
        assert ByteTokenizer().decode(97) == "a"

    def test_a_conversation_is_a_line_each(self):
        messages = [{"role": "user", "content": "hi"}]
        text = ByteTokenizer().apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert text == "user: hi\nassistant: "
        assert ByteTokenizer().apply_chat_template(messages) == ByteTokenizer().encode("user: hi\n")


def test_of_weights_without_a_name_the_newest_stay(client, monkeypatch):
    monkeypatch.setattr("fake_server.service.simulated_service.KEPT_SNAPSHOTS", 2)
    model = client.model()
    samplers = []
    for number in range(4):
        model.step(*DATA)
        saved = model.submit("save_weights_for_sampler", sampling_session_seq_id=number)
        samplers.append(client.wait(saved)["sampling_session_id"])
    for sampler in samplers[:2]:
        with pytest.raises(Failed, match="were dropped, since 2 newer ones were saved without a name"):
            client.sample(sampling_session_id=sampler)
    results = [client.sample(max_tokens=5, seed=1, sampling_session_id=sampler) for sampler in samplers[2:]]
    assert results[0] != results[1]


def test_inflight_samplers_share_the_newest_weights(client):
    model = client.model()
    samplers = []
    for number, kind in enumerate(("snapshot", "inflight", "inflight")):
        saved = model.submit("save_weights_for_sampler", sampling_session_seq_id=number, kind=kind)
        samplers.append(client.wait(saved)["sampling_session_id"])
        model.step(*DATA)
    fixed, first, second = (
        client.sample([2, 3], max_tokens=1, prompt_logprobs=True, sampling_session_id=sampler)
        for sampler in samplers
    )
    assert first["prompt_logprobs"] == second["prompt_logprobs"] != fixed["prompt_logprobs"]
