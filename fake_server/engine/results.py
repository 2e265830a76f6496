"""Make the bodies of replies: the results of every operation, and the replies of the set-up endpoints.

The set-up endpoints are those that the SDK uses before and beside submissions and polls, such as
``create_session``. Every release of the official SDK from 0.1.0 to 0.38.0 accepts these bodies: each release
was run to a result of every operation that it has. A result is built once, as JSON values. Where the SDK
accepts only protobuf (sampling and forward passes from 0.25), ``fake_server.protobuf.result_messages``
encodes the same values.

The numbers are invented but plausible: as many sequences as requested, one log-probability for each target
token, a finite loss. A test can replace the top-level keys of the JSON form.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from fake_server.core.errors import BodyError
from fake_server.core.operations import API_PREFIX, Operation
from fake_server.protobuf.request_messages import decode_forward_request, protobuf_model_id
from fake_server.protobuf.result_messages import MEDIA_TYPE, encode_forward_output, encode_sample_response

__all__ = [
    "JSON_TYPE",
    "SETUP_REPLIES",
    "BodyError",
    "decode_forward_request",
    "protobuf_model_id",
    "result_body",
    "setup_body",
]

JSON_TYPE: Final = "application/json"
DEFAULT_MODEL: Final = "Qwen/Qwen3-8B"
LOGPROB: Final = -0.5
"""Log-probability of every token. It is exact in float32, so JSON and protobuf give the same number."""
MAX_TOKENS: Final = 16
"""Greatest length of an invented sequence in tokens, whatever ``max_tokens`` the request allows."""
MAX_SAMPLES: Final = 4096

Json = dict[str, object]
Builder = Callable[[Mapping[str, object]], Json]


def result_body(
    operation: Operation, *, request: Mapping[str, object], accept: str, overrides: Mapping[str, object]
) -> tuple[str, bytes]:
    """Return the content type and the body of a successful result.

    Args:
        operation: The submitted operation.
        request: The submission's decoded body. Keys that are missing or have an unexpected type count as
            absent.
        accept: The ``Accept`` header of the poll; empty if the poll had none.
        overrides: Keys of the result to replace. ``{"model_id": ...}`` gives a created model its id.

    Raises:
        BodyError: The overrides cannot be encoded as protobuf, and the poll accepts nothing else.
    """
    return encoded_result(operation, _RESULTS[operation](request) | dict(overrides), accept)


def encoded_result(operation: Operation, result: Mapping[str, object], accept: str) -> tuple[str, bytes]:
    """Return the content type and the body of a result, in a form that the poll accepts.

    Args:
        operation: The submitted operation.
        result: The result as JSON values.
        accept: The ``Accept`` header of the poll; empty if the poll had none.

    Raises:
        BodyError: The result cannot be encoded as protobuf, and the poll accepts nothing else.
    """
    encode = _PROTOBUF.get(operation)
    if encode is not None and MEDIA_TYPE in accept:
        return MEDIA_TYPE, encode(result)
    return JSON_TYPE, _json(result)


def setup_body(
    method: str, path: str, request: Mapping[str, object], *, overrides: Mapping[str, object] | None = None
) -> tuple[str, bytes] | None:
    """Return the content type and the body of the reply of a set-up endpoint, or None if the path is not one.

    A set-up endpoint is one that the SDK uses before and beside submissions and polls, such as
    ``create_session``.

    Args:
        method: The HTTP method, in upper case.
        path: The path, without a query (``/api/v1/create_session``).
        request: The decoded body; empty for GET.
        overrides: Keys of the reply to replace, such as ``{"sampling_session_id": ...}``; None for none.
    """
    name = path.removeprefix(API_PREFIX)
    if method == "GET" and name.startswith(_SAMPLERS):
        builder: Builder | None = _sampler_builder(name.removeprefix(_SAMPLERS))
    else:
        builder = SETUP_REPLIES.get((method, name))
    if builder is None:
        return None
    return JSON_TYPE, _json(builder(request) | dict(overrides or {}))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _sample(request: Mapping[str, object]) -> Json:
    count = min(max(_integer(request.get("num_samples"), 1), 0), MAX_SAMPLES)
    limit = _integer(_mapping(request.get("sampling_params")).get("max_tokens"), 1)
    length = min(max(limit, 1), MAX_TOKENS)
    prompt_length = _prompt_length(request)
    result: Json = {
        "type": "sample",
        "sequences": [
            {"stop_reason": "length", "tokens": list(range(length)), "logprobs": [LOGPROB] * length}
            for _ in range(count)
        ],
        "prompt_logprobs": None,
        "topk_prompt_logprobs": None,
    }
    # The first token of a prompt has no predecessors, and so no probability.
    if request.get("prompt_logprobs"):
        result["prompt_logprobs"] = _after_first(LOGPROB, prompt_length)
    if (rank := _integer(request.get("topk_prompt_logprobs"), 0)) > 0:
        row = [[token, LOGPROB * (token + 1)] for token in range(min(rank, MAX_TOKENS))]
        result["topk_prompt_logprobs"] = _after_first(row, prompt_length)
    return result


def _compute_logprobs(request: Mapping[str, object]) -> Json:
    return _sample({**request, "prompt_logprobs": True})


def _forward(request: Mapping[str, object]) -> Json:
    # `forward_input` and `forward_backward_input` are the keys of the two endpoints (tinker 0.1.0 to 0.24.1).
    given = _mapping(request.get("forward_backward_input") or request.get("forward_input"))
    shapes = [_target_shape(_mapping(datum)) for datum in _list(given.get("data"))]
    sizes = [_size(shape) for shape in shapes]
    outputs: list[Json] = [
        {"logprobs": {"data": [LOGPROB] * size, "dtype": "float32", "shape": shape}}
        for size, shape in zip(sizes, shapes, strict=True)
    ]
    return {
        "loss_fn_output_type": "ArrayRecord",
        "loss_fn_outputs": outputs,
        "metrics": {"loss:sum": -LOGPROB * sum(sizes)},
    }


def _optim_step(_request: Mapping[str, object]) -> Json:
    return {"type": "optim_step", "metrics": {}}


def _save_state(request: Mapping[str, object]) -> Json:
    return {"type": "save_weights", "path": _weights_path(request, "weights")}


def _load_state(request: Mapping[str, object]) -> Json:
    return {"type": "load_weights", "path": _text(request.get("path"), _weights_path(request, "weights"))}


def _save_weights_for_sampler(request: Mapping[str, object]) -> Json:
    result: Json = {"type": "save_weights_for_sampler", "path": _weights_path(request, "sampler_weights")}
    # Weights without a name belong to one sampling session, whose id is the answer (tinker 0.6.3).
    if request.get("path") is None and isinstance(sequence := request.get("sampling_session_seq_id"), int):
        result |= {"path": None, "sampling_session_id": f"{_model_id(request)}:sample:{sequence}"}
    return result


def _save_weights_external(request: Mapping[str, object]) -> Json:
    return {"type": "save_weights_external", "path": _weights_path(request, "external_weights")}


def _unload_model(request: Mapping[str, object]) -> Json:
    return {"type": "unload_model", "model_id": _model_id(request)}


def _create_model(request: Mapping[str, object]) -> Json:
    return {"type": "create_model", "model_id": _model_id(request)}


_RESULTS: Final[Mapping[Operation, Builder]] = {
    Operation.SAMPLE: _sample,
    Operation.COMPUTE_LOGPROBS: _compute_logprobs,
    Operation.FORWARD: _forward,
    Operation.FORWARD_BACKWARD: _forward,
    Operation.OPTIM_STEP: _optim_step,
    Operation.SAVE_STATE: _save_state,
    Operation.LOAD_STATE: _load_state,
    Operation.SAVE_WEIGHTS_FOR_SAMPLER: _save_weights_for_sampler,
    Operation.UNLOAD_MODEL: _unload_model,
    Operation.SAVE_WEIGHTS_EXTERNAL: _save_weights_external,
    Operation.CREATE_MODEL: _create_model,
}

_PROTOBUF: Final[Mapping[Operation, Callable[[Mapping[str, object]], bytes]]] = {
    Operation.SAMPLE: encode_sample_response,
    Operation.COMPUTE_LOGPROBS: encode_sample_response,
    Operation.FORWARD: encode_forward_output,
    Operation.FORWARD_BACKWARD: encode_forward_output,
}

_SAMPLERS: Final = "samplers/"


def _sampler_builder(sampler_id: str) -> Builder:
    def sampler(_request: Mapping[str, object]) -> Json:
        return {"sampler_id": sampler_id, "base_model": DEFAULT_MODEL, "model_path": None}

    return sampler


def _fixed(**reply: object) -> Builder:
    def build(_request: Mapping[str, object]) -> Json:
        return dict(reply)

    return build


def _get_info(request: Mapping[str, object]) -> Json:
    return {
        "type": "get_info",
        "model_data": {"arch": "llama", "model_name": DEFAULT_MODEL, "tokenizer_id": DEFAULT_MODEL},
        "model_id": _model_id(request),
        "model_name": DEFAULT_MODEL,
        "is_lora": True,
        "lora_rank": 32,
    }


SETUP_REPLIES: Final[Mapping[tuple[str, str], Builder]] = {
    ("GET", "healthz"): _fixed(status="ok"),
    ("GET", "get_server_capabilities"): _fixed(
        supported_models=[{"model_name": DEFAULT_MODEL, "max_context_length": 32_768}]
    ),
    ("POST", "create_session"): _fixed(
        type="create_session",
        session_id="session-1",
        info_message=None,
        warning_message=None,
        error_message=None,
    ),
    ("POST", "create_sampling_session"): _fixed(
        type="create_sampling_session", sampling_session_id="sampler-1"
    ),
    ("POST", "join_sampling_session"): _fixed(type="join_sampling_session", client_counter=1),
    ("POST", "session_heartbeat"): _fixed(type="session_heartbeat"),
    ("POST", "telemetry"): _fixed(status="accepted"),
    # Without these three the SDK would poll with a transport that an in-process server does not see, and
    # would first exchange its key for a token (tinker 0.18 and 0.22).
    ("POST", "client/config"): _fixed(
        use_pyqwest_transport=False, pjwt_auth_enabled=False, credential_default_source="api_key"
    ),
    ("POST", "client/dynamic_config"): _fixed(),
    ("POST", "get_info"): _get_info,
    ("POST", "weights_info"): _fixed(
        type="weights_info",
        base_model=DEFAULT_MODEL,
        is_lora=True,
        lora_rank=32,
        train_unembed=True,
        train_mlp=True,
        train_attn=True,
    ),
    ("POST", "cancel_future"): _fixed(),
}
"""Method and path below ``/api/v1/`` of each set-up endpoint, with the function that builds the endpoint's
reply.
"""


def _integer(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _model_id(request: Mapping[str, object]) -> str:
    return _text(request.get("model_id"), "model-1")


def _weights_path(request: Mapping[str, object], kind: str) -> str:
    return f"tinker://{_model_id(request)}/{kind}/{_text(request.get('path'), 'unnamed')}"


def _after_first(value: object, length: int) -> list[object]:
    return [None, *[value] * (length - 1)] if length else []


def _prompt_length(request: Mapping[str, object]) -> int:
    chunks = [_mapping(chunk) for chunk in _list(_mapping(request.get("prompt")).get("chunks"))]
    return sum(
        len(_list(chunk.get("tokens"))) or _integer(chunk.get("expected_tokens"), 0) for chunk in chunks
    )


def _target_shape(datum: Mapping[str, object]) -> list[int]:
    tensor = _mapping(_mapping(datum.get("loss_fn_inputs")).get("target_tokens"))
    shape = [_integer(size, 0) for size in _list(tensor.get("shape"))]
    return shape or [len(_list(tensor.get("data")))]


def _size(shape: list[int]) -> int:
    size = 1
    for extent in shape:
        size *= max(extent, 0)
    return size
