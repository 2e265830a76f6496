"""The request bodies that probes send, with as little work for the server as possible.

Source: the request types of ``tinker`` 0.3.0 to 0.38.0, in JSON as releases up to 0.24.1 send every request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fake_server.protobuf import encode_forward_request

Json = dict[str, object]

SDK_VERSION: Final = "0.38.0"
"""The release of `tinker` that probes claim to be."""
PROMPT: Final = (72, 101, 108, 108, 111)
TARGETS: Final = (101, 108, 108, 111, 33)
WEIGHTS: Final = (0.0, 1.0, 1.0, 1.0, 0.5)
EXAMPLES: Final = ((PROMPT, TARGETS, WEIGHTS), (PROMPT[:3], TARGETS[:3], WEIGHTS[:3]))
"""Two training examples of different lengths: input tokens, target tokens and weights of the targets."""
SMALL_STEP: Final = 1e-6
"""A learning rate with which an `optim_step` changes nearly nothing; a server may refuse 0 (hatchery-core
0.3.0).
"""
MAX_TOKENS: Final = 6
NOWHERE: Final = "tinker://no-such-run/weights/no-such-checkpoint"
"""The path of a checkpoint that does not exist."""
RANK: Final = 8


def session_body(**changes: object) -> Json:
    """Return the body of `create_session`; `changes` replace or add fields."""
    return {
        "type": "create_session",
        "tags": ["tinker-conformance"],
        "user_metadata": {},
        "sdk_version": SDK_VERSION,
    } | changes


def model_body_of(session: str, number: int, base_model: str) -> Json:
    """Return the body of `create_model`."""
    return {
        "type": "create_model",
        "session_id": session,
        "model_seq_id": number,
        "base_model": base_model,
        "lora_config": {"rank": RANK, "seed": 1},
    }


def sampler_body(session: str, number: int, **source: object) -> Json:
    """Return the body of `create_sampling_session`; `source` has the field `base_model` or `model_path`."""
    return {
        "type": "create_sampling_session",
        "session_id": session,
        "sampling_session_seq_id": number,
        **source,
    }


def prompt(tokens: Sequence[int] = PROMPT) -> Json:
    """Return these tokens in the form in which requests have a prompt or an input."""
    return {"chunks": [{"type": "encoded_text", "tokens": list(tokens)}]}


def sample_body_of(sampler: str, number: int, **changes: object) -> Json:
    """Return the body of `asample`: two samples of a few tokens, drawn with a seed."""
    return {
        "type": "sample",
        "sampling_session_id": sampler,
        "seq_id": number,
        "num_samples": 2,
        "prompt": prompt(),
        "sampling_params": {"max_tokens": MAX_TOKENS, "temperature": 1.0, "seed": 7},
    } | changes


def pass_input(examples: Sequence[tuple[Sequence[int], Sequence[int], Sequence[float]]] = EXAMPLES) -> Json:
    """Return the input of a forward or forward-backward pass with the loss `cross_entropy`."""
    data = [
        {
            "model_input": prompt(tokens),
            "loss_fn_inputs": {
                "target_tokens": {"data": list(targets), "dtype": "int64", "shape": [len(targets)]},
                "weights": {"data": list(weights), "dtype": "float32", "shape": [len(weights)]},
            },
        }
        for tokens, targets, weights in examples
    ]
    return {"data": data, "loss_fn": "cross_entropy"}


def pass_body(model: str, number: int) -> Json:
    """Return the body of `forward_backward`, in JSON."""
    return {"model_id": model, "seq_id": number, "forward_backward_input": pass_input()}


def forward_body(model: str, number: int) -> Json:
    """Return the body of `forward`, an endpoint that releases up to 0.24.1 use."""
    return {"model_id": model, "seq_id": number, "forward_input": pass_input()}


def protobuf_pass(model: str, number: int, *, forward_only: bool = False) -> bytes:
    """Return the body of `forward_backward` in protobuf, as releases from 0.25 on send it."""
    return encode_forward_request(model, number, EXAMPLES, forward_only=forward_only)


def step_body(model: str, number: int, **adam: float) -> Json:
    """Return the body of `optim_step`; `adam` has the optimizer's parameters that are not the default."""
    params = {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.95, "eps": 1e-12} | adam
    return {"type": "optim_step", "model_id": model, "seq_id": number, "adam_params": params}


def load_body(model: str, number: int, path: str) -> Json:
    """Return the body of `load_weights`."""
    return {"type": "load_weights", "model_id": model, "seq_id": number, "path": path, "optimizer": False}


def numbered(body: Mapping[str, object], number: int) -> Json:
    """Return a copy of a body with another sequence number."""
    return {**body, "seq_id": number}
