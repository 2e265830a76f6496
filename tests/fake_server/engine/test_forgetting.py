"""A server that runs for long can let go of what is finished, and of nothing else."""

import json

import pytest

from fake_server import FakeTinker, ProblemKind, Reply, Request, ScriptError, ScriptViolation
from fake_server.script import complete, script, status, timeout
from tests.fake_server.asking import Asker

SAMPLER = {"sampling_session_id": "s"}


def test_a_forgotten_future_is_unknown_and_its_name_is_free(engine: FakeTinker, ask: Asker) -> None:
    future = engine.add_script(script(complete()), name="mine")
    other = engine.add_script(script(complete()), name="other")
    for name in ("mine", "other"):
        assert ask.json("asample", SAMPLER)["request_id"] == name
        assert ask("retrieve_future", {"request_id": name}).status == 200
    engine.forget(future)
    assert engine.futures == (other,)
    engine.verify()
    assert ask("retrieve_future", {"request_id": "mine"}).status == 404
    assert [problem.kind for problem in engine.problems] == [ProblemKind.UNKNOWN_FUTURE]
    assert ask("retrieve_future", {"request_id": "other"}).status == 200
    engine.add_script(script(complete()), name="mine")


def test_what_is_not_served_to_its_end_is_not_forgotten(engine: FakeTinker, ask: Asker) -> None:
    future = engine.add_script(script(timeout(), complete()), name="mine")
    empty = engine.add_script(script(), name="empty")
    with pytest.raises(ScriptError, match="poll it to the end"):
        engine.forget(empty)
    ask("asample", SAMPLER)
    ask("retrieve_future", {"request_id": "mine"})
    with pytest.raises(ScriptError, match="poll it to the end"):
        engine.forget(future)
    with pytest.raises(ScriptViolation, match="'mine'"):
        engine.verify()
    ask("retrieve_future", {"request_id": "mine"})
    engine.forget(future)
    with pytest.raises(ScriptError, match="forget each future only once"):
        engine.forget(future)


def test_names_that_are_made_up_do_not_come_again(engine: FakeTinker, ask: Asker) -> None:
    first = engine.add_script(script(complete()))
    ask("asample", SAMPLER)
    ask("retrieve_future", {"request_id": first.name})
    engine.forget(first)
    assert engine.add_script(script(complete())).name == "future-2"


def test_scripts_are_still_taken_in_their_order(engine: FakeTinker, ask: Asker) -> None:
    done = [engine.add_script(script(complete())) for _ in range(3)]
    for future in done:
        ask("asample", SAMPLER)
        ask("retrieve_future", {"request_id": future.name})
    engine.add_script(script(complete()), name="older", client="s")
    for future in done:
        engine.forget(future)
    engine.add_script(script(complete()), name="newer")
    assert ask.json("asample", SAMPLER)["request_id"] == "older"


def test_a_submission_after_410_does_not_go_to_a_forgotten_future(engine: FakeTinker, ask: Asker) -> None:
    expired = engine.add_script(script(status(410)), name="expired")
    ask("asample", SAMPLER)
    assert ask("retrieve_future", {"request_id": "expired"}).status == 410
    engine.forget(expired)
    engine.add_script(script(complete()), name="next")
    assert ask.json("asample", SAMPLER)["request_id"] == "next"


def test_a_session_poll_misses_nothing_after_a_forget(engine: FakeTinker, ask: Asker) -> None:
    target = {"type": "sampling_session", "sampling_session_id": "s"}
    futures = [engine.add_script(script(complete()), name=f"f{number}") for number in range(4)]
    for future in futures[:3]:
        ask("asample", SAMPLER)
        ask("retrieve_future", {"request_id": future.name})
    cursor = ask.json("retrieve_futures", {"target": target, "prev_cursor": 0})["cursor"]
    ask("asample", SAMPLER)
    engine.forget(futures[0])
    engine.forget(futures[1])
    later = ask.json("retrieve_futures", {"target": target, "prev_cursor": cursor})
    assert [found["request_id"] for found in later["completions"]][-1] == "f3"
    assert later["cursor"] == cursor + 1


def test_what_a_forgotten_future_did_to_a_model_stays() -> None:
    def losses(*, forget: bool) -> list[float]:
        engine = FakeTinker(seed=7)
        body = {"session_id": "s", "model_seq_id": 0, "base_model": "b", "lora_config": {"rank": 8}}
        model = _completed(engine, "create_model", body, forget=forget)["model_id"]
        datum = {
            "model_input": {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]},
            "loss_fn_inputs": {"target_tokens": {"data": [2, 3, 4], "dtype": "int64", "shape": [3]}},
        }
        found = []
        for number in range(3):
            given = {"data": [datum], "loss_fn": "cross_entropy"}
            passed = {"model_id": model, "seq_id": 2 * number + 1, "forward_backward_input": given}
            stepped = {"model_id": model, "seq_id": 2 * number + 2, "adam_params": {"learning_rate": 0.1}}
            found.append(_completed(engine, "forward_backward", passed, forget=forget)["metrics"]["loss:sum"])
            _completed(engine, "optim_step", stepped, forget=forget)
        assert len(engine.futures) == (0 if forget else 7)
        return found

    kept = losses(forget=False)
    assert losses(forget=True) == kept
    assert kept[2] < kept[0]


def _completed(engine: FakeTinker, path: str, body: dict, *, forget: bool) -> dict:
    def asked(path: str, body: dict) -> dict:
        answer = engine.handle(Request("POST", f"/api/v1/{path}", body=json.dumps(body).encode()))
        assert isinstance(answer, Reply)
        return json.loads(answer.body)

    name = asked(path, body)["request_id"]
    result = asked("retrieve_future", {"request_id": name})
    if forget:
        engine.forget(next(future for future in engine.futures if name in future.request_ids))
    return result
