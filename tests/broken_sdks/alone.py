"""An SDK that is broken for one kind of client, or for one operation, alone."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario import ClientSpec
from tinker_conformance.sdk.adapter import (
    Adapter,
    AdapterInfo,
    OperationCall,
    RunsOnThreads,
    ScenarioContext,
)
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import OutcomeKind

from .registry import BROKEN_SDKS
from .short_cut import take_short_cut

_IN: Final = ", for the clients of "
_OF: Final = ", for futures of "


def name_alone(broken: str, kind: ClientKind) -> str:
    """Return the name of a broken SDK that is broken for one kind of client alone."""
    return f"{broken}{_IN}{kind.value}"


def name_of_operation_alone(broken: str, operation: Operation) -> str:
    """Return the name of a broken SDK that is broken for one operation alone."""
    return f"{broken}{_OF}{operation.value}"


def made(name: str) -> Adapter:
    """Make the adapter of a broken SDK, or of one that is broken for something alone."""
    if _OF in name:
        broken, _, operation = name.partition(_OF)
        return OperationAlone(Operation(operation), BROKEN_SDKS[broken].make())
    broken, _, kind = name.partition(_IN)
    make = BROKEN_SDKS[broken].make
    return Alone(ClientKind(kind), make()) if kind else make()


class Alone:
    """An adapter that is one SDK for the clients of a kind, and the reference for all others."""

    info: Final[AdapterInfo] = ReferenceAdapter.info

    def __init__(self, kind: ClientKind, broken: Adapter) -> None:
        self._kind = kind
        self._broken = broken
        self._context: ScenarioContext | None = None
        self._opened: dict[bool, Adapter] = {}

    async def open(self, context: ScenarioContext) -> None:
        self._context = context

    async def create_client(self, spec: ClientSpec) -> object:
        adapter = await self._adapter(broken=spec.kind is self._kind)
        return adapter, await adapter.create_client(spec)

    async def run(self, client: object, call: OperationCall) -> None:
        assert isinstance(client, tuple)
        adapter, inner = client
        await adapter.run(inner, call)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        assert isinstance(client, tuple)
        adapter, inner = client
        assert isinstance(adapter, RunsOnThreads)
        adapter.run_on_thread(inner, call)

    def classify(self, error: BaseException) -> OutcomeKind:
        return next(iter(self._opened.values())).classify(error)

    async def close(self) -> None:
        for adapter in self._opened.values():
            await adapter.close()
        self._opened = {}

    async def _adapter(self, *, broken: bool) -> Adapter:
        if broken not in self._opened:
            adapter = self._broken if broken else ReferenceAdapter()
            assert self._context is not None
            await adapter.open(self._context)
            take_short_cut(adapter)
            self._opened[broken] = adapter
        return self._opened[broken]


class OperationAlone:
    """An adapter that is one SDK for the futures of an operation, and the reference for all others.

    A client is created when its first future of each sort is submitted.
    """

    info: Final[AdapterInfo] = ReferenceAdapter.info

    def __init__(self, operation: Operation, broken: Adapter) -> None:
        self._operation = operation
        self._broken = broken
        self._context: ScenarioContext | None = None
        self._opened: dict[bool, Adapter] = {}
        self._clients: dict[tuple[str, bool], object] = {}

    async def open(self, context: ScenarioContext) -> None:
        self._context = context

    async def create_client(self, spec: ClientSpec) -> object:
        return spec

    async def run(self, client: object, call: OperationCall) -> None:
        assert isinstance(client, ClientSpec)
        broken = call.operation is self._operation
        if broken not in self._opened:
            assert self._context is not None
            adapter = self._broken if broken else ReferenceAdapter()
            await adapter.open(self._context)
            take_short_cut(adapter)
            self._opened[broken] = adapter
        if (client.name, broken) not in self._clients:
            self._clients[client.name, broken] = await self._opened[broken].create_client(client)
        await self._opened[broken].run(self._clients[client.name, broken], call)

    def classify(self, error: BaseException) -> OutcomeKind:
        return next(iter(self._opened.values())).classify(error)

    async def close(self) -> None:
        for adapter in self._opened.values():
            await adapter.close()
        self._opened, self._clients = {}, {}
