"""A training run: losses that fall, weights saved and loaded, and an order that no poll changes."""

import json
import math
import random
import subprocess
import sys
import threading

import pytest

from fake_server import FakeTinker, every
from fake_server.engine.tinker_api import Unscripted
from fake_server.operations import Operation
from fake_server.script import complete, fail, script
from fake_server.service.losses import LOSS_FUNCTIONS
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed, datum


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


def losses(client, steps=10, **more):
    model = client.model()
    return [model.step(*DATA, **more) for _ in range(steps)]


class TestLosses:
    def test_ten_steps_are_finite_and_fall(self, client):
        found = losses(client)
        assert all(map(math.isfinite, found))
        assert found == sorted(found, reverse=True)
        assert found[-1] < 0.7 * found[0]

    def test_a_small_learning_rate_is_seen_too(self, client):
        found = losses(client, learning_rate=1e-4)
        assert found == sorted(found, reverse=True)
        assert len(set(found)) == 10

    def test_a_loss_repeats_from_the_seed_and_no_other(self):
        first, again, other = (losses(Client(FakeTinker(seed=seed)), 3) for seed in (3, 3, 4))
        assert first == again
        assert not set(first) & set(other)

    def test_unscripted_complete_is_the_seed_0(self):
        unscripted = Client(FakeTinker(unscripted=Unscripted.COMPLETE))
        assert losses(unscripted, 2) == losses(Client(FakeTinker(seed=0)), 2)

    def test_it_varies_with_the_base_model(self, client):
        assert client.model("a/b").forward(*DATA)["metrics"] != client.model("c/d").forward(*DATA)["metrics"]

    def test_a_new_model_is_its_base_whatever_its_id(self, client):
        assert client.model().forward(*DATA) == client.model().forward(*DATA)

    def test_it_is_the_weighted_sum_of_the_logprobs(self, client):
        result = client.model().forward(*DATA)
        first, second = (each["logprobs"] for each in result["loss_fn_outputs"])
        assert (first["shape"], second["shape"]) == ([4], [2])
        assert first["dtype"] == "float32"
        wanted = -sum(first["data"][1:]) - second["data"][0] - 0.5 * second["data"][1]
        assert result["metrics"]["loss:sum"] == pytest.approx(wanted)

    def test_a_token_without_weight_is_not_learnt(self, client):
        model = client.model()
        before = model.forward(*DATA)["loss_fn_outputs"]
        for _ in range(5):
            model.step(*DATA)
        after = model.forward(*DATA)["loss_fn_outputs"]
        moved = [
            [b > a for a, b in zip(old["logprobs"]["data"], new["logprobs"]["data"], strict=True)]
            for old, new in zip(before, after, strict=True)
        ]
        assert moved == [[False, True, True, True], [True, True]]
        assert before[0]["logprobs"]["data"][0] == after[0]["logprobs"]["data"][0]

    @pytest.mark.parametrize("loss_fn", LOSS_FUNCTIONS)
    def test_every_loss_function_can_be_trained_on(self, client, loss_fn):
        model = client.model()
        (lp,) = model.forward(datum([5, 6], [6, 7]))["loss_fn_outputs"]
        sampled = lp["logprobs"]["data"]
        data = datum([5, 6], [6, 7], logprobs=sampled, advantages=[1.0, 0.5])
        for _ in range(3):
            assert math.isfinite(model.step(data, loss_fn=loss_fn))
        (after,) = model.forward(datum([5, 6], [6, 7]))["loss_fn_outputs"]
        assert all(new > old for new, old in zip(after["logprobs"]["data"], sampled, strict=True))

    def test_a_forward_pass_teaches_nothing(self, client):
        model = client.model()
        first = model.forward(*DATA)
        model.do("optim_step", adam_params={"learning_rate": 0.01})
        assert model.forward(*DATA) == first

    def test_gradients_add_up_until_the_step(self, client):
        halves, whole = client.model(), client.model()
        for each in DATA:
            halves.client.wait(halves.forward_backward(each))
        whole.client.wait(whole.forward_backward(*DATA))
        for model in (halves, whole):
            model.do("optim_step", adam_params={"learning_rate": 0.01})
        assert halves.forward(*DATA)["metrics"] == pytest.approx(whole.forward(*DATA)["metrics"])


class TestOrder:
    def test_sequence_numbers_order_the_work_whatever_is_polled_first(self):
        def run(polled_backwards: bool) -> list[object]:
            client = Client(FakeTinker(seed=3))
            model = client.model()
            futures = []
            for _ in range(4):
                futures.append(model.forward_backward(*DATA))
                futures.append(model.submit("optim_step", adam_params={"learning_rate": 1e-3}))
            order = reversed(futures) if polled_backwards else iter(futures)
            found = {each: client.wait(each) for each in order}
            return [found[each] for each in futures]

        assert run(polled_backwards=False) == run(polled_backwards=True)

    def test_a_submission_that_overtook_another_waits_for_its_turn(self):
        client = Client(FakeTinker(seed=3))
        model = client.model()
        expected = client.model()
        loss = [expected.step(*DATA) for _ in range(2)][1]
        given = {
            "forward_backward_input": {"loss_fn": "cross_entropy", "data": DATA},
            "model_id": model.model_id,
        }
        late = client.submit("forward_backward", seq_id=3, **given)
        client.submit("optim_step", seq_id=2, model_id=model.model_id, adam_params={"learning_rate": 1e-3})
        client.submit("forward_backward", seq_id=1, **given)
        assert client.wait(late)["metrics"]["loss:sum"] == loss

    def test_no_order_of_threads_changes_a_number(self):
        def run(shuffle: random.Random) -> dict[str, object]:
            engine = FakeTinker(seed=3)
            found: dict[str, object] = {}

            def work(name: str) -> None:
                client = Client(engine)
                session = client.session(display_name=name)
                model = client.model(f"base/{name}", session)
                losses = [model.step(*DATA) for _ in range(3)]
                path = model.do("save_weights_for_sampler", path="last")["path"]
                sampler = client.sampler(session, model_path=path)
                sample = client.sample(max_tokens=4, num_samples=2, sampling_session_id=sampler)
                found[name] = (model.model_id, losses, path, sample)

            threads = [threading.Thread(target=work, args=(f"n{number}",)) for number in range(6)]
            shuffle.shuffle(threads)
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return found

        first = run(random.Random(1))
        assert len(first) == 6
        assert first == run(random.Random(2)) == run(random.Random(3))

    def test_a_script_that_only_fails_has_no_effect(self):
        engine = FakeTinker(seed=3)
        client = Client(engine)
        model = client.model()
        first = model.step(*DATA)
        engine.add_script(script().then(fail()), operation=Operation.OPTIM_STEP)
        failing = model.forward_backward(*DATA)
        with pytest.raises(Failed):
            model.do("optim_step", adam_params={"learning_rate": 1e-3})
        client.wait(failing)
        again = client.model()
        assert first == again.step(*DATA)
        assert model.forward(*DATA) == again.forward(*DATA)

    def test_a_pass_with_a_bad_datum_leaves_no_gradient(self, client):
        model = client.model()
        with pytest.raises(Failed, match="datum 1"):
            client.wait(model.forward_backward(DATA[0], {"loss_fn_inputs": {}}))
        before = model.forward(*DATA)
        model.do("optim_step", adam_params={"learning_rate": 0.1})
        assert model.forward(*DATA) == before


class TestWeights:
    @pytest.mark.parametrize("optimizer", [True, False])
    def test_a_load_into_a_new_model_goes_on_where_the_save_was(self, client, optimizer):
        model = client.model()
        for _ in range(3):
            model.step(*DATA)
        path = model.do("save_weights", path="three")["path"]
        wanted = [model.step(*DATA) for _ in range(3)]
        loaded = client.model()
        loaded.do("load_weights", path=path, optimizer=optimizer)
        found = [loaded.step(*DATA) for _ in range(3)]
        # Without the optimizer's state the weights are the same, and the steps are not.
        assert found[0] == wanted[0]
        assert (found == wanted) is optimizer

    def test_a_load_is_allowed_only_as_the_first_request_of_a_model(self, client):
        path = client.model().do("save_weights", path="a")["path"]
        model = client.model()
        assert model.do("load_weights", path=path)["path"] == path
        for _ in range(2):
            status, words = model.refused("load_weights", path=path)
            assert (status, words) == (400, f"LoadWeights is not permitted with seq_id {model.seq}")

    def test_a_load_that_claims_a_later_number_is_refused_though_nothing_came_before(self, client):
        path = client.model().do("save_weights", path="a")["path"]
        model = client.model()
        model.seq = 7
        assert model.refused("load_weights", path=path) == (400, "LoadWeights is not permitted with seq_id 8")

    def test_without_numbers_a_load_after_another_request_is_refused_as_well(self, client):
        model = client.model()
        path = model.do("save_weights", path="a")["path"]
        refused = client.refused("load_weights", model_id=model.model_id, path=path)
        assert refused == (400, "LoadWeights is not permitted with seq_id 2")

    def test_a_load_into_a_new_model_makes_it_the_old_one(self, client):
        old = client.model()
        old.step(*DATA)
        path = old.do("save_weights", path="a")["path"]
        body = {"session_id": client.session(), "model_seq_id": 0, "path": path, "optimizer": True}
        submitted = client.post("load_weights", **body)
        client.wait(submitted["request_id"])
        new = client.model()
        new.do("load_weights", path=path)
        loaded = client.get(f"training_runs/{submitted['model_id']}")
        assert (loaded["base_model"], loaded["lora_rank"]) == (BASE, 8)
        assert new.forward(*DATA) == old.forward(*DATA)

    def test_a_path_that_was_never_saved_is_a_failure(self, client):
        model = client.model()
        model.do("save_weights", path="step-1")
        with pytest.raises(Failed, match=r"no checkpoint was saved at .*step-2'; did you mean .*step-1'"):
            client.model().do("load_weights", path=f"tinker://{model.model_id}/weights/step-2")
        with pytest.raises(Failed, match="begins with tinker://"):
            client.model().do("load_weights", path="step-1")

    def test_a_samplers_weights_cannot_be_trained_on(self, client):
        model = client.model()
        path = model.do("save_weights_for_sampler", path="a")["path"]
        with pytest.raises(Failed, match="is a sampler checkpoint; load one that save_state made"):
            client.model().do("load_weights", path=path)

    def test_weights_of_another_base_do_not_fit(self, client):
        path = client.model("a/b").do("save_weights", path="a")["path"]
        with pytest.raises(Failed, match="belongs to a/b and the model to c/d"):
            client.model("c/d").do("load_weights", path=path)

    @pytest.mark.parametrize(
        ("path", "folder"),
        [
            ("save_weights", "weights"),
            ("save_weights_for_sampler", "sampler_weights"),
            ("save_weights_external", "external_weights"),
        ],
    )
    def test_a_name_is_taken_from_its_submission_on(self, client, path, folder):
        model = client.model()
        submitted = model.submit(path, path="a")
        words = (
            f"Checkpoint 'a' already exists for model {model.model_id} in {folder}. "
            "Please choose a different name to avoid overwriting."
        )
        assert model.refused(path, path="a") == (409, words)
        client.wait(submitted)
        assert model.refused(path, path="a", overwrite=False) == (409, words)
        assert client.engine.problems == []
        assert client.model().do(path, path="a")["path"].endswith(f"/{folder}/a")

    def test_a_name_is_free_for_another_kind_for_an_overwrite_and_after_a_deletion(self, client):
        model = client.model()
        for path in ("save_weights", "save_weights_for_sampler", "save_weights_external"):
            model.do(path, path="a")
        model.do("save_weights", path="a", overwrite=True)
        client.ask(f"training_runs/{model.model_id}/checkpoints/weights/a", method="DELETE")
        model.do("save_weights", path="a")

    def test_a_save_that_a_script_fails_takes_no_name(self):
        engine = FakeTinker(seed=3)
        engine.add_script(script().then(fail()), operation=Operation.SAVE_STATE)
        client = Client(engine)
        model = client.model()
        with pytest.raises(Failed):
            model.do("save_weights", path="a")
        assert model.do("save_weights", path="a")["path"].endswith("/weights/a")

    @pytest.mark.parametrize("path", ["save_weights", "save_weights_for_sampler", "save_weights_external"])
    @pytest.mark.parametrize("ttl", [300, 0, -1, 3_599, 400_000_000, "soon"])
    def test_a_ttl_out_of_range_is_refused_at_once(self, client, path, ttl):
        status, words = client.model().refused(path, path="a", ttl_seconds=ttl)
        assert status == 400
        assert "give 3600 (one hour)" in words

    def test_a_name_is_one_segment_of_a_path(self, client):
        status, words = client.model().refused("save_weights", path="2025/step-1")
        assert (status, "one path segment" in words) == (400, True)

    def test_a_model_that_was_unloaded_or_never_made_fails(self, client):
        model = client.model()
        assert model.do("unload_model")["model_id"] == model.model_id
        with pytest.raises(Failed, match="was unloaded"):
            model.forward(*DATA)
        with pytest.raises(Failed, match="there is no model 'nobody'; create one first"):
            client.wait(client.submit("optim_step", model_id="nobody"))


class TestWithScripts:
    def test_a_script_wins_and_its_result_is_the_services(self):
        engine = FakeTinker(seed=3)
        engine.add_rule(every(1, operation="forward_backward").plays(fail()))
        engine.add_script(
            script().then(complete(metrics={"loss:sum": 7.0})), operation=Operation.FORWARD_BACKWARD
        )
        client = Client(engine)
        model = client.model()
        result = client.wait(model.forward_backward(*DATA))
        assert result["metrics"] == {"loss:sum": 7.0}
        assert len(result["loss_fn_outputs"][0]["logprobs"]["data"]) == 4
        assert result["loss_fn_outputs"][0]["logprobs"]["data"][0] != -0.5
        with pytest.raises(Failed):
            client.wait(model.forward_backward(*DATA))

    def test_a_script_completes_even_what_the_service_would_refuse(self):
        engine = FakeTinker(seed=3)
        engine.add_script(script().then(complete()), operation=Operation.LOAD_STATE)
        client = Client(engine)
        assert (
            client.model().do("load_weights", path="tinker://x/weights/y")["path"] == "tinker://x/weights/y"
        )
        engine.verify()

    def test_expected_ids_are_given_out(self):
        engine = FakeTinker(seed=3)
        engine.expect_model("my-model")
        engine.expect_sampler("my-sampler")
        client = Client(engine)
        assert client.model().model_id == "my-model"
        assert client.sampler(base_model=BASE) == "my-sampler"

    def test_without_a_seed_the_service_is_not_even_loaded(self):
        code = (
            "import sys; from fake_server import FakeTinker; FakeTinker(); "
            "names = {'fake_server.service.simulated_service', 'fake_server.service.rest_endpoints'}; "
            "assert not names & set(sys.modules); "
            "FakeTinker(seed=0); assert 'fake_server.service.rest_endpoints' in sys.modules"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def test_without_a_seed_nothing_is_remembered(self):
        engine = FakeTinker()
        engine.add_script(script().then(complete()))
        client = Client(engine)
        made = client.model()
        assert made.model_id == "model-1"
        assert json.loads(client.poll(made.forward_backward(*DATA)).body)["metrics"] == {"loss:sum": 3.0}

    def test_a_reset_forgets_all_but_the_seed(self):
        engine = FakeTinker(seed=3)
        engine.add_rule(every(1).plays(fail()))
        client = Client(engine)
        first = client.model().model_id
        engine.reset()
        assert client.model().model_id == first
        assert losses(client, 2) == losses(Client(FakeTinker(seed=3)), 2)


class TestTargets:
    @pytest.mark.parametrize("targets", [[2], [2, 3, 4, 5]])
    def test_there_is_one_for_each_token_of_the_input(self, client, targets):
        with pytest.raises(Failed, match="datum 0: target_tokens has . places and model_input 3 tokens"):
            client.model().forward(datum([1, 2, 3], targets))

    def test_a_place_may_have_several(self, client):
        tokens = {"data": [2, 3, 4, 5], "dtype": "int64", "shape": [2, 2]}
        rows = {**datum([1, 2], []), "loss_fn_inputs": {"target_tokens": tokens}}
        (output,) = client.model().forward(rows)["loss_fn_outputs"]
        assert output["logprobs"]["shape"] == [2, 2]


class TestContext:
    @pytest.mark.parametrize(("length", "limit", "fits"), [(100, 32_668, True), (100, 32_669, False)])
    def test_a_prompt_and_its_completion_fit_into_the_window(self, client, length, limit, fits):
        prompt = {"chunks": [{"tokens": [1] * (length - 40)}, {"type": "image", "expected_tokens": 40}]}
        body = {"prompt": prompt, "sampling_params": {"max_tokens": limit}}
        if fits:
            assert client.submit("asample", **body)
        else:
            words = (
                "Prompt length plus max_tokens exceeds the model's context window: "
                f"{length} prompt tokens + {limit} max_tokens > 32768."
            )
            assert client.refused("asample", **body) == (400, words)

    def test_the_window_is_that_of_the_capabilities(self, client):
        models = client.get("get_server_capabilities")["supported_models"]
        assert {each["max_context_length"] for each in models} == {32_768}


class TestStrict:
    def test_only_announced_base_models_are_taken(self):
        client = Client(FakeTinker(seed=3, strict=True))
        assert client.model().do("optim_step")
        assert client.sampler(base_model=BASE)
        body = {"session_id": client.session(), "base_model": "Qwen/Qwen3-9B"}
        for refused in (
            client.refused("create_model", model_seq_id=0, **body),
            client.refused("create_sampling_session", sampling_session_seq_id=0, **body),
        ):
            assert refused[0] == 400
            assert "'Qwen/Qwen3-9B' is not served here; use one of Qwen/Qwen3-8B" in refused[1]

    def test_otherwise_any_name_is(self, client):
        assert client.model("mine/own").do("optim_step")
