"""What ends: checkpoints on the service's own clock, and sessions that their clients finish."""

import json

import pytest

from fake_server import FakeTinker, ScriptError
from fake_server.script import advance, complete, script, timeout
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


class TestCheckpoints:
    def test_one_whose_time_has_come_is_gone(self, client):
        model = client.model()
        path = model.do("save_weights", path="a", ttl_seconds=3600)["path"]
        kept = model.do("save_weights", path="b")["path"]
        client.engine.advance(3_597)  # each save took a second
        assert len(client.get("checkpoints")["checkpoints"]) == 2
        client.engine.advance(1)
        assert [each["tinker_path"] for each in client.get("checkpoints")["checkpoints"]] == [kept]
        reply = client.ask("weights_info", {"tinker_path": path})
        assert reply.status == 404
        assert "expired at 2025-01-01T01:00:00Z" in json.loads(reply.body)["detail"]
        with pytest.raises(Failed, match="expired at 2025-01-01T01:00:00Z"):
            client.model().do("load_weights", path=path)
        assert model.do("save_weights", path="a")["path"] == path  # the name is free again

    def test_a_sampler_of_it_fails_in_the_sample(self, client):
        path = client.model().do("save_weights_for_sampler", path="a", ttl_seconds=3600)["path"]
        sampler = client.sampler(model_path=path)
        assert client.sample(sampling_session_id=sampler)
        client.engine.advance(3600)
        with pytest.raises(Failed, match="expired at"):
            client.sample(sampling_session_id=sampler)
        assert client.ask("create_sampling_session", {"model_path": path}).status == 404

    def test_a_later_ttl_counts_from_then(self, client):
        model = client.model()
        path = model.do("save_weights", path="a", ttl_seconds=3600)["path"]
        ttl = f"training_runs/{model.model_id}/checkpoints/weights/a/ttl"
        client.engine.advance(3_000)
        assert client.ask(ttl, {"ttl_seconds": 3600}, "PUT").status == 204
        client.engine.advance(3_000)
        assert client.post("weights_info", tinker_path=path)
        client.engine.advance(600)
        assert client.ask("weights_info", {"tinker_path": path}).status == 404
        assert client.ask(ttl, {"ttl_seconds": None}, "PUT").status == 404

    def test_steps_of_scripts_let_time_pass(self, client):
        model = client.model()
        path = model.do("save_weights", path="a", ttl_seconds=3600)["path"]
        client.engine.add_script(script(timeout(), advance(3600), complete()))
        model.do("optim_step")
        assert client.ask("weights_info", {"tinker_path": path}).status == 404

    @pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
    def test_what_is_no_length_of_time_is_refused(self, client, seconds):
        with pytest.raises(ScriptError, match="not a length of time"):
            client.engine.advance(seconds)

    def test_without_a_seed_there_is_nothing_to_expire(self):
        with pytest.raises(ScriptError, match="create the engine with a seed"):
            FakeTinker().advance(1)

    def test_a_thousand_years_are_no_trouble(self, client):
        client.engine.advance(10**300)
        assert client.model().do("save_weights", path="a", ttl_seconds=3600)


class TestSessions:
    def test_what_is_submitted_after_its_end_is_refused_and_what_was_before_is_answered(self, client):
        session = client.session()
        model = client.model(session=session)
        sampler = client.sampler(session, base_model=BASE)
        before = model.submit("optim_step")
        client.post(f"sessions/{session}/finish", reason={"type": "success"})
        prompt = {"chunks": [{"tokens": [1]}]}
        refused = [
            model.refused(
                "forward_backward", forward_backward_input={"data": DATA, "loss_fn": "cross_entropy"}
            ),
            model.refused("save_weights", path="a"),
            client.refused("create_model", session_id=session, model_seq_id=1, base_model=BASE),
            client.refused("load_weights", session_id=session, model_seq_id=2, path="tinker://a/weights/b"),
            client.refused("create_sampling_session", session_id=session, sampling_session_seq_id=1),
            client.refused("asample", sampling_session_id=sampler, seq_id=0, prompt=prompt),
            client.refused("session_heartbeat", session_id=session),
        ]
        assert refused == [(410, f"the session {session!r} is finished; create another")] * 7
        assert client.wait(before) == {"type": "optim_step", "metrics": {}}
        assert client.model().do("optim_step")

    def test_a_script_has_precedence(self, client):
        session = client.session()
        model = client.model(session=session)
        client.post(f"sessions/{session}/finish", reason={"type": "success"})
        client.engine.add_script(script(complete()))
        assert model.do("optim_step")
