"""A submission that is sent again, as after a lost reply, is the same future and is done once."""

import json

import pytest

from fake_server import FakeTinker, Request, every
from fake_server.operations import Operation
from fake_server.script import complete, fail, script, status, timeout
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


def steps(client, times):
    """Losses of a training run whose every request is sent so many times."""
    model = client.model()
    losses = []
    for number in range(3):
        passes = {"loss_fn": "cross_entropy", "data": DATA}
        numbered = {"model_id": model.model_id, "seq_id": 2 * number + 1}
        passed = [
            client.submit("forward_backward", forward_backward_input=passes, **numbered) for _ in range(times)
        ]
        numbered = {"model_id": model.model_id, "seq_id": 2 * number + 2}
        stepped = [
            client.submit("optim_step", adam_params={"learning_rate": 1e-3}, **numbered) for _ in range(times)
        ]
        assert len({*passed}) == len({*stepped}) == 1
        losses.append(client.wait(passed[-1])["metrics"]["loss:sum"])
        client.wait(stepped[0])
    return losses


def test_a_step_whose_reply_was_lost_is_done_once():
    once, twice = (steps(Client(FakeTinker(seed=3)), times) for times in (1, 2))
    assert once == twice == sorted(once, reverse=True)


def test_a_model_is_made_once(client):
    body = {"session_id": client.session(), "model_seq_id": 0, "base_model": BASE, "lora_config": {"rank": 8}}
    first, again = (client.post("create_model", **body) for _ in range(2))
    assert first == again
    assert client.wait(first["request_id"]) == client.wait(again["request_id"])
    assert len(client.get("training_runs")["training_runs"]) == 1
    assert client.post("create_model", **{**body, "model_seq_id": 1}) != first


def test_a_model_is_loaded_once(client):
    path = client.model().do("save_weights", path="a")["path"]
    body = {"session_id": client.session(), "model_seq_id": 0, "path": path, "optimizer": True}
    assert client.post("load_weights", **body) == client.post("load_weights", **body)
    assert len(client.get("training_runs")["training_runs"]) == 2


def test_a_sample_is_drawn_once(client):
    body = {
        "sampling_session_id": client.sampler(base_model=BASE),
        "prompt": {"chunks": []},
        "num_samples": 2,
    }
    first, again, next_one = (client.post("asample", seq_id=number, **body) for number in (0, 0, 1))
    assert first == again
    assert not set(first["sample_sequence_ids"]) & set(next_one["sample_sequence_ids"])
    results = [client.wait(each["request_id"]) for each in (first, again, next_one)]
    assert results[0] == results[1] != results[2]


def test_a_save_that_is_sent_again_is_no_conflict(client):
    model = client.model()
    body = {"model_id": model.model_id, "seq_id": 1, "path": "a"}
    first, again = (client.submit("save_weights", **body) for _ in range(2))
    client.wait(first)
    assert first == again == client.submit("save_weights", **body)
    assert client.refused("save_weights", **{**body, "seq_id": 2})[0] == 409


def test_a_sampling_session_is_opened_once(client):
    session = client.session()
    first = client.sampler(session, base_model=BASE)
    assert first == client.sampler(session, base_model=BASE) == f"{session}:sample:0"
    assert client.sampler(session, 1, base_model=BASE) == f"{session}:sample:1"
    assert client.get(f"sessions/{session}")["sampler_ids"] == [first, f"{session}:sample:1"]


@pytest.mark.parametrize("path", ["create_session", "copy_weights"])
def test_what_has_no_number_is_made_once_for_one_idempotency_key(client, path):
    source = client.model().do("save_weights", path="a")["path"]
    bodies = {"create_session": {"tags": []}, "copy_weights": {"source_path": source}}

    def asked(key):
        headers = ((b"x-idempotency-key", key),)
        body = json.dumps(bodies[path]).encode()
        return client.engine.handle(Request("POST", f"/api/v1/{path}", "", headers, body)).body

    assert asked(b"one") == asked(b"one") != asked(b"two")


@pytest.mark.parametrize("seed", [None, 3])
class TestScripts:
    def test_one_script_serves_both(self, seed):
        engine = FakeTinker(seed=seed)
        future = engine.add_script(script().then(timeout()).then(complete()))
        client = Client(engine)
        first, again = (client.submit("optim_step", model_id="m", seq_id=1) for _ in range(2))
        assert first == again
        assert (client.poll(first).status, client.poll(again).status) == (408, 200)
        assert future.request_ids == (first,)
        engine.verify()

    def test_a_submission_after_410_goes_on_with_its_script_whatever_its_number(self, seed):
        engine = FakeTinker(seed=seed)
        engine.add_script(script().then(status(410)).then(timeout()).then(complete()))
        client = Client(engine)
        body = {"sampling_session_id": "s", "num_samples": 1, "seq_id": 1}
        first = client.submit("asample", **body)
        assert client.poll(first).status == 410
        second = client.submit("asample", **body)
        assert second != first
        assert client.submit("asample", **body) == second
        assert client.poll(second).status == 408
        assert client.poll(second).status == 200

    def test_without_numbers_each_submission_is_its_own(self, seed):
        engine = FakeTinker(seed=seed)
        for _ in range(2):
            engine.add_script(script(complete()))
        client = Client(engine)
        assert client.submit("optim_step", model_id="m") != client.submit("optim_step", model_id="m")

    def test_the_listener_learns_that_it_is_a_repetition(self, seed):
        submissions = []

        class Listener:
            def submission_arrived(self, submission):
                submissions.append((submission.resubmitted, submission.repeated))

        engine = FakeTinker(seed=seed, listener=Listener())
        engine.add_script(script(complete()))
        for _ in range(2):
            Client(engine).submit("optim_step", model_id="m", seq_id=1)
        assert submissions == [(False, False), (False, True)]


def test_rules_count_a_repetition_once():
    engine = FakeTinker(seed=3)
    engine.add_rule(every(2, operation=Operation.OPTIM_STEP).plays(fail()))
    client = Client(engine)
    model = client.model()
    for number in (1, 1, 2):
        request_id = client.submit("optim_step", model_id=model.model_id, seq_id=number)
        if number == 1:
            client.wait(request_id)
    with pytest.raises(Failed):
        client.wait(request_id)


def test_a_forgotten_future_can_be_submitted_again():
    engine = FakeTinker(seed=3)
    client = Client(engine)
    model = client.model()
    first = model.submit("optim_step")
    client.wait(first)
    engine.forget(engine.futures[-1])
    assert client.submit("optim_step", model_id=model.model_id, seq_id=1) != first


def test_each_copy_of_a_sampling_client_that_joins_has_a_number_of_its_own(client):
    joined = [
        client.post("join_sampling_session", sampling_session_id=name)["client_counter"] for name in "aab"
    ]
    assert joined == [1, 2, 1]


def test_each_copy_of_a_sampling_client_gets_the_completions_of_its_own_futures(client):
    sampler = client.sampler(base_model=BASE)
    body = {"sampling_session_id": sampler, "prompt": {"chunks": []}, "sampling_params": {"max_tokens": 1}}
    numbers = (0, 1, 1_000_000_000, 2_000_000_000)
    ids = [client.submit("asample", seq_id=number, **body) for number in numbers]

    def completions(prev_cursor=0, **target):
        target = {"type": "sampling_session", "sampling_session_id": sampler, **target}
        reply = client.post("retrieve_futures", target=target, prev_cursor=prev_cursor)
        return [each["request_id"] for each in reply["completions"]], reply["cursor"]

    assert completions() == (ids, 4)
    assert completions(cloned_sampler_id=0) == (ids[:2], 4)
    assert completions(cloned_sampler_id=1) == (ids[2:3], 4)
    assert completions(cloned_sampler_id=2, prev_cursor=4) == ([], 4)
    client.wait(ids[0])
    assert client.submit("asample", seq_id=3, **body) in completions(4, cloned_sampler_id=0)[0]
