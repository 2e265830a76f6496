"""The adapter of the reference, the kit's own model of the official SDK.

The reference follows the profile of the run; if the run names none, the newest profile, which this adapter
declares.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

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
    ClientObserver,
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
    ObserverRaisedError,
    OperationCall,
    ScenarioContext,
)
from tinker_conformance.timeline import OutcomeKind

_C = TypeVar("_C", SamplingClient, TrainingClient, ModelCreation)


@dataclass(frozen=True, slots=True)
class _PendingModelCreation:
    """What `create_client` returns for a model that is to be created; `run` creates the model."""

    base_model: str
    checkpoint: str | None = None
    optimizer: bool = False


class _CallersObserver(QueueStateObserver):
    """An observer that a caller passes for one future; it only reports each call to the recorder."""

    def __init__(self, recorder: CallRecorder) -> None:
        self._recorder = recorder

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        self._recorder.callback(state.value, _text(reason), custom=True)


class ReferenceAdapter:
    """The adapter of the reference. See `tinker_conformance.sdk.adapter.Adapter`."""

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
        """Start a scenario with a new service client of the reference."""
        self._context = context
        profile = context.profile
        if context.read_timeout is not None:
            polling = msgspec.structs.replace(profile.polling, poll_timeout_seconds=context.read_timeout)
            profile = msgspec.structs.replace(profile, polling=polling)
        self._observer_raises = False
        self._service = ServiceClient(
            context.base_url,
            profile,
            api_key=context.api_key,
            on_telemetry=lambda name, data: _report_telemetry(context, name, data),
        )

    async def create_client(
        self, spec: ClientSpec
    ) -> SamplingClient | TrainingClient | _PendingModelCreation:
        """Create a client, and report the calls of its observer to the recorder."""
        service = self._service
        assert service is not None  # noqa: S101 - `open` came first
        match spec.kind:
            case ClientKind.SAMPLING:
                base_model = spec.base_model if spec.model_path is None else None
                return self._listened_to(await service.create_sampling_client(spec.model_path, base_model))
            case ClientKind.TRAINING:
                # The creation of its model is observed, too, so that a recorded set-up would show.
                creation = self._listened_to(service.model_creation(spec.base_model))
                return self._listened_to(await creation.create())
            case ClientKind.MODEL_CREATION:
                return _PendingModelCreation(spec.base_model, spec.checkpoint, spec.optimizer)

    def _listened_to(self, client: _C) -> _C:
        if client.observer is not None:
            self._listen_to(client.observer)
        return client

    def _listen_to(self, observer: ClientObserver) -> None:
        # An attribute of the object takes precedence over the method of its class.
        vars(observer)["on_queue_state_change"] = self._watched(observer.on_queue_state_change)

    async def run(self, client: object, call: OperationCall) -> None:
        """Submit an operation and wait for its result."""
        context = self._context
        assert context is not None  # noqa: S101 - `open` came first
        self._observer_raises = call.observer is ObserverUse.RAISING
        observer = _CallersObserver(context.recorder) if call.observer is ObserverUse.CUSTOM else None
        match client:
            case _PendingModelCreation(_, str(path), optimizer):
                assert self._service is not None  # noqa: S101 - `open` came first
                loading = self._service.checkpoint_loading(path, optimizer=optimizer)
                loading.on_observer = self._listen_to
                await loading.create()
            case _PendingModelCreation(base_model):
                assert self._service is not None  # noqa: S101 - `open` came first
                creation = self._listened_to(self._service.model_creation(base_model))
                await creation.create(observer=observer, timeout=call.timeout)
            case SamplingClient() if call.operation is Operation.COMPUTE_LOGPROBS:
                await client.compute_logprobs(observer=observer, timeout=call.timeout, cancels=call.cancels)
            case SamplingClient():
                await client.sample(observer=observer, timeout=call.timeout, cancels=call.cancels)
            case TrainingClient():
                await client.run(
                    call.operation, observer=observer, timeout=call.timeout, cancels=call.cancels
                )
            case _:
                message = (
                    f"Expected a client of the reference, got {client!r}. Pass a value of create_client."
                )
                raise TypeError(message)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Submit an operation and wait for its result, on a new event loop in this thread."""
        asyncio.run(self.run(client, call))

    def classify(self, error: BaseException) -> OutcomeKind:
        """Return the outcome that an error raised by `run` stands for."""
        return OutcomeKind(error_kind(error).value)

    def call(self, function: str, arguments: list[object]) -> object:
        """Call a public function of the reference, with the scenario's profile."""
        assert self._context is not None  # noqa: S101 - `open` came first
        return call_function(function, arguments, self._context.profile)

    async def close(self) -> None:
        """End the scenario and close the service client."""
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
    """Call one of the reference's public functions and return its value.

    Args:
        function: The name of the function.
        arguments: The arguments of the function; see `FunctionCall`.
        profile: The profile to follow.

    Raises:
        LookupError: If there is no such function.
    """
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


def _report_telemetry(context: ScenarioContext, name: str, data: object) -> None:
    context.recorder.telemetry(name, dict(data) if isinstance(data, dict) else {})
