"""The adapter: `tinker-conformance run --sdk python:tinker_requests.conformance:Adapter`."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from typing import Any

from fake_server.operations import Operation
from tinker_conformance.queue_state import ClientKind as KitsKind
from tinker_conformance.scenario import ClientSpec, ObserverUse
from tinker_conformance.sdk.adapter import (
    AdapterInfo,
    Capability,
    OperationCall,
    ScenarioContext,
    Transport,
)
from tinker_conformance.timeline import OutcomeKind
from tinker_requests import (
    FutureExpiredError,
    ModelCreation,
    QueueState,
    RequestFailedError,
    SamplingClient,
    ServiceClient,
    TrainingClient,
    WaitTimeoutError,
    parse_queue_state,
)

Client = SamplingClient | TrainingClient | ModelCreation

PROMPT = [1, 2, 3]
DATA = [
    {
        "model_input": {"chunks": [{"type": "encoded_text", "tokens": PROMPT}]},
        "loss_fn_inputs": {
            "target_tokens": {"data": [2, 3, 4], "dtype": "int64", "shape": [3]},
            "weights": {"data": [1.0, 1.0, 1.0], "dtype": "float32", "shape": [3]},
        },
    }
]
RUN: Mapping[Operation, Callable[[Any, float | None], object]] = {
    Operation.SAMPLE: lambda client, limit: client.sample(PROMPT, params={"max_tokens": 1}, timeout=limit),
    Operation.COMPUTE_LOGPROBS: lambda client, limit: client.compute_logprobs(PROMPT, timeout=limit),
    Operation.FORWARD: lambda client, limit: client.forward(DATA, "cross_entropy", timeout=limit),
    Operation.FORWARD_BACKWARD: lambda client, limit: client.forward_backward(
        DATA, "cross_entropy", timeout=limit
    ),
    Operation.OPTIM_STEP: lambda client, limit: client.optim_step(timeout=limit),
    Operation.SAVE_STATE: lambda client, limit: client.save_state("checkpoint", timeout=limit),
    Operation.LOAD_STATE: lambda client, limit: client.load_state(
        "tinker://run/weights/checkpoint", timeout=limit
    ),
    Operation.SAVE_WEIGHTS_FOR_SAMPLER: lambda client, limit: client.save_weights_for_sampler(
        "checkpoint", timeout=limit
    ),
    Operation.CREATE_MODEL: lambda client, limit: client.create(timeout=limit),
}

_raising: contextvars.ContextVar[bool] = contextvars.ContextVar("raising", default=False)


class Adapter:
    """Drives the SDK; its calls block, so each runs in a thread of its own."""

    info = AdapterInfo(
        name="tinker-requests",
        version="0.1.0",
        profile="tinker-0.10",
        transport=Transport.SOCKET,
        operations=frozenset(RUN),
        capabilities=frozenset(
            {
                Capability.CALLBACKS,
                Capability.RAISING_OBSERVER,
                Capability.PARSE_FUNCTION,
                Capability.SAMPLING,
                Capability.TRAINING,
                Capability.MODEL_CREATION,
                Capability.TIMEOUT,
                Capability.CONCURRENCY,
                Capability.THREADS,
                Capability.FROZEN_CLOCK,
            }
        ),
    )

    async def open(self, context: ScenarioContext) -> None:
        """Begins a scenario."""
        self._recorder = context.recorder
        self._service = ServiceClient(context.base_url, context.api_key)

    async def create_client(self, spec: ClientSpec) -> Client:
        """Makes a client, and listens to its watcher."""
        client = await asyncio.to_thread(lambda: self._made(spec))
        watcher = client.watcher
        inner = watcher.queue_state_changed

        def record(state: QueueState, reason: Any = None) -> None:
            self._recorder.callback(state.value, reason if reason is None else str(reason))
            if _raising.get():
                message = "the scenario wants it to raise"
                raise RuntimeError(message)
            inner(state, reason)

        vars(watcher)["queue_state_changed"] = record
        return client

    async def run(self, client: object, call: OperationCall) -> None:
        """Carries out one operation."""
        await asyncio.to_thread(self.run_on_thread, client, call)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Carries out one operation on the thread that it is called on."""
        _raising.set(call.observer is ObserverUse.RAISING)
        RUN[call.operation](client, call.timeout)

    def classify(self, error: BaseException) -> OutcomeKind:
        """Says what an error of the SDK means."""
        match error:
            case RequestFailedError():
                return OutcomeKind.FAILED
            case FutureExpiredError():
                return OutcomeKind.EXPIRED
            case WaitTimeoutError():
                return OutcomeKind.TIMEOUT
            case _:
                return OutcomeKind.ERROR

    def call(self, function: str, arguments: list[Any]) -> object:
        """Calls the SDK's parser."""
        if function != "parse_queue_state":
            message = f"the SDK has no function {function}"
            raise LookupError(message)
        return parse_queue_state(*arguments).value

    async def close(self) -> None:
        """Ends the scenario."""
        self._service.close()

    def _made(self, spec: ClientSpec) -> Client:
        match spec.kind:
            case KitsKind.SAMPLING if spec.model_path is not None:
                return self._service.sampling_client(model_path=spec.model_path)
            case KitsKind.SAMPLING:
                return self._service.sampling_client(base_model=spec.base_model)
            case KitsKind.TRAINING:
                return self._service.model_creation(spec.base_model).create()
            case KitsKind.MODEL_CREATION:
                return self._service.model_creation(spec.base_model)
