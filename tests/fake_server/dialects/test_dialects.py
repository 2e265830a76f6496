"""The fake server speaks as other servers do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_server import FakeTinker, Reply, Request, TransportFault
from fake_server.core.errors import ScriptError
from fake_server.core.faults import Wire
from fake_server.dialects import Translator, dialect_named, dialect_names
from fake_server.dialects.dialect_files import decode_dialect
from fake_server.httpx_transport import FakeTinkerTransport
from fake_server.script import complete, fail, script, timeout, try_again, wired

JSON = ((b"content-type", b"application/json"), (b"x-api-key", b"tml-k"))
PROTOBUF = "application/x-protobuf"
SAMPLE = {"num_samples": 1, "sampling_session_id": "s", "seq_id": 1}

PENDING: dict[str, tuple[int, object]] = {
    "hatchery": (200, {"type": "try_again", "request_id": "future-1", "queue_state": "paused_capacity"}),
    "miles": (200, {"type": "try_again", "queue_state": "active"}),
    "open-rl": (400, {"type": "RequestFailedResponse", "error_message": "no such future"}),
    "skyrl": (408, {"detail": "the result is not ready"}),
    "tinker-cloud": (408, {"detail": "the operation has not ended"}),
    "tuft": (200, {"type": "try_again", "request_id": "future-1", "queue_state": "active"}),
    "twinkle": (200, {"type": "try_again", "queue_state": "paused_capacity"}),
    "verl": (200, {"type": "try_again", "message": "the result is not ready"}),
}
FAILED: dict[str, tuple[int, object]] = {
    "hatchery": (200, {"type": "request_failed", "error": "broken", "category": "user_error"}),
    "miles": (200, {"error": "broken", "category": "server"}),
    "open-rl": (400, {"type": "RequestFailedResponse", "error_message": "broken"}),
    "skyrl": (400, {"detail": "broken"}),
    "tinker-cloud": (400, {"detail": "broken"}),
    "tuft": (422, {"detail": "broken"}),
    "twinkle": (200, {"error": "broken", "category": "Server"}),
    "verl": (200, {"error": "broken", "category": "Application"}),
}


def ask(engine: FakeTinker, path: str, body: object, method: str = "POST", **headers: str) -> Reply:
    lines = (*JSON, *((name.encode(), value.encode()) for name, value in headers.items()))
    answer = engine.handle(Request(method, f"/api/v1/{path}", "", lines, json.dumps(body).encode()))
    assert isinstance(answer, Reply), answer
    return answer


def status_and_body(reply: Reply) -> tuple[int, Any]:
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize("name", dialect_names())
@pytest.mark.parametrize("step", [timeout, try_again])
def test_a_pending_and_a_failed_future_have_the_form_of_the_dialect(name: str, step: Any) -> None:
    engine = FakeTinker(dialect=name)
    engine.add_script(script().then(step(queue_state="paused_capacity"), fail("server", "broken")))
    submitted = json.loads(ask(engine, "asample", SAMPLE).body)
    poll = {"request_id": submitted["request_id"]}
    assert status_and_body(ask(engine, "retrieve_future", poll)) == PENDING[name]
    assert status_and_body(ask(engine, "retrieve_future", poll)) == FAILED[name]
    journal = [(each.status, each.path) for each in engine.journal.exchanges()][1:]
    assert journal == [(status, "/api/v1/retrieve_future") for status, _ in (PENDING[name], FAILED[name])]
    engine.verify()


def test_a_result_is_the_official_one() -> None:
    replies = {}
    for name in (None, *dialect_names()):
        engine = FakeTinker(dialect=name)
        engine.add_script(script().then(complete()))
        submitted = json.loads(ask(engine, "asample", SAMPLE).body)
        replies[name] = status_and_body(
            ask(engine, "retrieve_future", {"request_id": submitted["request_id"]})
        )
    assert all(reply == replies[None] for reply in replies.values())


@pytest.mark.parametrize(("name", "status"), [(None, 404), ("skyrl", 404), ("open-rl", 400)])
def test_an_unknown_future_has_the_status_of_the_dialect(name: str | None, status: int) -> None:
    assert ask(FakeTinker(dialect=name), "retrieve_future", {"request_id": "x"}).status == status


def test_a_server_offers_what_it_has() -> None:
    def statuses(name: str | None, *endpoints: str) -> list[int]:
        engine = FakeTinker(seed=7, dialect=name)
        return [ask(engine, path, {}, method).status for method, path in (e.split() for e in endpoints)]

    asked = ("GET sessions", "POST client/config", "GET healthz", "GET training_runs")
    assert statuses(None, *asked) == [200, 200, 200, 200]
    assert statuses("skyrl", *asked) == [404, 200, 200, 200]
    assert statuses("twinkle", *asked) == [404, 404, 200, 200]
    assert statuses("open-rl", *asked) == [404, 200, 200, 404]
    # The method counts, and so does the number of parts.
    assert statuses("skyrl", "POST healthz", "GET healthz/x", "GET xhealthz") == [404, 404, 404]


def test_what_a_sampling_client_of_0_38_asks_is_missing_where_the_page_says_so() -> None:
    def status(name: str) -> int:
        engine = FakeTinker(seed=7, dialect=name)
        session = json.loads(ask(engine, "create_session", {"tags": [], "sdk_version": "1"}).body)
        body = {**session, "sampling_session_seq_id": 0, "base_model": "Qwen/Qwen3-8B"}
        sampler = json.loads(ask(engine, "create_sampling_session", body).body)["sampling_session_id"]
        return ask(engine, f"samplers/{sampler}", {}, "GET").status

    missing = [name for name in dialect_names() if status(name) == 404]
    assert missing == ["hatchery", "miles", "open-rl", "twinkle"]
    page = (Path(__file__).parents[3] / "docs" / "reference" / "dialects.md").read_text(encoding="utf-8")
    assert f"no such endpoint: {', '.join(f'`{name}`' for name in missing)}." in page


def test_statuses_sequence_ids_and_the_key() -> None:
    tuft = FakeTinker(seed=7, dialect="tuft")
    assert ask(tuft, "create_session", {"tags": [], "sdk_version": "1"}).status == 201
    keyless = Request("POST", "/api/v1/create_session", "", JSON[:1], b"{}")
    refused = tuft.handle(keyless)
    assert isinstance(refused, Reply)
    assert refused.status == 401
    engine = FakeTinker(dialect="tuft")
    engine.add_script(script().then(complete()))
    submitted = ask(engine, "asample", SAMPLE)
    assert submitted.status == 202
    assert set(json.loads(submitted.body)) == {"request_id"}
    deleted = ask(FakeTinker(seed=7, dialect="skyrl"), "training_runs/r/checkpoints/weights/c", {}, "DELETE")
    assert deleted.status in {204, 400, 404}


@pytest.mark.parametrize(("name", "kind"), [("skyrl", PROTOBUF), ("twinkle", "application/json")])
def test_results_in_protobuf_only_where_the_server_has_it(name: str, kind: str) -> None:
    engine = FakeTinker(dialect=name)
    engine.add_script(script().then(complete()))
    submitted = json.loads(ask(engine, "asample", SAMPLE).body)
    reply = ask(engine, "retrieve_future", {"request_id": submitted["request_id"]}, accept=PROTOBUF)
    assert dict(reply.headers)[b"content-type"].decode().startswith(kind)


@pytest.mark.parametrize(("name", "status"), [("twinkle", 422), ("hatchery", 500)])
def test_requests_in_protobuf_are_refused_where_the_server_cannot_read_them(name: str, status: int) -> None:
    lines = ((b"content-type", PROTOBUF.encode()), (b"x-api-key", b"tml-k"))
    answer = FakeTinker(dialect=name).handle(
        Request("POST", "/api/v1/forward_backward", "", lines, b"\x0a\x00")
    )
    assert isinstance(answer, Reply)
    assert answer.status == status


def test_long_polls_are_late_only_if_asked_for() -> None:
    pending = Reply(408, JSON[:1], b"{}")
    poll = Request("POST", "/api/v1/retrieve_future", "", JSON, b'{"request_id":"f"}')
    for name in dialect_names():
        seconds = dialect_named(name).pending.seconds  # type: ignore[union-attr] # each has one
        late = Translator(dialect_named(name), long_polls=True).translated_reply(poll, pending)
        assert (late.kind == Wire(delay=seconds)) if isinstance(late, TransportFault) else seconds == 0
        assert isinstance(Translator(dialect_named(name)).translated_reply(poll, pending), Reply)
    with pytest.raises(ScriptError, match="give one with dialect="):
        FakeTinker(long_polls=True)


def test_a_fault_keeps_its_kind_and_carries_the_translated_reply() -> None:
    engine = FakeTinker(dialect="skyrl")
    engine.add_script(script().then(wired(timeout(queue_state="paused_capacity"), chunked="whole")))
    with httpx.Client(transport=FakeTinkerTransport(engine), base_url="http://tinker.test") as client:
        submitted = client.post("/api/v1/asample", json=SAMPLE).json()
        reply = client.post("/api/v1/retrieve_future", json={"request_id": submitted["request_id"]})
    assert (reply.status_code, reply.json()) == PENDING["skyrl"]


def test_the_program_speaks_a_dialect_and_refuses_an_unknown_one() -> None:
    command = [sys.executable, "-m", "fake_server", "--exit-with-stdin", "--seed", "7", "--dialect"]
    with subprocess.Popen([*command, "skyrl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        url = json.loads(program.stdout.readline())["url"]
        assert httpx.get(f"{url}/api/v1/sessions", trust_env=False).json() == {"detail": "Not Found"}
        assert program.stdin is not None
        program.stdin.close()
        assert program.wait(timeout=30) == 0
    refused = subprocess.run(
        [*command, "skyrll"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert refused.returncode == 2
    assert "there is no dialect 'skyrll'; did you mean 'skyrl'?" in refused.stderr


def test_a_fixture_speaks_a_dialect(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import httpx, pytest
        from tinker_conformance.downstream import FakeTinkerOptions

        @pytest.fixture
        def fake_tinker_options():
            return FakeTinkerOptions(dialect="skyrl", unscripted_complete=True)

        def test_sessions(fake_tinker):
            assert httpx.get(f"{fake_tinker.url}/api/v1/sessions").status_code == 404
            assert httpx.get(f"{fake_tinker.url}/api/v1/training_runs").status_code == 200
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


VALID = """
server = "a server"
seen = "2026"
how = "read"
[pending]
status = 408
body = { detail = "{request_id}" }
seconds = 5
source = "a file"
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("status = 408", "status = 4080"), "[pending] status is 4080"),
        (("seconds = 5", "seconds = -1"), "[pending] seconds is -1"),
        (("{request_id}", "{request}"), "[pending] body has {request}; use one of {category}, {error}"),
        (("seconds", "minutes"), "unknown field `minutes`"),
        (('source = "a file"', ""), "missing required field `source`"),
        (('how = "read"', "how = 3"), "Expected `str`, got `int`"),
        (("[pending]", "[pending"), "line 5"),
        (
            (
                'source = "a file"',
                'source = "a"\n[failed]\nstatus=400\nbody={}\nsource="a"\ncategories={x="y"}',
            ),
            "[failed] categories has 'x'",
        ),
        (
            ('source = "a file"', 'source = "a"\n[endpoints]\noffered=["sessions"]\nsource="a"'),
            "'sessions' is not an endpoint",
        ),
        (
            ('source = "a file"', 'source = "a"\n[busy]\nsamples=0\nstatus=429\nsource="a"'),
            "[busy] samples is 0",
        ),
        (
            ('source = "a file"', 'source = "a"\n[conflicts]\ntaken_name=4090\nsource="a"'),
            "[conflicts] taken_name is 4090",
        ),
        (
            (
                'source = "a file"',
                'source = "a"\n[submission.statuses]\n"POST x"=20\n[submission]\nsource="a"',
            ),
            "[submission] POST x is 20",
        ),
    ],
)
def test_a_file_is_checked_strictly(change: tuple[str, str], words: str) -> None:
    decode_dialect("mine", VALID)
    with pytest.raises(ScriptError, match=re.escape(words)) as caught:
        decode_dialect("mine", VALID.replace(*change))
    assert str(caught.value).startswith("dialect mine: ")


def test_every_dialect_names_its_sources_and_no_path_of_this_machine() -> None:
    for name in dialect_names():
        dialect = dialect_named(name)
        tables = (dialect.pending, dialect.failed, dialect.submission, dialect.endpoints, dialect.key)
        assert all(len(table.source) > 10 for table in tables if table is not None)
        assert os.sep + "work" not in str(dialect)


def made(engine: FakeTinker) -> str:
    """The id of a model."""
    session = json.loads(ask(engine, "create_session", {"sdk_version": "0.38.0"}).body)["session_id"]
    model = {"base_model": "Qwen/Qwen3-8B", "lora_config": {"rank": 8}}
    body = {"session_id": session, "model_seq_id": 0, **model}
    return str(json.loads(ask(engine, "create_model", body).body)["model_id"])


def save(model: str, number: int, name: str) -> dict[str, object]:
    return {"model_id": model, "seq_id": number, "path": name}


def test_a_used_number_and_a_taken_name_are_conflicts_and_the_same_request_is_not() -> None:
    engine = FakeTinker(seed=7, dialect="skyrl")
    model = made(engine)
    first = ask(engine, "save_weights", save(model, 1, "a"))
    assert status_and_body(ask(engine, "save_weights", save(model, 1, "a"))) == status_and_body(first)
    other = ask(engine, "save_weights", save(model, 1, "b"))
    assert status_and_body(other) == (409, {"detail": "the sequence number was used by another request"})
    taken = ask(engine, "save_weights", save(model, 2, "a"))
    assert status_and_body(taken) == (409, {"detail": "a checkpoint of that name exists"})
    assert ask(engine, "save_weights", save(model, 2, "b")).status == 200
    assert ask(FakeTinker(seed=7), "save_weights", save("m", 1, "b")).status == 200


def test_a_deleted_name_is_free_again() -> None:
    engine = FakeTinker(seed=7, dialect="skyrl")
    model = made(engine)
    future = json.loads(ask(engine, "save_weights", save(model, 1, "a")).body)["request_id"]
    path = json.loads(ask(engine, "retrieve_future", {"request_id": future}).body)["path"]
    run, _, checkpoint = path.removeprefix("tinker://").partition("/")
    assert ask(engine, f"training_runs/{run}/checkpoints/{checkpoint}", {}, "DELETE").status == 204
    assert ask(engine, "save_weights", save(model, 2, "a")).status == 200


def test_a_checkpoint_whose_save_has_not_ended_is_too_early() -> None:
    engine = FakeTinker(seed=7, dialect="skyrl")
    model = made(engine)
    future = json.loads(ask(engine, "save_weights", save(model, 1, "a")).body)["request_id"]
    path = f"tinker://{model}/weights/a"
    load = {"model_id": model, "seq_id": 2, "path": path}
    early = ask(engine, "load_weights", load)
    assert status_and_body(early) == (425, {"detail": "the checkpoint is still being written"})
    ask(engine, "retrieve_future", {"request_id": future})
    assert ask(engine, "load_weights", load).status != 425


def test_too_many_samples_are_refused_with_retry_after_until_one_was_fetched() -> None:
    engine = FakeTinker(seed=7, dialect="miles")
    sample = {"num_samples": 1, "sampling_session_id": "s", "prompt": {"chunks": []}}
    futures = [json.loads(ask(engine, "asample", {**sample, "seq_id": n}).body) for n in range(64)]
    refused = ask(engine, "asample", {**sample, "seq_id": 64})
    assert status_and_body(refused) == (429, {"detail": "64 samples are in flight"})
    assert dict(refused.headers)[b"retry-after"] == b"1"
    ask(engine, "retrieve_future", {"request_id": futures[0]["request_id"]})
    assert ask(engine, "asample", {**sample, "seq_id": 64}).status == 200
