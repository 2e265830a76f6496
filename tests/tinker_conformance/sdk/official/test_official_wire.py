"""The newest SDK, on a real socket, decodes what the fake server encodes, in every form that it asks for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from fake_server import FakeTinker
from fake_server.core.http_messages import Reply, Request
from fake_server.engine.request_decoding import decode_request
from fake_server.engine.tinker_api import Unscripted
from fake_server.http.http_server import FakeTinkerServer
from tinker_conformance.sdk.official.environments import LeanEnvironment, lean_environment

PROGRAM = Path(__file__).with_name("wire_program.py")


@pytest.fixture(scope="module")
def newest() -> LeanEnvironment:
    return lean_environment("0.38.0")


def _run(environment: LeanEnvironment, config: Mapping[str, object]) -> tuple[dict[str, object], FakeTinker]:
    engine = FakeTinker(client_config=config, unscripted=Unscripted.COMPLETE)
    with FakeTinkerServer(engine) as server:
        done = subprocess.run(
            [str(environment.python), str(PROGRAM), server.url],
            env=environment.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), engine


def _requests(engine: FakeTinker, path: str) -> list[Request]:
    return [
        Request(exchange.method, exchange.path, headers=exchange.headers, body=exchange.body)
        for exchange in engine.journal.exchanges()
        if exchange.path == f"/api/v1/{path}"
    ]


def _as_json(engine: FakeTinker, path: str, request: Request) -> dict[str, object]:
    """What the fake server answers in JSON to the same request, decoded, of a newly created model."""
    again = FakeTinker(seed=engine.seed)
    body = dict(decode_request(request))
    for setup in ("create_session", "create_sampling_session", "create_model"):
        for each in _requests(engine, setup):
            again.handle(each)
    headers = ((b"content-type", b"application/json"),)
    submitted = again.handle(
        Request("POST", f"/api/v1/{path}", headers=headers, body=json.dumps(body).encode())
    )
    assert isinstance(submitted, Reply)
    polled = again.handle(Request("POST", "/api/v1/retrieve_future", body=submitted.body))
    assert isinstance(polled, Reply)
    return json.loads(polled.body)


def _check_training(engine: FakeTinker, got: dict[str, object]) -> None:
    (submitted,) = _requests(engine, "forward_backward")
    assert submitted.header("content-type") == "application/x-protobuf"
    expected = _as_json(engine, "forward_backward", submitted)
    assert got["metrics"] == pytest.approx(expected["metrics"])
    assert got["logprobs"] == pytest.approx(expected["loss_fn_outputs"][0]["logprobs"]["data"])


def test_protobuf_results_are_decoded_to_the_numbers_of_the_json_form(newest: LeanEnvironment) -> None:
    got, engine = _run(newest, {})
    (submitted,) = _requests(engine, "asample")
    expected = _as_json(engine, "asample", submitted)["sequences"]
    assert len(expected) == 2
    for (tokens, logprobs, stop_reason), sequence in zip(got["sequences"], expected, strict=True):
        assert tokens == sequence["tokens"]
        assert logprobs == pytest.approx(sequence["logprobs"])
        assert stop_reason == sequence["stop_reason"]
    polls = _requests(engine, "retrieve_future")
    assert any("application/x-protobuf" in (poll.header("accept") or "") for poll in polls)
    _check_training(engine, got)


def test_a_compressed_request_is_read(newest: LeanEnvironment) -> None:
    got, engine = _run(newest, {"proto_compress_fwdbwd": True})
    (submitted,) = _requests(engine, "forward_backward")
    assert submitted.header("content-encoding") == "zstd"
    _check_training(engine, got)


def test_samples_come_by_retrieve_futures_where_the_server_says_so(newest: LeanEnvironment) -> None:
    got, engine = _run(newest, {"sample_use_retrieve_futures": True})
    assert len(got["sequences"]) == 2
    assert _requests(engine, "retrieve_futures")
