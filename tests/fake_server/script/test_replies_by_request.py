"""Scripts and rules select requests by their bodies, and results are computed from them."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

import httpx
import pytest

from fake_server import FakeTinkerTransport, ScriptError, ScriptViolation, VerifiedTinker
from fake_server.core.operations import Operation
from fake_server.script import complete, computed, same, sampled, script, template, timeout
from fake_server.script.request_match import Exists, OneOf, decode_match
from fake_server.script.rules import every
from fake_server.script.script_data import decode_steps, encode_steps
from fake_server.script.script_yaml import decode_all

Json = Mapping[str, object]


def tokens(text: str) -> Json:
    return {"chunks": [{"type": "encoded_text", "tokens": list(text.encode())}]}


class Asking:
    """A client of one engine."""

    def __init__(self, engine: VerifiedTinker) -> None:
        self.http = httpx.Client(transport=FakeTinkerTransport(engine), base_url="http://tinker.test")

    def submit(self, endpoint: str = "asample", /, **fields: object) -> httpx.Response:
        return self.http.post(f"/api/v1/{endpoint}", json=fields)

    def poll(self, submitted: httpx.Response) -> httpx.Response:
        return self.http.post("/api/v1/retrieve_future", json={"request_id": submitted.json()["request_id"]})

    def result(self, endpoint: str = "asample", /, **fields: object) -> dict[str, object]:
        found: dict[str, object] = self.poll(self.submit(endpoint, **fields)).json()
        return found

    def sample(self, prompt: str, **fields: object) -> list[str]:
        result = self.result(prompt=tokens(prompt), **{"num_samples": 1, **fields})
        sequences = result["sequences"]
        assert isinstance(sequences, list), result
        return [bytes(sequence["tokens"]).decode("latin-1") for sequence in sequences]


def test_scripts_are_found_by_fields_in_any_order() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([sampled("five")], where={"prompt": "2+3="})
    engine.add_script([sampled("four")], where={"prompt": re.compile(r"2\+2")})
    engine.add_script([sampled("tokens")], where={"prompt": [1, 2]})
    engine.add_script([sampled("short")], where={"sampling_params.max_tokens": lambda given: given < 10})
    engine.add_script([sampled("any")])
    assert asking.sample("2+2=") == ["four"]
    assert asking.sample("\x01\x02") == ["tokens"]
    assert asking.sample("x", sampling_params={"max_tokens": 9}) == ["short"]
    assert asking.sample("x", sampling_params={"max_tokens": 10}) == ["any"]
    assert asking.sample("2+3=") == ["five"]
    engine.verify()


def test_a_script_before_one_with_conditions_is_taken_first() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([sampled("any")])
    engine.add_script([sampled("four")], where={"prompt": "2+2="})
    assert asking.sample("2+2=") == ["any"]
    assert asking.sample("2+2=") == ["four"]


def test_values_inside_lists_and_training_inputs_are_found() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([complete(metrics={"which": 1.0})], where={"loss_fn": "ppo"})
    engine.add_script([complete(metrics={"which": 2.0})], where={"data.0.weight": 7})
    body = {"model_id": "m", "forward_backward_input": {"loss_fn": "cross_entropy", "data": [{"weight": 7}]}}
    assert asking.result("forward_backward", **body)["metrics"] == {"which": 2.0}
    body["forward_backward_input"] = {"loss_fn": "ppo", "data": []}
    assert asking.result("forward_backward", **body)["metrics"] == {"which": 1.0}


def test_a_captured_value_must_come_again() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    for text in ("one", "two"):
        engine.add_script([sampled(text)], where={"model_path": same("sampler")})
    assert asking.sample("x", model_path="tinker://a") == ["one"]
    refused = asking.submit(prompt=tokens("x"), model_path="tinker://b")
    assert refused.status_code == 404
    assert "model_path: wanted the same sampler, 'tinker://a', got 'tinker://b'" in refused.json()["error"]
    assert asking.sample("x", model_path="tinker://a") == ["two"]


def test_the_nearest_miss_is_explained() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([sampled("4")], name="sum", where={"prompt": "2+2=", "sampling_params.max_tokens": 5})
    engine.add_script([sampled("5")], name="far", where={"prompt": "9", "seed": 1, "num_samples": 8})
    sample = asking.submit(prompt=tokens("2+2="), sampling_params={"max_tokens": 6}, num_samples=8)
    text = sample.json()["error"]
    assert "the nearest is future 'sum'" in text
    assert "sampling_params.max_tokens: wanted 5, got 6; change the request or the conditions" in text
    with pytest.raises(ScriptViolation, match=r"any operation of any client where prompt '2\+2='"):
        engine.verify()


def test_a_refused_submission_keeps_its_script_with_conditions() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([sampled("4")], submission=[timeout()], where={"prompt": "2+2="})
    engine.add_script([sampled("later")], where={"prompt": "2+2="})
    assert asking.submit(prompt=tokens("2+2=")).status_code == 408
    assert asking.sample("2+2=") == ["4"]
    assert asking.sample("2+2=") == ["later"]


def test_rules_count_only_the_requests_that_they_select() -> None:
    engine = VerifiedTinker(seed=0)
    asking = Asking(engine)
    engine.add_rule(every(2, where={"num_samples": 1}).plays(sampled("second")))
    assert asking.submit(prompt=tokens("a"), num_samples=2, base_model="Qwen/Qwen3-8B").is_success
    texts = [asking.sample("a", base_model="Qwen/Qwen3-8B") for _ in range(2)]
    assert texts[1] == ["second"] != texts[0]


def test_results_are_computed_from_the_request() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.add_script([computed(lambda request: {"metrics": {"seen": float(len(str(request["model_id"])))}})])
    engine.add_script([template({"path": "tinker://${model_id}/${path}", "seq": "${seq_id}"})])
    assert asking.result("optim_step", model_id="four")["metrics"] == {"seen": 4.0}
    saved = asking.result("save_weights", model_id="m", path="x", seq_id=3)
    assert (saved["path"], saved["seq"]) == ("tinker://m/x", 3)


def test_a_template_says_what_the_request_lacks() -> None:
    engine = VerifiedTinker()
    engine.add_script([template({"path": "${nothing}"})])
    refused = Asking(engine)
    answer = refused.poll(refused.submit("save_weights", model_id="m"))
    assert answer.status_code == 404
    assert "the template has ${nothing}, but the request has model_id; fix the path" in answer.json()["error"]


def test_every_condition_of_a_file_is_read() -> None:
    match = decode_match(
        {
            "prompt": {"matches": "2.2"},
            "model_path": {"same": "sampler"},
            "seed": {"one_of": [1, 2]},
            "x": {"exists": False},
            "y": {"equals": {"same": "z"}},
            "num_samples": 2,
        }
    )
    assert match is not None
    assert dict(match.conditions) == {
        "prompt": re.compile("2.2"),
        "model_path": same("sampler"),
        "seed": OneOf((1, 2)),
        "x": Exists(wanted=False),
        "y": {"same": "z"},
        "num_samples": 2,
    }


def test_templates_and_samples_survive_files() -> None:
    steps = [
        {"template": {"path": "${model_id}"}},
        {"sample": {"sequences": ["a", [98]], "logprobs": -1.0, "stop_reason": "stop"}},
    ]
    assert encode_steps(decode_steps(steps, "here")) == steps
    with pytest.raises(ScriptError, match="is a function, which no file can hold"):
        encode_steps([computed(lambda _: {})])


def test_a_file_gives_replies_by_request() -> None:
    engine = VerifiedTinker(seed=0)
    asking = Asking(engine)
    for entry in decode_all(
        [
            {"operation": "sample", "where": {"prompt": "2+2="}, "steps": [{"sample": "4"}]},
            {"every": 1, "where": {"prompt": {"matches": "^a"}}, "steps": [{"sample": "rule"}]},
        ],
        "file",
    ):
        engine.add_entry(entry)
    model = {"base_model": "Qwen/Qwen3-8B"}
    assert asking.sample("abc", **model) == ["rule"]
    assert asking.sample("2+2=", **model) == ["4"]
    assert asking.sample("a", **model) == ["rule"]


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ([], "where must be a mapping of paths to values, not a list"),
        ({"a..b": 1}, "'a..b' is not a path into a request"),
        ({"a": {"matches": "("}}, r"a: '\(' is not a regular expression"),
        ({"a": {"matches": 1}}, "a: matches needs a text, not the int 1"),
        ({"a": {"match": "x"}}, "there is no condition 'match'; did you mean 'matches'"),
    ],
)
def test_wrong_conditions_name_the_place_and_the_fix(where: object, text: str) -> None:
    with pytest.raises(ScriptError, match=text):
        decode_match(where)


def test_samples_come_in_order_by_prompt_and_by_function() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.samples("first", list(b"second"))
    assert [asking.sample("x"), asking.sample("x")] == [["first"], ["second"]]
    engine.samples({"2+2=": "4", "several": ["a", "b"]})
    assert asking.sample("2+2=") == asking.sample("2+2=") == ["4"]
    assert asking.sample("several", num_samples=2) == ["a", "b"]
    assert asking.submit(prompt=tokens("unknown")).status_code == 404
    engine.samples(lambda prompt: prompt[::-1])
    assert asking.sample("abc", num_samples=2) == ["cba", "cba"]


def test_a_sample_is_cut_at_max_tokens_and_has_the_scripted_numbers() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.samples("four", logprobs=-2.0)
    engine.samples("ab", logprobs=[-1.0, -3.0], stop_reason="length")
    cut = asking.result(num_samples=1, sampling_params={"max_tokens": 2})
    assert cut["sequences"] == [{"stop_reason": "length", "tokens": list(b"fo"), "logprobs": [-2.0, -2.0]}]
    assert asking.result(num_samples=1)["sequences"] == [
        {"stop_reason": "length", "tokens": list(b"ab"), "logprobs": [-1.0, -3.0]}
    ]


def test_as_many_sequences_as_are_requested() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.samples(["a", "b", "c", "d"])
    refused = asking.poll(asking.submit(prompt=tokens("x"), num_samples=2))
    assert refused.status_code == 404
    assert "the script has 4 sequences for a request with num_samples=2" in refused.json()["error"]
    with pytest.raises(ScriptViolation, match="the script has 4 sequences"):
        engine.verify()


@pytest.mark.parametrize("given", [(), ({"a": "b"}, "c"), ([1, "a"],), (3,)])
def test_what_is_no_sample_is_refused(given: tuple[object, ...]) -> None:
    with pytest.raises(ScriptError):
        VerifiedTinker().samples(*given)  # type: ignore[arg-type]


def test_losses_come_in_order() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    engine.losses([2.0, 1.5])
    metrics = [asking.result("forward_backward", model_id="m")["metrics"] for _ in range(2)]
    assert metrics == [{"loss:sum": 2.0}, {"loss:sum": 1.5}]


@pytest.mark.parametrize("end", ["resolve", "fail"])
def test_a_future_is_unresolved_until_the_test_says_so(end: str) -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    pending = engine.unresolved(operation=Operation.SAMPLE)
    submitted = asking.submit(prompt=tokens("x"), num_samples=1)
    assert pending.submitted
    answers: list[httpx.Response] = []
    poller = threading.Thread(target=lambda: answers.append(asking.poll(submitted)))
    poller.start()
    while not engine.held:
        poller.join(0.001)
    if end == "resolve":
        pending.resolve(sampled("done"))
    else:
        pending.fail("server", "it broke")
    poller.join()
    assert (answers[0].status_code, answers[0].json()["queue_state"]) == (408, "active")
    last = asking.poll(submitted).json()
    if end == "resolve":
        assert bytes(last["sequences"][0]["tokens"]) == b"done"
    else:
        assert last == {"error": "it broke", "category": "server"}
    engine.verify()
    with pytest.raises(ScriptError, match="was resolved before"):
        pending.resolve()


def test_a_pending_future_that_nobody_resolves_is_reported() -> None:
    engine = VerifiedTinker()
    engine.unresolved(name="forgotten")
    with pytest.raises(ScriptViolation, match="forgotten"):
        engine.verify()


def test_a_submitted_future_may_stay_unresolved_but_not_the_one_that_is_resolved() -> None:
    engine = VerifiedTinker()
    pending = engine.unresolved()
    Asking(engine).submit(model_id="m")
    # Its client cancelled it before it polled.
    engine.verify()
    pending.resolve()
    with pytest.raises(ScriptViolation, match="left: complete"):
        engine.verify()


def test_a_test_waits_for_the_submission_and_fails_if_none_comes() -> None:
    engine = VerifiedTinker()
    pending = engine.unresolved(operation="sample")
    with pytest.raises(ScriptViolation, match=r"after 0 s: future 'future-1' .*no submission took it"):
        pending.wait_submitted(0)
    waiting = threading.Thread(target=pending.wait_submitted)
    waiting.start()
    Asking(engine).submit(num_samples=1)
    waiting.join(10)
    assert not waiting.is_alive()
    pending.wait_submitted(0)


def test_json_of_a_computed_result_is_not_remembered_for_equal_requests() -> None:
    engine = VerifiedTinker()
    asking = Asking(engine)
    numbers = iter(range(9))
    step = computed(lambda _: {"metrics": {"n": float(next(numbers))}})
    for _ in range(2):
        engine.add_script(script(step))
    found = [asking.result("optim_step", model_id="m") for _ in range(2)]
    assert found[0] != found[1]
