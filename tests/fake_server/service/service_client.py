"""A small client of the simulated service, without an SDK: it passes JSON requests to the engine directly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fake_server import FakeTinker, Reply, Request

BASE = "Qwen/Qwen3-8B"


class Failed(Exception):  # noqa: N818 - the service's failure, not the client's
    """A future that ended in a failure."""


class Client:
    """Asks an engine, and polls until a future ends."""

    def __init__(self, engine: FakeTinker) -> None:
        self.engine = engine
        self.seq = 0

    def ask(self, path: str, body: object = None, method: str = "POST") -> Reply:
        path, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.engine.handle(Request(method, f"/api/v1/{path}", query, ((b"host", b"t"),), content))
        assert isinstance(answer, Reply)
        return answer

    def get(self, path: str, method: str = "GET") -> Any:
        reply = self.ask(path, method=method)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def post(self, path: str, /, **body: object) -> Any:
        reply = self.ask(path, body)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def session(self, **body: object) -> str:
        return self.post("create_session", tags=[], user_metadata={}, sdk_version="1", **body)["session_id"]

    def model(self, base_model: str = BASE, session: str | None = None, number: int = 0) -> Model:
        session = session or self.session()
        body = {"session_id": session, "model_seq_id": number, "base_model": base_model}
        made = self.wait(self.submit("create_model", **body, lora_config={"rank": 8}))
        return Model(self, made["model_id"])

    def sampler(self, session: str | None = None, number: int = 0, **source: object) -> str:
        body = {"session_id": session or self.session(), "sampling_session_seq_id": number, **source}
        return self.post("create_sampling_session", **body)["sampling_session_id"]

    def sample(self, prompt: Sequence[int] = (1, 2), **body: Any) -> Any:
        params = {key: body.pop(key) for key in ("max_tokens", "temperature", "stop", "seed") if key in body}
        chunks = {"chunks": [{"type": "encoded_text", "tokens": list(prompt)}]}
        return self.wait(self.submit("asample", prompt=chunks, sampling_params=params, **body))

    def submit(self, path: str, /, **body: object) -> str:
        return self.post(path, **body)["request_id"]

    def refused(self, path: str, /, **body: object) -> tuple[int, str]:
        """The status and the words with which a submission is refused at once."""
        reply = self.ask(path, body)
        assert reply.status != 200, reply.body
        return reply.status, json.loads(reply.body)["detail"]

    def poll(self, request_id: str) -> Reply:
        return self.ask("retrieve_future", {"request_id": request_id})

    def wait(self, request_id: str) -> Any:
        for _ in range(100):
            reply = self.poll(request_id)
            body = json.loads(reply.body)
            if reply.status == 200 and body.get("type") != "try_again":
                if "error" in body:
                    raise Failed(body["error"])
                return body
            assert reply.status in (200, 408), reply
        raise AssertionError("never ended")


class Model:
    """A model being trained."""

    def __init__(self, client: Client, model_id: str) -> None:
        self.client = client
        self.model_id = model_id
        self.seq = 0

    def submit(self, path: str, /, **body: object) -> str:
        self.seq += 1
        return self.client.submit(path, model_id=self.model_id, seq_id=self.seq, **body)

    def do(self, path: str, /, **body: object) -> Any:
        return self.client.wait(self.submit(path, **body))

    def refused(self, path: str, /, **body: object) -> tuple[int, str]:
        self.seq += 1
        return self.client.refused(path, model_id=self.model_id, seq_id=self.seq, **body)

    def forward_backward(self, *data: object, loss_fn: str = "cross_entropy", **config: float) -> str:
        given = {"loss_fn": loss_fn, "data": data, "loss_fn_config": config or None}
        return self.submit("forward_backward", forward_backward_input=given)

    def forward(self, *data: object, loss_fn: str = "cross_entropy") -> Any:
        return self.do("forward", forward_input={"loss_fn": loss_fn, "data": data})

    def step(self, *data: object, learning_rate: float = 1e-3, **more: Any) -> float:
        passed = self.forward_backward(*data, **more)
        stepped = self.submit("optim_step", adam_params={"learning_rate": learning_rate})
        loss = self.client.wait(passed)["metrics"]["loss:sum"]
        self.client.wait(stepped)
        assert isinstance(loss, float)
        return loss


def tensor(*numbers: float, dtype: str = "float32") -> dict[str, object]:
    return {"data": list(numbers), "dtype": dtype, "shape": [len(numbers)]}


def datum(prompt: Sequence[int], targets: Sequence[int], **inputs: Sequence[float]) -> dict[str, object]:
    return {
        "model_input": {"chunks": [{"type": "encoded_text", "tokens": list(prompt)}]},
        "loss_fn_inputs": {
            "target_tokens": tensor(*targets, dtype="int64"),
            **{name: tensor(*numbers) for name, numbers in inputs.items()},
        },
    }


DATA = (
    datum([1, 2, 3, 300], [2, 3, 300, 70_000], weights=[0, 1, 1, 1]),
    datum([9, 8], [8, 7], weights=[1, 0.5]),
)
