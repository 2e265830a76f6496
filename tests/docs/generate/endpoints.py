"""The page of endpoints: a simulated service is asked for each once, and its answer is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fake_server import FakeTinker, Reply, Request

Json = dict[str, object]
PROMPT: Final[Json] = {"chunks": [{"type": "encoded_text", "tokens": [72, 105]}]}
DATUM: Final[Json] = {
    "model_input": PROMPT,
    "loss_fn_inputs": {
        "target_tokens": {"data": [105, 33], "dtype": "int64", "shape": [2]},
        "weights": {"data": [0.0, 1.0], "dtype": "float32", "shape": [2]},
    },
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the page.

    Attributes:
        heading: The title, unless it belongs to the call before.
        method: HTTP method.
        path: Below `/api/v1/`; `{name}` stands for a value kept from an earlier answer.
        body: The JSON body, or None.
        keep: Fields of the answer to keep, and the names to keep them under.
        polls: Whether the answer is a future whose result belongs here too.
    """

    heading: str
    method: str
    path: str
    body: Json | None = None
    keep: tuple[tuple[str, str], ...] = ()
    polls: bool = False


CALLS: Final = (
    Call("Health", "GET", "healthz"),
    Call("Client configuration", "POST", "client/config", {"sdk_version": "0.38.0"}),
    Call("Create a session", "POST", "create_session",
         {"tags": [], "user_metadata": {}, "sdk_version": "0.38.0"},
         keep=(("session_id", "session"),)),
    Call("Heartbeat of a session", "POST", "session_heartbeat", {"session_id": "{session}"}),
    Call("Capabilities", "GET", "get_server_capabilities"),
    Call("Create a model", "POST", "create_model",
         {"session_id": "{session}", "model_seq_id": 0, "base_model": "Qwen/Qwen3-8B",
          "lora_config": {"rank": 8}},
         keep=(("model_id", "model"),), polls=True),
    Call("Describe a model", "POST", "get_info", {"model_id": "{model}"}),
    Call("Forward and backward pass", "POST", "forward_backward",
         {"model_id": "{model}", "seq_id": 1,
          "forward_backward_input": {"data": [DATUM], "loss_fn": "cross_entropy"}}, polls=True),
    Call("Optimizer step", "POST", "optim_step",
         {"model_id": "{model}", "seq_id": 2, "adam_params": {"learning_rate": 0.0001}}, polls=True),
    Call("Save weights and optimizer state", "POST", "save_weights",
         {"model_id": "{model}", "seq_id": 3, "path": "step-1"}, keep=(("path", "state"),), polls=True),
    Call("Load weights", "POST", "load_weights",
         {"session_id": "{session}", "model_seq_id": 1, "path": "{state}", "optimizer": True}, polls=True),
    Call("Save weights for a sampler", "POST", "save_weights_for_sampler",
         {"model_id": "{model}", "seq_id": 4, "path": "sampler-1"}, keep=(("path", "weights"),), polls=True),
    Call("Create a sampling session", "POST", "create_sampling_session",
         {"session_id": "{session}", "sampling_session_seq_id": 0, "model_path": "{weights}"},
         keep=(("sampling_session_id", "sampler"),)),
    Call("Sample", "POST", "asample",
         {"sampling_session_id": "{sampler}", "seq_id": 1, "num_samples": 1, "prompt": PROMPT,
          "sampling_params": {"max_tokens": 4, "seed": 1, "temperature": 1.0}}, polls=True),
    Call("Describe a sampler", "GET", "samplers/{sampler}"),
    Call("Describe saved weights", "POST", "weights_info", {"tinker_path": "{state}"}),
    Call("List training runs", "GET", "training_runs"),
    Call("Describe a training run", "GET", "training_runs/{model}"),
    Call("List the checkpoints of a run", "GET", "training_runs/{model}/checkpoints"),
    Call("List all checkpoints", "GET", "checkpoints"),
    Call("List sessions", "GET", "sessions"),
    Call("Describe a session", "GET", "sessions/{session}"),
    Call("Send telemetry", "POST", "telemetry", {"session_id": "{session}", "events": []}),
)  # fmt: skip


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Endpoints"
    yield ""
    yield "Generated: each request was sent to a simulated service with the seed 7, in this order, and this"
    yield "is what it answered. All paths are below `/api/v1/`. Other endpoints are listed under"
    yield "[simulated service](simulated-service.md#what-is-simulated)."
    engine = FakeTinker(seed=7)
    kept: dict[str, str] = {}
    for call in CALLS:
        yield ""
        yield f"## {call.heading}"
        path, body = _filled(call.path, kept), _filled_json(call.body, kept)
        answer = yield from _exchange(engine, call.method, path, body)
        if call.polls:
            answer = yield from _exchange(
                engine, "POST", "retrieve_future", {"request_id": answer["request_id"]}
            )
        kept |= {name: str(answer[field]) for field, name in call.keep}


def _exchange(engine: FakeTinker, method: str, path: str, body: Json | None) -> Generator[str, None, Json]:
    sent = b"" if body is None else json.dumps(body).encode()
    reply = engine.handle(
        Request(method, f"/api/v1/{path}", headers=((b"content-type", b"application/json"),), body=sent)
    )
    assert isinstance(reply, Reply), reply
    yield ""
    yield f"`{method} {path}`"
    if body is not None:
        yield from _json(body)
    yield ""
    yield f"HTTP {reply.status}:"
    answer: Json = json.loads(reply.body or b"{}")
    yield from _json(answer)
    return answer


def _json(value: object) -> Iterator[str]:
    yield ""
    yield "```json"
    text = json.dumps(value)
    yield text if len(text) <= 110 else json.dumps(value, indent=2)
    yield "```"


def _filled(text: str, kept: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: kept[found[1]], text)


def _filled_json(value: Json | None, kept: Mapping[str, str]) -> Json | None:
    if value is None:
        return None
    return {key: _filled(item, kept) if isinstance(item, str) else item for key, item in value.items()}
