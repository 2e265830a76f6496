"""The endpoints that answer at once, from the memory of the service."""

import base64
import gzip
import io
import json
import tarfile

import pytest

from fake_server import FakeTinker
from fake_server.operations import Operation
from fake_server.script import complete, script, timeout
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


def status(client, path, method="GET", body=None):
    return client.ask(path, body, method).status


@pytest.fixture
def saved(client):
    """A model with one checkpoint of each kind."""
    model = client.model()
    model.step(*DATA)
    for path in ("save_weights", "save_weights_for_sampler", "save_weights_external"):
        model.do(path, path="a", ttl_seconds=7200, user_metadata={"k": "v"})
    return model


class TestSessions:
    def test_equal_sessions_differ_and_repeat_from_the_seed(self, client):
        ids = [client.session() for _ in range(3)]
        other = Client(FakeTinker(seed=3))
        assert ids == [other.session() for _ in range(3)]
        assert len({*ids, Client(FakeTinker(seed=4)).session()}) == 4

    def test_a_session_knows_what_it_made(self, client):
        session = client.session(display_name="mine")
        model = client.model(session=session)
        body = {"session_id": session, "sampling_session_seq_id": 0, "base_model": BASE}
        sampler = client.post("create_sampling_session", **body)["sampling_session_id"]
        found = client.get(f"sessions/{session}")
        assert (found["training_run_ids"], found["sampler_ids"]) == ([model.model_id], [sampler])
        assert (model.model_id, sampler) == (f"{session}:train:0", f"{session}:sample:0")
        assert found["display_name"] == "mine"
        assert client.get("sessions")["sessions"] == [session]

    def test_a_heartbeat_is_for_a_session_that_lives(self, client):
        session = client.session()
        client.post("session_heartbeat", session_id=session)
        assert status(client, "session_heartbeat", "POST", {"session_id": "nobody"}) == 404
        client.post(f"sessions/{session}/finish", reason={"type": "success"}, detail=None)
        assert status(client, "session_heartbeat", "POST", {"session_id": session}) == 410

    def test_the_first_finish_counts_and_a_search_shows_it(self, client):
        session = client.session()
        client.session(display_name="other")
        for reason in ("success", "errored"):
            client.post(f"sessions/{session}/finish", reason={"type": reason}, detail=None)
        (found,) = client.post("sessions/search", session_id=session, limit=5)["sessions"]
        assert found["status"]["reason"] == {"type": "success"}
        (found,) = client.post("sessions/search", display_name="other", limit=5)["sessions"]
        assert found["status"] == {"type": "active"}

    def test_a_session_is_put_into_a_project(self, client):
        session = client.session()
        assert status(client, f"sessions/{session}/project", "PUT", {"project_id": "p"}) == 200
        (found,) = client.post("sessions/search", session_id=session)["sessions"]
        assert found["project_id"] == "p"
        assert client.get(f"sessions/{session}/trace_export")["status"] == "ready"


class TestRunsAndCheckpoints:
    def test_a_run_shows_what_it_was_made_with_and_its_last_checkpoints(self, client, saved):
        run = client.get(f"training_runs/{saved.model_id}")
        assert (run["base_model"], run["lora_rank"], run["is_lora"]) == (BASE, 8, True)
        assert run["last_checkpoint"]["checkpoint_id"] == "weights/a"
        assert run["last_sampler_checkpoint"]["checkpoint_id"] == "sampler_weights/a"
        info = client.post("get_info", model_id=saved.model_id)
        assert (info["model_data"]["tokenizer_id"], info["lora_rank"]) == (BASE, 8)

    @pytest.mark.parametrize("path", ["training_runs", "models"])
    def test_checkpoints_are_listed_in_the_order_they_were_saved(self, client, saved, path):
        found = client.get(f"{path}/{saved.model_id}/checkpoints")["checkpoints"]
        assert [each["checkpoint_type"] for each in found] == ["training", "sampler", "external"]
        assert [each["time"] for each in found] == [f"2025-01-01T00:00:0{number}Z" for number in range(3)]
        assert found[0]["expires_at"] == "2025-01-01T02:00:00Z"
        assert found[0]["user_metadata"] == {"k": "v"}
        assert found[0]["tinker_path"] == f"tinker://{saved.model_id}/weights/a"
        assert found[0]["size_bytes"] > 8_000_000

    def test_lists_come_in_pages(self, client):
        models = [client.model().model_id for _ in range(5)]
        page = client.get("training_runs?limit=2&offset=1")
        assert [each["training_run_id"] for each in page["training_runs"]] == [models[3], models[2]]
        assert page["cursor"] == {"offset": 1, "limit": 2, "total_count": 5}
        assert len(client.get("training_runs")["training_runs"]) == 5
        assert client.get("sessions?limit=1&offset=9")["sessions"] == []
        for wrong in ("limit=-1", "offset=x", "limit=%E2%91%A0"):
            assert status(client, f"training_runs?{wrong}") == 400

    def test_the_users_checkpoints_are_those_of_all_runs_the_newest_first(self, client, saved):
        other = client.model()
        other.do("save_weights", path="b")
        found = client.get("checkpoints?limit=100&offset=0")
        assert [each["checkpoint_id"] for each in found["checkpoints"]] == [
            "weights/b", "external_weights/a", "sampler_weights/a", "weights/a",
        ]  # fmt: skip
        assert found["cursor"]["total_count"] == 4

    def test_a_checkpoint_is_published_unpublished_and_deleted(self, client, saved):
        path = f"training_runs/{saved.model_id}/checkpoints/weights/a"

        def public():
            return client.get(f"training_runs/{saved.model_id}/checkpoints")["checkpoints"][0]["public"]

        assert (status(client, f"{path}/publish", "POST"), public()) == (204, True)
        assert status(client, f"{path}/publish", "POST") == 409
        assert (status(client, f"{path}/publish", "DELETE"), public()) == (204, False)
        assert status(client, path, "DELETE") == 204
        assert status(client, path, "DELETE") == 404
        with pytest.raises(Failed, match="no checkpoint was saved"):
            client.model().do("load_weights", path=f"tinker://{saved.model_id}/weights/a")

    def test_a_ttl_is_set_and_removed(self, client, saved):
        path = f"training_runs/{saved.model_id}/checkpoints/weights/a/ttl"

        def expires():
            return client.get(f"training_runs/{saved.model_id}/checkpoints")["checkpoints"][0]["expires_at"]

        assert status(client, path, "PUT", {"ttl_seconds": 86_400}) == 204
        assert expires() == "2025-01-02T00:00:03Z"  # from now on, which is three checkpoints later
        assert status(client, path, "PUT", {"ttl_seconds": None}) == 204
        assert expires() is None
        for wrong in (60, 10**12, "soon"):
            assert status(client, path, "PUT", {"ttl_seconds": wrong}) == 400

    def test_weights_info_is_of_what_was_saved(self, client, saved):
        info = client.post("weights_info", tinker_path=f"tinker://{saved.model_id}/weights/a")
        assert (info["base_model"], info["lora_rank"]) == (BASE, 8)
        assert status(client, "weights_info", "POST", {"tinker_path": "tinker://x/weights/y"}) == 404

    def test_an_archive_is_redirected_to_and_downloaded(self, client, saved):
        reply = client.ask(f"training_runs/{saved.model_id}/checkpoints/weights/a/archive", method="GET")
        headers = dict(reply.headers)
        assert reply.status == 302
        assert headers[b"expires"].endswith(b"GMT")
        place = headers[b"location"].decode()
        assert place.startswith("http://t/api/v1/")
        archive = client.ask(place.removeprefix("http://t/api/v1/"), method="GET")
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.body))) as tar:
            assert tar.getnames() == ["adapter_config.json", "adapter_model.safetensors"]
            config = tar.extractfile("adapter_config.json")
            assert config is not None
            assert json.loads(config.read())["base_model_name_or_path"] == BASE
        assert archive.body == client.ask(place.removeprefix("http://t/api/v1/"), method="GET").body

    def test_external_weights_have_a_url_for_each_file(self, client, saved):
        path = f"training_runs/{saved.model_id}/checkpoints/external_weights/a/external_weights_urls"
        urls = client.get(path)["urls"]
        assert set(urls) == {"adapter_config.json", "adapter_model.safetensors"}
        for url in urls.values():
            assert status(client, url.removeprefix("http://t/api/v1/")) == 200
        assert status(client, f"{urls['adapter_config.json'].removeprefix('http://t/api/v1/')}x") == 404

    def test_a_copy_is_sampled_as_its_original(self, client, saved):
        source = f"tinker://{saved.model_id}/sampler_weights/a"
        copy = client.post("copy_weights", source_path=source)["tinker_path"]
        assert copy != source
        results = [client.sample(temperature=0, max_tokens=4, model_path=path) for path in (source, copy)]
        assert results[0] == results[1]

    def test_the_capabilities_have_the_models_that_were_made(self, client):
        client.model("mine/own")
        names = [each["model_name"] for each in client.get("get_server_capabilities")["supported_models"]]
        assert {BASE, "mine/own"} <= set(names)

    def test_the_first_releases_may_sample_at_once(self, client):
        body = {
            "prompt": {"chunks": [{"tokens": [1, 2]}]},
            "sampling_params": {"temperature": 0, "max_tokens": 3},
        }
        assert client.post("sample", **body) == client.sample([1, 2], temperature=0, max_tokens=3)

    def test_a_token_says_who_the_fake_user_is(self, client):
        _, claims, _ = client.post("auth/token")["jwt"].split(".")
        found = json.loads(base64.urlsafe_b64decode(claims + "=="))
        assert (found["sub"], found["org_id"]) == ("tml:user:user-1", "org-1")
        assert found["exp"] > 4e9

    def test_usage_counts_checkpoints(self, client, saved):
        (usage,) = client.get("billing/usage/checkpoints/current")["data"]
        assert usage["checkpoint_count"] == 3
        assert client.get("billing/usage/checkpoints/current?project_id=other")["data"] == []
        window = "starting_on=2025-01-01T00:00:00Z&ending_before=2025-01-{}T00:00:00Z"
        assert client.get(f"billing/usage/events?{window.format('15')}")["data"] == []
        for wrong in (window.format("16"), window.format("01"), "starting_on=2025-01-01", "starting_on=x"):
            assert status(client, f"billing/usage/events?{wrong}") == 400
        assert client.get("audit?event_type=x")["entries"] == []

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "sessions/nobody"), ("GET", "samplers/nobody"), ("GET", "training_runs/nobody"),
            ("GET", "training_runs/nobody/checkpoints"), ("POST", "get_info"),
            ("DELETE", "training_runs/nobody/checkpoints/weights/a"), ("POST", "sessions/nobody/finish"),
            ("GET", "training_runs/nobody/checkpoints/weights/a/archive"),
            ("PUT", "training_runs/nobody/checkpoints/weights/a/ttl"), ("GET", "archives/a/weights/b"),
        ],
    )  # fmt: skip
    def test_a_missing_object_is_a_404_with_its_fix_and_no_problem(self, client, method, path):
        reply = client.ask(path, {} if method != "GET" else None, method)
        assert reply.status == 404
        assert "; " in json.loads(reply.body)["detail"]
        assert client.engine.problems == []

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("DELETE", "checkpoints/a"), ("DELETE", "checkpoints/kind/a"), ("POST", "checkpoints/a/publish"),
            ("PUT", "checkpoints/kind/a/ttl"), ("GET", "checkpoints/kind/a/archive"),
        ],
    )  # fmt: skip
    def test_an_identifier_that_is_none_is_a_400_in_the_services_words(self, client, saved, method, path):
        reply = client.ask(f"training_runs/{saved.model_id}/{path}", {"ttl_seconds": 7200}, method)
        assert reply.status == 400
        assert json.loads(reply.body)["detail"].startswith("Invalid checkpoint identifier. Expected format")

    @pytest.mark.parametrize(
        "path", ["", "weights/a", "tinker://a/weights", "tinker://a/kind/b", "tinker://a/b/c/d"]
    )
    def test_a_path_that_is_none_is_a_400(self, client, path):
        assert status(client, "weights_info", "POST", {"tinker_path": path}) == 400
        assert status(client, "copy_weights", "POST", {"source_path": path}) == 400
        whole = {"source_path": "tinker://nobody/weights/a"}
        assert status(client, "copy_weights", "POST", whole) == 404

    @pytest.mark.parametrize(
        ("method", "path"), [("PATCH", "sessions/a"), ("GET", "sesions"), ("POST", "nothing")]
    )
    def test_what_nobody_asks_stays_a_problem(self, client, method, path):
        assert status(client, path, method) == 404
        assert [problem.kind for problem in client.engine.problems] == ["unexpected_request"]


class TestTelemetryAndCancellation:
    def test_telemetry_is_kept_with_its_session(self, client):
        for number in range(2):
            body = {"session_id": "s", "events": [{"event": "GENERIC_EVENT", "number": number}]}
            assert client.post("telemetry", **body) == {"status": "accepted"}
        assert [(each["session_id"], each["number"]) for each in client.engine.telemetry] == [
            ("s", 0),
            ("s", 1),
        ]
        client.engine.reset()
        assert client.engine.telemetry == ()

    @pytest.mark.parametrize("events", [None, 3, [None, "x"]])
    def test_strange_telemetry_is_taken_and_not_kept(self, client, events):
        assert client.post("telemetry", events=events) == {"status": "accepted"}
        assert client.engine.telemetry == ()

    def test_a_cancelled_future_fails_whatever_its_script_had(self, client):
        client.engine.add_script(
            script().then(timeout()).times(5).then(complete()), operation=Operation.SAMPLE
        )
        request_id = client.submit("asample", num_samples=1)
        assert client.poll(request_id).status == 408
        client.post("cancel_future", request_id=request_id)
        for _ in range(2):
            with pytest.raises(Failed, match="was cancelled"):
                client.wait(request_id)
        client.engine.verify()

    @pytest.mark.parametrize("request_id", [None, 3, "nobody"])
    def test_cancelling_what_is_not_there_is_nothing(self, client, request_id):
        assert client.post("cancel_future", request_id=request_id) == {}
