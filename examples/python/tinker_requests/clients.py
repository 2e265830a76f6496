"""The clients. Each call submits a request, waits, and returns the body of the result."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import requests

from tinker_requests.billing import Billing
from tinker_requests.errors import FutureExpiredError, SubmissionRefusedError
from tinker_requests.operations import Operation
from tinker_requests.polling import Poll
from tinker_requests.queue_state import ClientKind, PauseWatcher
from tinker_requests.waiting import Patience

SET_UP_SECONDS = 60.0
LONGEST_RESUBMIT_DELAY = 10.0
Json = Mapping[str, Any]


class ServiceClient:
    """The way to all other clients; a context manager."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = requests.Session()
        self._http.headers.update({"X-API-Key": api_key, "Accept": "application/json"})
        self._billing = Billing()
        self._models = itertools.count()
        self._samplers = itertools.count()
        self._session: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def sampling_client(
        self, *, base_model: str | None = None, model_path: str | None = None
    ) -> SamplingClient:
        """Makes a client that samples from saved weights or from a base model."""
        body = {
            "type": "create_sampling_session",
            "session_id": self.session(),
            "sampling_session_seq_id": next(self._samplers),
            "base_model": base_model,
            "model_path": model_path,
        }
        return SamplingClient(self, self.ask("/api/v1/create_sampling_session", body)["sampling_session_id"])

    def model_creation(self, base_model: str, *, rank: int = 32) -> ModelCreation:
        """Prepares the creation of a model."""
        return ModelCreation(self, base_model, rank, self._models)

    def session(self) -> str:
        """The session's id; makes the session if there is none yet."""
        if self._session is None:
            config = self.ask("/api/v1/client/config", {"sdk_version": "tinker-requests"})
            limit = config.get("billing_exception_max_pause_duration_sec")
            if isinstance(limit, int | float):
                self._billing.limit = float(limit)
            body = {
                "type": "create_session",
                "tags": [],
                "user_metadata": {},
                "sdk_version": "tinker-requests",
            }
            self._session = self.ask("/api/v1/create_session", body)["session_id"]
        return self._session

    def ask(self, path: str, body: Json) -> Json:
        """POSTs a request that is answered at once with an object."""
        try:
            response = self._post(path, body, {}, SET_UP_SECONDS)
            response.raise_for_status()
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            message = f"{path} was not accepted: {error}"
            raise SubmissionRefusedError(message) from error
        if not isinstance(answer, dict):
            message = f"{path} was answered with {answer!r}"
            raise SubmissionRefusedError(message)
        return answer

    def carry_out(self, operation: Operation, body: Json, watcher: PauseWatcher, patience: Patience) -> Json:
        """Submits a request and waits for its result."""
        started = time.monotonic()
        request_id = self.ask(operation.path, body)["request_id"]
        return Poll(
            request_id,
            operation,
            post=self._post,
            patience=patience,
            billing=self._billing,
            watcher=watcher,
            round_trip=time.monotonic() - started,
        ).result()

    def _post(self, path: str, body: Json, headers: Mapping[str, str], timeout: float) -> requests.Response:
        return self._http.post(self._base_url + path, json=body, headers=headers, timeout=timeout)


class SamplingClient:
    """Samples from one model."""

    def __init__(self, service: ServiceClient, sampler_id: str) -> None:
        self.watcher = PauseWatcher(ClientKind.SAMPLING, sampler_id)
        self._service = service
        self._id = sampler_id
        self._requests = itertools.count()

    def sample(
        self,
        prompt: Sequence[int],
        *,
        num_samples: int = 1,
        params: Json | None = None,
        timeout: float | None = None,
    ) -> Json:
        """Samples sequences after a prompt of tokens."""
        return self._run({"num_samples": num_samples, "sampling_params": params or {}}, prompt, timeout)

    def compute_logprobs(self, prompt: Sequence[int], *, timeout: float | None = None) -> list[float | None]:
        """The log-probability of each token of a prompt; None for the first."""
        asked = {"num_samples": 1, "sampling_params": {"max_tokens": 1}, "prompt_logprobs": True}
        found: list[float | None] = self._run(asked, prompt, timeout)["prompt_logprobs"]
        return found

    def _run(self, asked: Json, prompt: Sequence[int], timeout: float | None) -> Json:
        chunks = {"chunks": [{"type": "encoded_text", "tokens": list(prompt)}]}
        body = {"type": "sample", "sampling_session_id": self._id, "prompt": chunks, **asked}

        patience = Patience(timeout)

        def attempt() -> Json:
            numbered = {**body, "seq_id": next(self._requests)}
            return self._service.carry_out(Operation.SAMPLE, numbered, self.watcher, patience)

        return until_kept(attempt, patience)


class ModelCreation:
    """The creation of one model."""

    def __init__(
        self, service: ServiceClient, base_model: str, rank: int, numbers: itertools.count[int]
    ) -> None:
        self.watcher = PauseWatcher(ClientKind.MODEL_CREATION, base_model)
        self._service = service
        self._base_model = base_model
        self._rank = rank
        self._numbers = numbers

    def create(self, *, timeout: float | None = None) -> TrainingClient:
        """Creates the model."""
        body = {
            "type": "create_model",
            "session_id": self._service.session(),
            "model_seq_id": next(self._numbers),
            "base_model": self._base_model,
            "lora_config": {"rank": self._rank},
        }
        made = self._service.carry_out(Operation.CREATE_MODEL, body, self.watcher, Patience(timeout))
        return TrainingClient(self._service, made["model_id"])


class TrainingClient:
    """Trains one model; every call takes a `timeout` in seconds."""

    def __init__(self, service: ServiceClient, model_id: str) -> None:
        self.watcher = PauseWatcher(ClientKind.TRAINING, model_id)
        self.model_id = model_id
        self._service = service
        self._requests = itertools.count(1)

    def forward(self, data: Sequence[Json], loss_fn: str, *, timeout: float | None = None) -> Json:
        """A forward pass."""
        return self._run(Operation.FORWARD, {"forward_input": _pass(data, loss_fn)}, timeout)

    def forward_backward(self, data: Sequence[Json], loss_fn: str, *, timeout: float | None = None) -> Json:
        """A forward and a backward pass."""
        return self._run(
            Operation.FORWARD_BACKWARD, {"forward_backward_input": _pass(data, loss_fn)}, timeout
        )

    def optim_step(self, *, learning_rate: float = 1e-4, timeout: float | None = None) -> Json:
        """A step of the optimizer."""
        asked = {"type": "optim_step", "adam_params": {"learning_rate": learning_rate}}
        return self._run(Operation.OPTIM_STEP, asked, timeout)

    def save_state(self, name: str, *, timeout: float | None = None) -> Json:
        """Saves weights and the optimizer's state."""
        return self._run(Operation.SAVE_STATE, {"path": name}, timeout)

    def load_state(self, path: str, *, timeout: float | None = None) -> Json:
        """Loads saved weights."""
        return self._run(
            Operation.LOAD_STATE, {"type": "load_weights", "path": path, "optimizer": False}, timeout
        )

    def save_weights_for_sampler(self, name: str, *, timeout: float | None = None) -> Json:
        """Saves weights to sample from."""
        return self._run(Operation.SAVE_WEIGHTS_FOR_SAMPLER, {"path": name}, timeout)

    def _run(self, operation: Operation, asked: Json, timeout: float | None) -> Json:
        body = {"model_id": self.model_id, "seq_id": next(self._requests), **asked}
        return self._service.carry_out(operation, body, self.watcher, Patience(timeout))


def until_kept(attempt: Callable[[], Json], patience: Patience) -> Json:
    """Repeats an attempt whose result the server loses, after a delay that grows and is spread."""
    delay = 0.5
    while True:
        try:
            return attempt()
        except FutureExpiredError:
            patience.sleep(delay * random.uniform(0.75, 1.25))
            delay = min(2 * delay, LONGEST_RESUBMIT_DELAY)


def _pass(data: Sequence[Json], loss_fn: str) -> Json:
    return {"data": list(data), "loss_fn": loss_fn, "loss_fn_config": None}
