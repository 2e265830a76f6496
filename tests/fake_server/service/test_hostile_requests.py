"""Whatever a client sends: an answer, no fault of the server's own, and bodies that are JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_server import FakeTinker, Reply, Request
from fake_server.operations import API_PREFIX, SUBMISSION_PATHS
from fake_server.service.losses import LOSS_FUNCTIONS
from tests.fake_server.service.service_client import DATA, Client

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 2**63, "tinker://", "tinker://m/weights/a", "s", "m", ""])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "adam_params",
    "base_model",
    "display_name",
    "events",
    "forward_backward_input",
    "forward_input",
    "limit",
    "lora_config",
    "model_id",
    "model_path",
    "model_seq_id",
    "num_samples",
    "optimizer",
    "overwrite",
    "path",
    "project_id",
    "prompt",
    "prompt_alt_tokens_k",
    "prompt_logprobs",
    "prompt_logprobs_last_n",
    "reason",
    "request_id",
    "sampling_params",
    "sampling_session_id",
    "sampling_session_seq_id",
    "seq_id",
    "session_id",
    "source_path",
    "tags",
    "target",
    "target_prompt_logprobs",
    "tinker_path",
    "topk_prompt_logprobs",
    "topk_sample_logprobs",
    "ttl_seconds",
    "user_metadata",
]
POSTED = (
    *(path.removeprefix(API_PREFIX) for path in SUBMISSION_PATHS),
    *[
        "auth/token",
        "cancel_future",
        "client/config",
        "copy_weights",
        "create_custom_loss",
        "create_sampling_session",
        "create_session",
        "get_info",
        "join_sampling_session",
        "retrieve_futures",
        "sample",
        "session_heartbeat",
        "sessions/search",
        "telemetry",
        "weights_info",
    ],
)
PARTS = [
    "%2F",
    "%FF",
    "..",
    "a",
    "archive",
    "archives",
    "checkpoints",
    "external_weights_urls",
    "finish",
    "m",
    "models",
    "project",
    "publish",
    "samplers",
    "search",
    "sessions",
    "training_runs",
    "ttl",
    "weights",
]
NUMBERS = st.integers() | st.floats(allow_nan=False) | values
TENSORS = st.fixed_dictionaries(
    {"data": st.lists(NUMBERS, max_size=3)},
    optional={
        "shape": st.lists(values, max_size=2),
        "sparse_crow_indices": values,
        "sparse_col_indices": values,
    },
)
CHUNKS = st.fixed_dictionaries({"chunks": st.lists(st.fixed_dictionaries({"tokens": values}), max_size=2)})
DATUMS = st.fixed_dictionaries(
    {},
    optional={
        "model_input": values | CHUNKS,
        "loss_fn_inputs": st.dictionaries(
            st.sampled_from(["target_tokens", "weights", "logprobs", "advantages"]), TENSORS
        ),
    },
)


@pytest.fixture(autouse=True, scope="module")
def fewer_tokens():
    """What a request may have sampled is bounded lower here, to keep the examples short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fake_server.service.sampling.MAX_SAMPLED", 2_000)
        yield


def answered(engine: FakeTinker, method: str, path: str, body: object) -> Reply:
    place, _, query = path.partition("?")
    answer = engine.handle(Request(method, f"{API_PREFIX}{place}", query, (), json.dumps(body).encode()))
    assert isinstance(answer, Reply)
    assert [problem for problem in engine.problems if problem.kind == "internal"] == []
    return answer


@settings(max_examples=150)
@given(st.sampled_from(POSTED), st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
def test_strange_bodies(path, body):
    engine = FakeTinker(seed=0)
    engine.expect_model("m")
    Client(engine).model()
    reply = answered(engine, "POST", path, body)
    answer = json.loads(reply.body)
    if reply.status == 200 and "request_id" in answer:
        polled = answered(engine, "POST", "retrieve_future", {"request_id": answer["request_id"]})
        assert polled.status == 200
        json.loads(polled.body)


@settings(max_examples=150)
@given(
    st.sampled_from([*LOSS_FUNCTIONS, "none"]),
    st.lists(DATUMS, max_size=2),
    st.dictionaries(st.sampled_from(["beta", "clip_low_threshold", "clip_high_threshold"]), values),
)
def test_strange_data(loss_fn, data, config):
    engine = FakeTinker(seed=0)
    model = Client(engine).model()
    given_ = {"loss_fn": loss_fn, "data": data, "loss_fn_config": config}
    body = {"model_id": model.model_id, "forward_backward_input": given_}
    answer = json.loads(answered(engine, "POST", "forward_backward", body).body)
    for _ in range(2):
        polled = answered(engine, "POST", "retrieve_future", {"request_id": answer["request_id"]})
        assert polled.status == 200
        json.loads(polled.body, parse_constant=_no_number)
    step = {"model_id": model.model_id, "adam_params": {"learning_rate": 1.0}}
    answer = json.loads(answered(engine, "POST", "optim_step", step).body)
    answered(engine, "POST", "retrieve_future", {"request_id": answer["request_id"]})
    # What was learnt of it does no harm to what comes later.
    assert model.forward(*DATA)["metrics"]["loss:sum"] > 0


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.lists(st.sampled_from([*PARTS, ""]), max_size=6),
    st.sampled_from(
        ["", "?limit=1", "?limit=99999999999999999999", "?offset=1&offset=0", "?limit=%FF", "?limit="]
    ),
    values,
)
def test_strange_paths(method, parts, query, ttl):
    engine = FakeTinker(seed=0)
    engine.expect_model("m")
    Client(engine).model().do("save_weights", path="a")
    reply = answered(engine, method, "/".join(parts) + query, {"ttl_seconds": ttl})
    assert reply.status in (200, 204, 302, 400, 404, 409, 410)


def _no_number(name: str) -> float:
    pytest.fail(f"{name} is no JSON")
