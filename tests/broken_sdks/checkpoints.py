"""SDKs that create training clients wrongly from saved states."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from fake_server.core.operations import Operation
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result
from tinker_conformance.scenario.scenario import ClientSpec
from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import Chapter, ShowsSomewhere, edited
from .patches import making
from .shows_in import loads_a_checkpoint
from .unbroken import Unbroken

SDKS: Final = Chapter()
_OLD: Final = "tinker-0.10"
_NEW: Final = "tinker-0.38"


class _WithLoad(ShowsSomewhere):
    """The reference with another body of a load that belongs to the creation of a client."""

    change: ClassVar[Callable[[Mapping[str, object]], Mapping[str, object]]]

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return loads_a_checkpoint(unbroken)

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        run = service.run

        async def changed(operation: Operation, kind: Any, body: Callable[[], Any], **more: Any) -> Any:
            loads = operation is Operation.LOAD_STATE and "step-42" in str(body().get("path"))
            made = (lambda: type(self).change(body())) if loads else body
            return await run(operation, kind, made, **more)

        service.run = changed


@SDKS.adapter(
    "loads_another_checkpoint",
    under=_NEW,
    caught_by="checkpoints.path",
    saying="wanted load 1 of tinker://run-7/weights/step-42, got load 1 of tinker://run-7/weights/latest",
)
class _LoadsAnotherCheckpoint(_WithLoad):
    @staticmethod
    def change(body: Mapping[str, object]) -> Mapping[str, object]:
        return {**body, "path": "tinker://run-7/weights/latest"}


@SDKS.adapter(
    "loses_the_optimizer_of_a_checkpoint",
    under=_OLD,
    caught_by="checkpoints.optimizer",
    saying="wanted load_weights 1 with optimizer true, got load_weights 1 with optimizer false",
)
class _LosesTheOptimizerOfACheckpoint(_WithLoad):
    @staticmethod
    def change(body: Mapping[str, object]) -> Mapping[str, object]:
        return {**body, "optimizer": False}


@SDKS.adapter(
    "loads_the_optimizer_of_every_checkpoint",
    under=_NEW,
    caught_by="checkpoints.optimizer",
    saying="wanted load_weights 1 with optimizer false, got load_weights 1 with optimizer true",
)
class _LoadsTheOptimizerOfEveryCheckpoint(_WithLoad):
    @staticmethod
    def change(body: Mapping[str, object]) -> Mapping[str, object]:
        return {**body, "optimizer": True}


@SDKS.adapter(
    "loads_a_checkpoint_into_another_model",
    under=_OLD,
    caught_by="checkpoints.into_a_new_model",
    saying="got load_weights 1 with model_id 'model-0'",
)
class _LoadsACheckpointIntoAnotherModel(_WithLoad):
    @staticmethod
    def change(body: Mapping[str, object]) -> Mapping[str, object]:
        return {**body, "model_id": "model-0"}


SDKS.edited(
    "creates_a_model_before_it_loads_a_checkpoint",
    under=_NEW,
    changes={"polling.from_checkpoint.loading_creates": False},
    caught_by="checkpoints.in_one_request",
    saying="wanted submission 1 to load_weights, got submission 1 to create_model",
    also=("checkpoints.pause", "checkpoints.failure"),
)


@SDKS.adapter(
    "does_not_observe_the_load_of_a_checkpoint",
    under=_OLD,
    caught_by="checkpoints.pause",
    saying="wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
    shows_in=loads_a_checkpoint,
)
class _DoesNotObserveTheLoadOfACheckpoint(ReferenceAdapter):
    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        run = service.run

        async def silent(
            operation: Operation, kind: Any, body: Callable[[], Any], *, own_observer: Any, **more: Any
        ) -> Any:
            loads = operation is Operation.LOAD_STATE and "step-42" in str(body().get("path"))
            return await run(operation, kind, body, own_observer=None if loads else own_observer, **more)

        service.run = silent


@SDKS.adapter(
    "takes_a_checkpoint_that_failed_for_loaded",
    under=_NEW,
    caught_by="checkpoints.failure",
    saying="wanted future 1 to end in 'failed', got 'result'",
    shows_in=loads_a_checkpoint,
)
class _TakesACheckpointThatFailedForLoaded(ReferenceAdapter):
    loads: ClassVar[bool] = False

    async def create_client(self, spec: ClientSpec) -> Any:
        type(self).loads = spec.checkpoint is not None
        return await super().create_client(spec)

    async def run(self, client: object, call: OperationCall) -> None:
        ignored = contextlib.suppress(FutureError) if self.loads else contextlib.nullcontext()
        with ignored:
            await super().run(client, call)


class _PolledAsACreation(Poll):
    __slots__ = ()

    async def result(self) -> Result:
        if self.future.operation is Operation.LOAD_STATE:
            changes = {"polling.operations.load_state.request_type": "CreateModel"}
            self.profile = edited(self.profile, changes)
        return await super().result()


@SDKS.adapter(
    "polls_the_load_of_a_checkpoint_as_a_creation",
    under=_NEW,
    caught_by="checkpoints.in_one_request",
    saying="with X-Tinker-Request-Type: LoadWeights",
    shows_in=loads_a_checkpoint,
)
class _PollsTheLoadOfACheckpointAsACreation(ReferenceAdapter):
    async def create_client(self, spec: ClientSpec) -> Any:
        service: Any = self._service
        if spec.checkpoint is not None:
            service._poll = making(_PolledAsACreation, service._poll)
        return await super().create_client(spec)
