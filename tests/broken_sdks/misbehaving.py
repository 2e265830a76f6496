"""SDKs that are broken on purpose, each a few lines over the reference and named by what it does."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, ClassVar

import msgspec

from tinker_conformance.observer import ClientObserver
from tinker_conformance.profile import LogLevel
from tinker_conformance.queue_state import Parsing
from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext
from tinker_conformance.sdk.reference import ReferenceAdapter


class _Edited(ReferenceAdapter):
    """The reference under a profile that is edited behind the judge's back."""

    observer: ClassVar[dict[str, Any]] = {}
    sampling: ClassVar[dict[str, Any]] = {}

    async def open(self, context: ScenarioContext) -> None:
        facet = context.profile.observer
        sampling = msgspec.structs.replace(facet.sampling, **self.sampling)
        facet = msgspec.structs.replace(facet, sampling=sampling, **self.observer)
        profile = msgspec.structs.replace(context.profile, observer=facet)
        await super().open(msgspec.structs.replace(context, profile=profile))


class LogsAt59Seconds(_Edited):
    observer: ClassVar[dict[str, Any]] = {"interval_seconds": 59.0}


class MissesTheBoundary(_Edited):
    observer: ClassVar[dict[str, Any]] = {"interval_inclusive": False}


class SaysOnHold(_Edited):
    sampling: ClassVar[dict[str, Any]] = {
        "message": "Sampling is on hold for sampler {identifier}. Reason: {reason}"
    }


class LogsAtInfo(_Edited):
    sampling: ClassVar[dict[str, Any]] = {"level": LogLevel.INFO}


class LowercasesTheState(_Edited):
    observer: ClassVar[dict[str, Any]] = {"parsing": Parsing.TRIMMED_LOWERCASE}


class ForgetsTheObserverInOptimStep(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        if call.operation.value == "optim_step":
            client.observer.on_queue_state_change = lambda *_: None  # type: ignore[attr-defined]
        await super().run(client, call)


class SharesOneDebounce(ReferenceAdapter):
    async def create_client(self, spec: Any) -> Any:
        client = await super().create_client(spec)
        if isinstance(client.observer, ClientObserver):
            client.observer._memory = self.__dict__.setdefault("memory", client.observer._memory)
        return client

    async def close(self) -> None:
        self.__dict__.pop("memory", None)
        await super().close()


class IsSilent(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        logging.disable(logging.CRITICAL)
        try:
            await super().run(client, call)
        finally:
            logging.disable(logging.NOTSET)


class Crashes(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        os._exit(3)


class WaitsForEver(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        await asyncio.Event().wait()


class FailsToOpen(ReferenceAdapter):
    async def open(self, context: ScenarioContext) -> None:
        raise RuntimeError("no network today")
