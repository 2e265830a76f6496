"""The clients of the reference, a small SDK of the Tinker API.

A `FutureError` (see `failures`) says how a future ended, and `error_kind` classifies any exception of a call.
A call that the profile's SDK does not have raises `UserError`. A request that the server refuses for good
raises `FutureError`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from fake_server.core.operations import Operation
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import FromCheckpoint, Identifier, SamplerAddress
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.reference.client_base import Service, text_of
from tinker_conformance.reference.failures import ErrorKind, FutureError, error_kind
from tinker_conformance.reference.observer import ClientObserver, QueueStateObserver
from tinker_conformance.reference.request_bodies import model_body, sample_body, training_body
from tinker_conformance.reference.retry import SamplingRetries
from tinker_conformance.reference.wire import Result

__all__ = [
    "CheckpointLoading",
    "ErrorKind",
    "FutureError",
    "ModelCreation",
    "Result",
    "SamplingClient",
    "ServiceClient",
    "TrainingClient",
    "error_kind",
]


class ServiceClient(Service):
    """The client that creates all other clients; `Service` describes its arguments and how to close it."""

    async def create_sampling_client(
        self, model_path: str | None = None, base_model: str | None = None
    ) -> SamplingClient:
        """Create a sampling client for saved weights or a base model.

        Raises:
            FutureError: The server did not create the sampling session.
        """
        await self.ready()
        session = None
        if self.profile.polling.sampler_address is SamplerAddress.SESSION:
            number = self.next_sampler()
            reply = await self.post(
                "/api/v1/create_sampling_session",
                {
                    "type": "create_sampling_session",
                    "session_id": self.session,
                    "sampling_session_seq_id": number,
                    "model_path": model_path,
                    "base_model": base_model,
                },
                self.profile.polling.submission.sessions,
            )
            session = text_of(reply, "sampling_session_id")
        return SamplingClient(self, session=session, model_path=model_path, base_model=base_model)

    def model_creation(self, base_model: str) -> ModelCreation:
        """Return an unstarted creation of a model, whose observer a caller can wrap before starting it."""
        return ModelCreation(self, base_model)

    def checkpoint_loading(self, path: str, *, optimizer: bool = False) -> CheckpointLoading:
        """Return an unstarted creation of a model from a saved state.

        Args:
            path: The path of the saved state.
            optimizer: Whether to load the optimizer's state too.

        Raises:
            UserError: The SDK that the profile describes cannot create a model from a saved state.
        """
        rules = self.profile.polling.from_checkpoint
        if rules is None:
            message = (
                f"{self.profile.name} creates no models from saved states; create one and load the state"
            )
            raise UserError(message)
        return CheckpointLoading(self, path, rules, optimizer=optimizer)

    async def create_training_client(
        self, base_model: str, observer: QueueStateObserver | None = None
    ) -> TrainingClient:
        """Create a model and return its training client; see `ModelCreation.create`."""
        return await self.model_creation(base_model).create(observer=observer)


class SamplingClient:
    """A client that samples from one model.

    Attributes:
        observer: The client's own observer; a caller may wrap its method `on_queue_state_change`.
        session: The sampling session's id; None in profiles without sampling sessions.
    """

    def __init__(
        self, service: ServiceClient, *, session: str | None, model_path: str | None, base_model: str | None
    ) -> None:
        facet = service.profile.observer
        names = {
            Identifier.SAMPLING_SESSION_ID: session,
            Identifier.MODEL_PATH: model_path,
            Identifier.BASE_MODEL: base_model,
        }
        self.observer = ClientObserver(ClientKind.SAMPLING, names.get(facet.sampling.identifier), facet)
        self.session = session
        self._service = service
        self._model_path = model_path
        self._base_model = base_model
        self._retries = SamplingRetries(service.profile.polling)
        self._requests = itertools.count()

    async def sample(
        self,
        *,
        observer: QueueStateObserver | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see `ServiceClient.run`
        cancels: bool = False,
    ) -> Result:
        """Sample one token after a fixed prompt.

        Args:
            observer: An observer to notify in place of the client's own; None notifies the client's own.
            timeout: How long to wait for the result, seconds; None waits without a limit.
            cancels: Whether to give up the future after `timeout`, and not only the wait for it.
        """
        return await self._run(Operation.SAMPLE, observer, timeout, cancels=cancels)

    async def compute_logprobs(
        self,
        *,
        observer: QueueStateObserver | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see `ServiceClient.run`
        cancels: bool = False,
    ) -> Result:
        """Compute the log-probabilities of a fixed prompt; arguments as in `sample`."""
        return await self._run(Operation.COMPUTE_LOGPROBS, observer, timeout, cancels=cancels)

    async def _run(
        self,
        operation: Operation,
        observer: QueueStateObserver | None,
        limit: float | None,
        *,
        cancels: bool,
    ) -> Result:
        def body() -> Mapping[str, object]:
            return sample_body(
                self._service.profile.polling,
                session=self.session,
                model_path=self._model_path,
                base_model=self._base_model,
                seq_id=next(self._requests),
                prompt_logprobs=operation is Operation.COMPUTE_LOGPROBS,
            )

        return await self._service.run(
            operation,
            ClientKind.SAMPLING,
            body,
            observer=observer,
            own_observer=self.observer,
            retries=self._retries,
            sampler=self.session,
            timeout=limit,
            cancels=cancels,
        )


class ModelCreation:
    """The creation of one model.

    Attributes:
        observer: The creation's own observer; None in profiles that do not observe the creation of a model.
    """

    def __init__(self, service: ServiceClient, base_model: str) -> None:
        facet = service.profile.observer
        observed = facet.model_creation is not None
        self.observer = ClientObserver(ClientKind.MODEL_CREATION, base_model, facet) if observed else None
        self._service = service
        self._base_model = base_model

    async def create(
        self,
        *,
        observer: QueueStateObserver | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see `ServiceClient.run`
    ) -> TrainingClient:
        """Create the model and return its training client.

        Args:
            observer: An observer to notify in place of the creation's own; None notifies the creation's own.
            timeout: How long to wait for the model, seconds; None waits without a limit.
        """
        await self._service.ready()
        number = self._service.next_model()
        result = await self._service.run(
            Operation.CREATE_MODEL,
            ClientKind.MODEL_CREATION,
            lambda: model_body(session=self._service.session, base_model=self._base_model, seq_id=number),
            observer=observer,
            own_observer=self.observer,
            timeout=timeout,
        )
        return TrainingClient(self._service, text_of(result.body or {}, "model_id"))


class CheckpointLoading:
    """The creation of a model from a saved state.

    Attributes:
        on_observer: Called with each observer before that observer is notified, so that a caller can wrap it.
    """

    def __init__(self, service: ServiceClient, path: str, rules: FromCheckpoint, *, optimizer: bool) -> None:
        self.on_observer: Callable[[ClientObserver], None] = lambda _: None
        self._service = service
        self._path = path
        self._rules = rules
        self._optimizer = optimizer

    async def create(self) -> TrainingClient:
        """Create the model with the saved state and return its training client.

        Raises:
            FutureError: The model was not created, or the state was not loaded.
        """
        await self._service.ready()
        making = self._create_by_loading() if self._rules.loading_creates else self._create_and_load()
        return await (self._service.drained(making) if self._rules.failure_drains_again else making)

    async def _create_and_load(self) -> TrainingClient:
        info = await self._service.post(
            "/api/v1/weights_info",
            {"tinker_path": self._path},
            self._service.profile.polling.submission.sessions,
        )
        creation = self._service.model_creation(text_of(info, "base_model"))
        if creation.observer is not None:
            self.on_observer(creation.observer)
        client = await creation.create()
        self.on_observer(client.observer)
        await client.load(self._path, optimizer=self._optimizer)
        return client

    async def _create_by_loading(self) -> TrainingClient:
        number, session = self._service.next_model(), self._service.session
        model_id = f"{session}:train:{number}"
        observer = ClientObserver(ClientKind.MODEL_CREATION, model_id, self._service.profile.observer)
        self.on_observer(observer)
        await self._service.run(
            Operation.LOAD_STATE,
            ClientKind.MODEL_CREATION,
            lambda: {
                "type": "load_weights",
                "session_id": session,
                "model_seq_id": number,
                "path": self._path,
                "optimizer": self._optimizer,
            },
            observer=None,
            own_observer=observer,
        )
        return TrainingClient(self._service, model_id)


class TrainingClient:
    """A client that trains one model; each method submits one operation and returns its result.

    Attributes:
        observer: The client's own observer; a caller may wrap its method `on_queue_state_change`.
        model_id: The model's id on the server.
    """

    def __init__(self, service: ServiceClient, model_id: str) -> None:
        self.observer = ClientObserver(ClientKind.TRAINING, model_id, service.profile.observer)
        self.model_id = model_id
        self._service = service
        self._requests = itertools.count(1)

    async def run(
        self,
        operation: Operation,
        *,
        observer: QueueStateObserver | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see `ServiceClient.run`
        cancels: bool = False,
    ) -> Result:
        """Submit an operation with a small fixed input and return its result.

        Args:
            operation: An operation of training clients.
            observer: An observer to notify in place of the client's own; None notifies the client's own.
            timeout: How long to wait for the result, seconds; None waits without a limit.
            cancels: Whether to give up the future after `timeout`, and not only the wait for it.

        Raises:
            UserError: The profile has no such operation, or takes no observer.
            FutureError: The future ended without a result.
        """
        number = next(self._requests)
        return await self._service.run(
            operation,
            ClientKind.TRAINING,
            lambda: training_body(
                self._service.profile.polling, operation, model_id=self.model_id, seq_id=number
            ),
            observer=observer,
            own_observer=self.observer,
            timeout=timeout,
            cancels=cancels,
        )

    async def load(self, path: str, *, optimizer: bool) -> Result:
        """Load a saved state.

        Args:
            path: The path of the saved state.
            optimizer: Whether to load the optimizer's state too.
        """
        number = next(self._requests)
        body = {
            "type": "load_weights",
            "model_id": self.model_id,
            "seq_id": number,
            "path": path,
            "optimizer": optimizer,
        }
        return await self._service.run(
            Operation.LOAD_STATE,
            ClientKind.TRAINING,
            lambda: body,
            observer=None,
            own_observer=self.observer,
        )

    async def forward(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Run a forward pass."""
        return await self.run(Operation.FORWARD, observer=observer)

    async def forward_backward(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Run a forward and a backward pass."""
        return await self.run(Operation.FORWARD_BACKWARD, observer=observer)

    async def optim_step(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Run one step of the optimizer."""
        return await self.run(Operation.OPTIM_STEP, observer=observer)

    async def save_state(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Save the weights and the optimizer state."""
        return await self.run(Operation.SAVE_STATE, observer=observer)

    async def load_state(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Load saved weights."""
        return await self.run(Operation.LOAD_STATE, observer=observer)

    async def save_weights_for_sampler(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Save weights for sampling clients."""
        return await self.run(Operation.SAVE_WEIGHTS_FOR_SAMPLER, observer=observer)

    async def unload_model(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Unload the model (official 0.1)."""
        return await self.run(Operation.UNLOAD_MODEL, observer=observer)

    async def save_weights_external(self, *, observer: QueueStateObserver | None = None) -> Result:
        """Save weights in a format for other programs (official since 0.28)."""
        return await self.run(Operation.SAVE_WEIGHTS_EXTERNAL, observer=observer)
