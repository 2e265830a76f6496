"""The bodies of the requests that the reference submits, as small as the operation allows.

Source: the request types of ``tinker`` 0.1.0 to 0.38.0, in JSON. Since 0.25 the official SDK sends forward
passes as protobuf. The reference still sends JSON, with ``forward_only`` to tell forward passes apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.profile.profile import PollingFacet, SamplerAddress

_PROMPT: Final = {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]}
_DATUM: Final = {
    "model_input": _PROMPT,
    "loss_fn_inputs": {
        "target_tokens": {"data": [2, 3, 4], "dtype": "int64", "shape": [3]},
        "weights": {"data": [1.0, 1.0, 1.0], "dtype": "float32", "shape": [3]},
    },
}
_PASS_INPUT: Final = {"data": [_DATUM], "loss_fn": "cross_entropy", "loss_fn_config": None}
_CHECKPOINT: Final = "checkpoint"


def sample_body(
    facet: PollingFacet,
    *,
    session: str | None,
    model_path: str | None,
    base_model: str | None,
    seq_id: int,
    prompt_logprobs: bool,
) -> dict[str, object]:
    """Return the body that samples one token; with `prompt_logprobs`, the body of `compute_logprobs`."""
    body: dict[str, object] = {
        "type": "sample",
        "num_samples": 1,
        "prompt": _PROMPT,
        "sampling_params": {"max_tokens": 1},
        "prompt_logprobs": prompt_logprobs,
    }
    match facet.sampler_address:
        case SamplerAddress.SESSION:
            return {**body, "sampling_session_id": session, "seq_id": seq_id}
        case SamplerAddress.IN_REQUEST:
            named = {"model_path": model_path, "base_model": base_model}
            return {**body, **{key: value for key, value in named.items() if value is not None}}


def training_body(
    facet: PollingFacet, operation: Operation, *, model_id: str, seq_id: int
) -> Mapping[str, object]:
    """Return the body of one operation of a training client; `seq_id` counts from 1."""
    if operation is Operation.UNLOAD_MODEL:
        return {"type": "unload_model", "model_id": model_id}
    return {"model_id": model_id, "seq_id": seq_id, **_training_input(facet, operation)}


def _training_input(facet: PollingFacet, operation: Operation) -> Mapping[str, object]:
    match operation:
        case Operation.FORWARD if _shares_path(facet):
            return {"forward_backward_input": _PASS_INPUT, "forward_only": True}
        case Operation.FORWARD:
            return {"forward_input": _PASS_INPUT}
        case Operation.FORWARD_BACKWARD:
            return {"forward_backward_input": _PASS_INPUT}
        case Operation.OPTIM_STEP:
            return {"type": "optim_step", "adam_params": {"learning_rate": 0.0001}}
        case Operation.LOAD_STATE:
            return {"type": "load_weights", "path": f"tinker://run/weights/{_CHECKPOINT}", "optimizer": False}
        case _:
            return {"path": _CHECKPOINT}


def model_body(*, session: str | None, base_model: str, seq_id: int) -> dict[str, object]:
    """Return the body that creates a model.

    Args:
        session: The session's id; None in official 0.1 and 0.2, which have no sessions.
        base_model: The base model's name.
        seq_id: The number of the model within the session, from 0.
    """
    body: dict[str, object] = {"type": "create_model", "base_model": base_model, "lora_config": {"rank": 32}}
    return body if session is None else {**body, "session_id": session, "model_seq_id": seq_id}


def _shares_path(facet: PollingFacet) -> bool:
    return facet.operations[Operation.FORWARD].path == facet.operations[Operation.FORWARD_BACKWARD].path
