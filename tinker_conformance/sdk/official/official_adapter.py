"""The adapter for the official Python SDK, `tinker` 0.1.0 to 0.38.0, and for its forks in the catalogue.

It drives the SDK through its public classes, as an application would. Wrappers record observer calls and
telemetry events (see `hooks`). Differences between releases are detected by features, never by version
number. One table says how each operation is called. A release has an operation if its client has the method.

Facts of the SDK that shape this module:

- All clients of the SDK use one event loop in a background thread. An operation is submitted with
  `run_coroutine_threadsafe`, which carries the caller's context variables into that loop. These variables
  identify the future of each observer call and log record.
- Creating a service client or a client blocks the caller until the server has answered (0.3 and later), so
  this adapter creates them in a thread. Since 0.38 the methods that create clients return a future of the
  client.
- `result(timeout)` stops the waiting, not the polling. A timeout here means the same, on the virtual clock.
- Pydantic models that are first built under a frozen clock break, so everything is imported and built at
  once, before the clock is frozen.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import importlib.metadata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

from fake_server.core.operations import Operation
from tinker_conformance.error_families import SdkError
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ClientSpec, ObserverUse
from tinker_conformance.sdk.adapter import AdapterInfo, Capability, OperationCall, ScenarioContext
from tinker_conformance.sdk.catalogue.catalogue_entry import DrivenSdk, SdkNames
from tinker_conformance.sdk.official.hooks import Hooks, current_observer, member
from tinker_conformance.sdk.official.setup import import_everything
from tinker_conformance.timeline import OutcomeKind

_CLEANUP_SECONDS: Final = 30.0
_NAME: Final = "conformance-kit"
_CLIENT_FUTURES: Final = "lib.public_interfaces.backcompat_training_client_future"
"""A module of the SDK. If a release has it, methods that create clients return a future of the client."""

_SESSION_POLLER: Final = "lib.session_futures_poller"
"""A module of the SDK. If a release has it, one poll can wait for all samples of a session."""

_WITH_OPTIMIZER: Final = "create_training_client_from_state_with_optimizer"
_CANCELLER: Final = "lib.internal_client_holder:InternalClientHolder"
"""A class of the SDK. If it has a method `enqueue_cancel`, the release tells the server which samples were
given up.
"""

_CAPABILITIES: Final = frozenset(
    {
        Capability.CALLBACKS,
        Capability.RAISING_OBSERVER,
        Capability.TELEMETRY,
        Capability.SAMPLING,
        Capability.TRAINING,
        Capability.MODEL_CREATION,
        Capability.TIMEOUT,
        Capability.CONCURRENCY,
        Capability.THREADS,
        Capability.SUBMISSION_RETRIES,
        Capability.OFFICIAL_PLUMBING,
        Capability.FROZEN_CLOCK,
    }
)

Arguments = Callable[[Any], Mapping[str, object]]
"""A function that takes the release's module `tinker.types` and returns the keyword arguments of a call."""


@dataclass(frozen=True, slots=True)
class _Submission:
    """How an operation is submitted.

    Attributes:
        kind: The kind of client that has the method.
        method: The name of the method. A release without this method does not have the operation.
        arguments: Returns the keyword arguments of the method.
    """

    kind: ClientKind
    method: str
    arguments: Arguments


def _prompt(types: Any) -> object:
    return types.ModelInput.from_ints([1, 2, 3])


def _sample(types: Any) -> Mapping[str, object]:
    return {
        "prompt": _prompt(types),
        "num_samples": 1,
        "sampling_params": types.SamplingParams(max_tokens=1),
    }


def _data(types: Any) -> Mapping[str, object]:
    tokens = types.TensorData(data=[2, 3, 4], dtype="int64", shape=[3])
    weights = types.TensorData(data=[1.0, 1.0, 1.0], dtype="float32", shape=[3])
    datum = types.Datum(
        model_input=_prompt(types), loss_fn_inputs={"target_tokens": tokens, "weights": weights}
    )
    return {"data": [datum], "loss_fn": "cross_entropy"}


def _training(method: str, arguments: Arguments) -> _Submission:
    return _Submission(ClientKind.TRAINING, method, arguments)


_SUBMISSIONS: Final[Mapping[Operation, _Submission]] = {
    Operation.SAMPLE: _Submission(ClientKind.SAMPLING, "sample", _sample),
    Operation.COMPUTE_LOGPROBS: _Submission(
        ClientKind.SAMPLING, "compute_logprobs", lambda types: {"prompt": _prompt(types)}
    ),
    Operation.FORWARD: _training("forward", _data),
    Operation.FORWARD_BACKWARD: _training("forward_backward", _data),
    Operation.OPTIM_STEP: _training(
        "optim_step", lambda types: {"adam_params": types.AdamParams(learning_rate=1e-4)}
    ),
    Operation.SAVE_STATE: _training("save_state", lambda _: {"name": _NAME}),
    Operation.LOAD_STATE: _training("load_state", lambda _: {"path": f"tinker://model-1/weights/{_NAME}"}),
    Operation.SAVE_WEIGHTS_FOR_SAMPLER: _training("save_weights_for_sampler", lambda _: {"name": _NAME}),
    Operation.UNLOAD_MODEL: _training("unload_model", lambda _: {}),
    Operation.SAVE_WEIGHTS_EXTERNAL: _training("save_weights_external", lambda _: {"name": _NAME}),
}


@dataclass(frozen=True, slots=True)
class _ModelCreation:
    """What `create_client` returns for a model that is to be created; `run` creates the model."""

    base_model: str
    checkpoint: str | None = None
    optimizer: bool = False


class OfficialAdapter:
    """The adapter of the installed official SDK, or of a fork of it. See `sdk.adapter.Adapter`."""

    def __init__(self, sdk: DrivenSdk | None = None) -> None:
        """Import the SDK and wrap the methods whose calls are recorded.

        Args:
            sdk: Which SDK to drive, and where its classes are; None: the official one.
        """
        driven = sdk or DrivenSdk()
        self._names = names = driven.names
        _initialise(names.initialise)
        import_everything(importlib.import_module(names.root))
        self._types = importlib.import_module(names.types_module)
        self._hooks = Hooks(names)
        self._hooks.install()
        self._failed_error, self._expired_error = _error_types(names)
        self._clients_are_futures = find_spec(names.module(_CLIENT_FUTURES)) is not None
        self._service: Any = None
        self._waiting: list[concurrent.futures.Future[Any]] = []
        self.info = AdapterInfo(
            name=driven.name,
            version=_version(driven),
            capabilities=_capabilities(names),
            operations=_operations(names),
            profile=driven.profile,
        )

    async def open(self, context: ScenarioContext) -> None:
        """Start a scenario with a new service client and, from 0.3, a new session."""
        self._hooks.recorder = context.recorder
        self._service = await asyncio.to_thread(self._new_service, context)

    def _new_service(self, context: ScenarioContext) -> object:
        service = member(self._names.service_class)(base_url=context.base_url, api_key=context.api_key)
        # Since 0.38 the first use of the holder creates the session, which must belong to no future.
        assert service.holder is not None  # noqa: S101 - reading it is the point
        return service

    async def create_client(self, spec: ClientSpec) -> object:
        """Create a sampling or training client; for a model that is to be created, return a placeholder."""
        match spec.kind:
            case ClientKind.SAMPLING:
                key, value = (
                    ("base_model", spec.base_model)
                    if spec.model_path is None
                    else ("model_path", spec.model_path)
                )
                made = await asyncio.to_thread(self._service.create_sampling_client, **{key: value})
                return await self._result(made, None) if self._clients_are_futures else made
            case ClientKind.TRAINING:
                return await self._create_model(_ModelCreation(spec.base_model), None)
            case ClientKind.MODEL_CREATION:
                return _ModelCreation(spec.base_model, spec.checkpoint, spec.optimizer)

    async def run(self, client: object, call: OperationCall) -> None:
        """Submit an operation and wait for its result.

        Raises:
            SdkError: If the scenario asks for an observer other than the client's own.
            Exception: The SDK's own error, unchanged.
        """
        with self._observing(call):
            if isinstance(client, _ModelCreation):
                await self._create_model(client, call.timeout)
            else:
                submit = self._submission(client, call)
                await self._result(_without_warnings(submit), call.timeout, cancels=call.cancels)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Submit an operation through the SDK's blocking API and wait for its result, as an application does.

        Raises:
            SdkError: If the scenario asks for an observer other than the client's own.
            Exception: The SDK's own error, unchanged.
        """
        with self._observing(call):
            if isinstance(client, _ModelCreation):
                made = self._service.create_lora_training_client(base_model=client.base_model)
                if not self._clients_are_futures:
                    return
            else:
                made = self._submission(client, call)()
            made.result()

    def _submission(self, client: object, call: OperationCall) -> Callable[[], Any]:
        """Return a function that submits the operation."""
        submission = _SUBMISSIONS[call.operation]
        return partial(getattr(client, submission.method), **submission.arguments(self._types))

    @contextmanager
    def _observing(self, call: OperationCall) -> Iterator[None]:
        """Set which observer the scenario asks for in the current future, in this block."""
        if call.observer in {ObserverUse.CUSTOM, ObserverUse.NONE}:
            message = (
                f"{self.info.name} {self.info.version} has no way to choose the observer of one future "
                f"({call.observer.value}). Run such scenarios only with SDKs that claim 'custom_observer'."
            )
            raise SdkError(message)
        token = current_observer.set(call.observer)
        try:
            yield
        finally:
            current_observer.reset(token)

    def classify(self, error: BaseException) -> OutcomeKind:
        """Return the outcome that an error raised by `run` stands for.

        Before 0.3 a failed request raised a plain ValueError, which is recognised here by its text.
        """
        if isinstance(error, self._expired_error):
            return OutcomeKind.EXPIRED
        if isinstance(error, TimeoutError):
            return OutcomeKind.TIMEOUT
        if self._failed_error is None:
            failed = isinstance(error, ValueError) and str(error).startswith("Error retrieving result: {")
        else:
            failed = isinstance(error, self._failed_error)
        return OutcomeKind.FAILED if failed else OutcomeKind.ERROR

    async def close(self) -> None:
        """End the scenario: cancel everything on the SDK's loop, so that no further request is sent."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.cancel()
        service, self._service = self._service, None
        if service is not None:
            holder = service.holder
            # A holder closes itself again when it is garbage-collected, at any time and on any thread.
            # That close waits for the loop in 0.3 to 0.5.0, and sends telemetry from 0.27.2, for 100 ms.
            holder.close = _close_nothing
            ending = asyncio.run_coroutine_threadsafe(_end_everything(holder), holder.get_loop())
            await asyncio.wait_for(asyncio.wrap_future(ending), _CLEANUP_SECONDS)
        _forget_retry_handlers(self._names)
        self._hooks.recorder = None

    async def _create_model(self, creation: _ModelCreation, seconds: float | None) -> Any:
        method, arguments = _creating(creation)
        if self._clients_are_futures:
            return await self._result(_without_warnings(getattr(self._service, method), **arguments), seconds)
        making = asyncio.ensure_future(getattr(self._service, f"{method}_async")(**arguments))
        done, _ = await asyncio.wait({making}, timeout=seconds)
        if not done:
            making.add_done_callback(_retrieve)
            raise _timed_out(seconds)
        return making.result()

    def _concurrent(self, made: Any) -> concurrent.futures.Future[Any]:
        """Return the SDK's promise of a result, of whatever class, as a `concurrent.futures.Future`."""
        if hasattr(made, "future"):
            made = made.future()
        if isinstance(made, concurrent.futures.Future):
            return made
        # A class of a fork: only its public method `result_async` can be relied on.
        return asyncio.run_coroutine_threadsafe(made.result_async(), self._service.holder.get_loop())

    async def _result(self, made: Any, seconds: float | None, *, cancels: bool = False) -> Any:
        future = self._concurrent(made)
        self._waiting.append(future)
        waiting = asyncio.ensure_future(asyncio.wrap_future(future))
        try:
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
        except asyncio.CancelledError:
            future.cancel()
            raise
        if not done:
            waiting.add_done_callback(_retrieve)
            if cancels:
                future.cancel()
                message = f"no result within {seconds} s; the future is given up"
                raise TimeoutError(message)
            raise _timed_out(seconds)
        self._waiting.remove(future)
        return waiting.result()


def _creating(creation: _ModelCreation) -> tuple[str, Mapping[str, object]]:
    """Return the name of the service client's method that creates a model, and its keyword arguments."""
    if creation.checkpoint is None:
        return "create_lora_training_client", {"base_model": creation.base_model}
    method = _WITH_OPTIMIZER if creation.optimizer else "create_training_client_from_state"
    return method, {"path": creation.checkpoint}


def _initialise(steps: Iterable[str]) -> None:
    for step in steps:
        if ":" in step:
            member(step)()
        else:
            importlib.import_module(step)


def _version(sdk: DrivenSdk) -> str:
    # The package's own `__version__` is wrong in old releases: 0.1.0 calls itself 0.0.1-alpha.1.
    try:
        return importlib.metadata.version(sdk.package)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(importlib.import_module(sdk.names.root), "__version__", "unknown"))


def _capabilities(names: SdkNames) -> frozenset[Capability]:
    more = set()
    poller = names.module(_SESSION_POLLER)
    # Its first form, in 0.26.2 and 0.27.0, polls without end and fails no sample; docs/reference/profiles.md.
    if find_spec(poller) is not None and hasattr(member(f"{poller}:SessionFuturesPoller"), "_fail"):
        more.add(Capability.SESSION_POLLING)
    if hasattr(member(names.module(_CANCELLER)), "enqueue_cancel"):
        more.add(Capability.CANCELLATION)
    if hasattr(member(names.service_class), _WITH_OPTIMIZER):
        more.add(Capability.CHECKPOINTS)
    return _CAPABILITIES | more


def _operations(names: SdkNames) -> frozenset[Operation]:
    clients = {
        ClientKind.SAMPLING: member(names.sampling_class),
        ClientKind.TRAINING: member(names.training_class),
    }
    found = {
        operation
        for operation, submission in _SUBMISSIONS.items()
        if hasattr(clients[submission.kind], submission.method)
    }
    return frozenset(found | {Operation.CREATE_MODEL})


def _error_types(names: SdkNames) -> tuple[type[BaseException] | None, type[BaseException]]:
    exceptions: Any = importlib.import_module(names.module("_exceptions"))
    retryable: Any = importlib.import_module(names.module("lib.retryable_exception"))
    return getattr(exceptions, "RequestFailedError", None), retryable.RetryableException


def _without_warnings(function: Callable[..., Any], **arguments: object) -> Any:
    # Warnings about deprecated methods (load_state from 0.36) are not events of a scenario.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(**arguments)


def _timed_out(seconds: float | None) -> TimeoutError:
    return TimeoutError(f"no result within {seconds} s; the SDK goes on polling")


def _retrieve(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


def _close_nothing() -> None:
    """Do nothing; replaces the `close` of an SDK object that is closed already."""


def _forget_retry_handlers(names: SdkNames) -> None:
    # Handlers are cached by sampler name, also for the next scenario, and keep the holder alive.
    sampling: Any = importlib.import_module(names.module("lib.public_interfaces.sampling_client"))
    sampling._get_retry_handler.cache_clear()  # noqa: SLF001 - there is no public way


async def _end_everything(holder: Any) -> None:
    this = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not this]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for pool in holder._client_pools.values():  # noqa: SLF001 - there is no public way
        for client in pool._clients:  # noqa: SLF001
            await client.close()
