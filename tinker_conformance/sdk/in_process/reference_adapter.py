"""The adapter of the reference: the profile it is judged by is the profile that it follows.

It names the newest profile, so that is what it follows unless a run names another one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fake_server.core.operations import Operation
from tinker_conformance._version import __version__
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.releases import newest_profile
from tinker_conformance.queue_state import ClientKind, QueueState, parse_queue_state
from tinker_conformance.reference.clients import (
    ModelCreation,
    SamplingClient,
    ServiceClient,
    TrainingClient,
    error_kind,
)
from tinker_conformance.reference.observer import (
    QueueStateObserver,
    log_state_change,
    reason_for_state,
    should_log,
)
from tinker_conformance.scenario.scenario import ClientSpec, ObserverUse
from tinker_conformance.sdk.adapter import (
    AdapterInfo,
    CallRecorder,
    Capability,
    OperationCall,
    ScenarioContext,
)
from tinker_conformance.timeline import OutcomeKind

_C = TypeVar("_C", SamplingClient, TrainingClient, ModelCreation)


@dataclass(frozen=True, slots=True)
class _CreationOf:
    """What `create_client` gives for a model's creation: each one is a client of its own."""

    base_model: str


class ObserverRaisedError(RuntimeError):
    """What an observer raises where a scenario wants a raising one."""


class _CallersObserver(QueueStateObserver):
    """An observer that a caller hands in: it only tells the recorder."""

    def __init__(self, recorder: CallRecorder) -> None:
        self._recorder = recorder

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        self._recorder.callback(state.value, _text(reason), custom=True)


class ReferenceAdapter:
    """Drives the reference. See `tinker_conformance.sdk.adapter.Adapter`."""

    info: Final = AdapterInfo(
        name="reference",
        version=__version__,
        capabilities=frozenset(Capability),
        operations=frozenset(Operation),
        profile=newest_profile().name,
    )

    def __init__(self) -> None:
        self._service: ServiceClient | None = None
        self._context: ScenarioContext | None = None
        self._observer_raises = False

    async def open(self, context: ScenarioContext) -> None:
        """Begins a scenario with a service client of its own."""
        self._context = context
        self._service = ServiceClient(
            context.base_url, context.profile, on_telemetry=lambda name, data: _tell(context, name, data)
        )

    async def create_client(self, spec: ClientSpec) -> SamplingClient | TrainingClient | _CreationOf:
        """Makes a client, and listens to its observer."""
        service = self._service
        assert service is not None  # noqa: S101 - `open` came first
        match spec.kind:
            case ClientKind.SAMPLING:
                base_model = spec.base_model if spec.model_path is None else None
                return self._listened_to(await service.create_sampling_client(spec.model_path, base_model))
            case ClientKind.TRAINING:
                return self._listened_to(await service.create_training_client(spec.base_model))
            case ClientKind.MODEL_CREATION:
                return _CreationOf(spec.base_model)

    def _listened_to(self, client: _C) -> _C:
        if client.observer is not None:
            # The name is a method; an attribute of the object goes before it.
            vars(client.observer)["on_queue_state_change"] = self._watched(
                client.observer.on_queue_state_change
            )
        return client

    async def run(self, client: object, call: OperationCall) -> None:
        """Submits an operation and waits for its result."""
        context = self._context
        assert context is not None  # noqa: S101 - `open` came first
        self._observer_raises = call.observer is ObserverUse.RAISING
        observer = _CallersObserver(context.recorder) if call.observer is ObserverUse.CUSTOM else None
        match client:
            case _CreationOf(base_model):
                assert self._service is not None  # noqa: S101 - `open` came first
                creation = self._listened_to(self._service.model_creation(base_model))
                await creation.create(observer=observer, timeout=call.timeout)
            case SamplingClient() if call.operation is Operation.COMPUTE_LOGPROBS:
                await client.compute_logprobs(observer=observer, timeout=call.timeout)
            case SamplingClient():
                await client.sample(observer=observer, timeout=call.timeout)
            case TrainingClient():
                await client.run(call.operation, observer=observer, timeout=call.timeout)
            case _:
                message = f"{client!r} is no client of the reference"
                raise TypeError(message)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Submits an operation and waits for its result, on an event loop of this thread's own."""
        asyncio.run(self.run(client, call))

    def classify(self, error: BaseException) -> OutcomeKind:
        """Says what an error raised by `run` means."""
        return OutcomeKind(error_kind(error).value)

    def call(self, function: str, arguments: list[object]) -> object:
        """Calls a public function of the reference, with the texts of the scenario's profile."""
        assert self._context is not None  # noqa: S101 - `open` came first
        return call_function(function, arguments, self._context.profile)

    async def close(self) -> None:
        """Ends the scenario."""
        service, self._service = self._service, None
        if service is not None:
            await service.aclose()

    def _watched(self, method: Callable[[QueueState, object], None]) -> Callable[..., None]:
        context = self._context
        assert context is not None  # noqa: S101 - `open` came first

        def on_queue_state_change(state: QueueState, reason: object = None) -> None:
            context.recorder.callback(state.value, _text(reason))
            if self._observer_raises:
                message = "the observer raises because the scenario says so"
                raise ObserverRaisedError(message)
            method(state, reason)

        return on_queue_state_change


def call_function(function: str, arguments: list[Any], profile: Profile) -> object:
    """Calls one of the reference's public functions; see `FunctionCall` for the arguments."""
    match function:
        case "log_state_change":
            log_state_change(*arguments, profile=profile)
            return None
        case "reason_for_state":
            return reason_for_state(*arguments, profile=profile)
        case "should_log":
            relative, *rest = arguments
            last = 0.0 if relative is None else time.time() + relative
            return should_log(last, *rest, profile=profile)
        case "parse_queue_state":
            return parse_queue_state(arguments[0], profile.observer.parsing).value
        case _:
            message = f"the reference has no function {function!r}"
            raise LookupError(message)


def _text(reason: object) -> str | None:
    return reason if reason is None else str(reason)


def _tell(context: ScenarioContext, name: str, data: object) -> None:
    context.recorder.telemetry(name, dict(data) if isinstance(data, dict) else {})
