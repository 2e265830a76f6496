"""SDKs that fail as a whole: one is silent, one crashes, one hangs, one cannot be opened."""

from __future__ import annotations

import asyncio
import logging
import os

from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter


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
