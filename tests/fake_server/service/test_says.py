"""Samples that are scripted by their words: ``says``."""

import json
import re
from typing import Any

import pytest

from fake_server import VerifiedTinker
from fake_server.core.chat_markers import TOKEN_OF_MARKER
from fake_server.core.errors import ScriptError
from fake_server.script import says
from fake_server.script.script_data import decode_steps, encode_steps
from tests.fake_server.service.service_client import BASE, Client

BOXED = r"\boxed{9}"


def prompt(text: str) -> dict[str, object]:
    return {"chunks": [{"type": "encoded_text", "tokens": list(text.encode())}]}


def sampled(engine: VerifiedTinker, text: str, count: int = 1, **params: object) -> list[dict[str, Any]]:
    client = Client(engine)
    body = {"prompt": prompt(text), "num_samples": count, "sampling_params": params, "base_model": BASE}
    request_id = client.post("asample", **body)["request_id"]
    reply = client.ask("retrieve_future", {"request_id": request_id})
    sequences: list[dict[str, Any]] = json.loads(reply.body)["sequences"]
    return sequences


def test_words_come_by_pattern_in_the_prompt_and_each_sample_says_them() -> None:
    engine = VerifiedTinker(seed=7)
    engine.says({re.compile(r"4 \+ 5"): BOXED, re.compile("capital"): "Paris"})
    both = sampled(engine, "What is 4 + 5?", 2, max_tokens=20)
    assert [bytes(each["tokens"]).decode() for each in both] == [BOXED, BOXED]
    assert bytes(sampled(engine, "Its capital?", max_tokens=20)[0]["tokens"]) == b"Paris"


@pytest.mark.parametrize(
    ("stop", "end"),
    [("\n\nUser:", list(b"\n\nUser:")), ([258, 3], [258]), (["ab", "c"], [97, 98]), (None, [])],
)
def test_a_sample_ends_with_the_first_stop_of_its_request(stop: object, end: list[int]) -> None:
    engine = VerifiedTinker(seed=7)
    engine.says("9")
    (sequence,) = sampled(engine, "x", stop=stop)
    assert (sequence["tokens"], sequence["stop_reason"]) == ([57, *end], "stop")
    (cut,) = sampled(engine, "x", stop=stop, max_tokens=len(end))
    assert (len(cut["tokens"]), cut["stop_reason"]) == (len(end), "length")


def test_markers_of_chat_formats_are_one_token_each() -> None:
    engine = VerifiedTinker(seed=7)
    engine.says("<think>hm</think>9")
    (sequence,) = sampled(engine, "x")
    assert sequence["tokens"] == [TOKEN_OF_MARKER["<think>"], 104, 109, TOKEN_OF_MARKER["</think>"], 57]


def test_log_probabilities_are_those_of_the_model() -> None:
    free = VerifiedTinker(seed=7)
    (drawn,) = sampled(free, "x", max_tokens=12, temperature=1.0)
    text = bytes(drawn["tokens"]).decode("latin-1")
    if not text.isascii():
        text = "".join(character for character in text if character.isascii())
    scripted = VerifiedTinker(seed=7)
    scripted.says(text)
    (spoken,) = sampled(scripted, "x", max_tokens=12, temperature=1.0)
    assert len(set(spoken["logprobs"])) > 3
    # The model itself says how likely they are.
    client = Client(VerifiedTinker(seed=7))
    whole = {"chunks": [{"type": "encoded_text", "tokens": [*b"x", *spoken["tokens"]]}]}
    body = {"prompt": whole, "num_samples": 1, "sampling_params": {"max_tokens": 1}, "base_model": BASE}
    request_id = client.post("asample", **body, prompt_logprobs=True)["request_id"]
    known = json.loads(client.ask("retrieve_future", {"request_id": request_id}).body)["prompt_logprobs"]
    assert spoken["logprobs"] == known[1:]


def test_conditions_leave_the_other_samples_to_the_model() -> None:
    engine = VerifiedTinker(seed=7)
    engine.says(lambda asked: asked.upper(), where={"sampling_params.max_tokens": lambda most: most > 5})
    assert bytes(sampled(engine, "abc", max_tokens=9)[0]["tokens"]) == b"ABC"
    assert bytes(sampled(engine, "abc", max_tokens=3)[0]["tokens"]) != b"ABC"


def test_without_a_seed_log_probabilities_are_constants() -> None:
    engine = VerifiedTinker()
    engine.add_script([says("9")])
    assert sampled(engine, "x")[0]["logprobs"] == [-0.5]


def test_words_survive_files_but_functions_do_not() -> None:
    given = [{"says": "9"}]
    assert encode_steps(decode_steps(given, "steps")) == given
    with pytest.raises(ScriptError, match="use template, sample or says"):
        encode_steps((says(str.upper),))


@pytest.mark.parametrize("given", [{}, 5, [57]])
def test_what_is_no_text_is_refused(given: Any) -> None:
    with pytest.raises(ScriptError, match="give a text"):
        VerifiedTinker(seed=7).says(given)


def test_a_mapping_and_a_condition_on_the_prompt_exclude_each_other() -> None:
    with pytest.raises(ScriptError, match="not both"):
        VerifiedTinker(seed=7).says({"x": "9"}, where={"prompt": "x"})
