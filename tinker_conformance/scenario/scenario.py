"""A scenario: what an SDK does, what the fake server replies, and how the clocks move, as frozen values.

Scenarios are written in YAML (see `docs/reference/scenarios.md`). `tinker_conformance.scenario.decoding`
reads them, `tinker_conformance.scenario.encoding` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from fake_server.core.operations import Operation
from fake_server.script.builder import Script
from fake_server.script.setup_replies import SetupReplies
from fake_server.script.steps import Advance
from tinker_conformance.clocks.two_clocks import DEFAULT_EPOCH
from tinker_conformance.error_families import UserError
from tinker_conformance.queue_state import ClientKind


class ScenarioError(UserError):
    """A scenario that cannot be run; the text names the place and the fix."""


class ObserverUse(StrEnum):
    """Which observer the SDK notifies of a future's queue state."""

    DEFAULT = "default"
    """The observer of the client that submitted the future."""
    RAISING = "raising"
    """The client's observer, made to raise an exception at each call."""
    CUSTOM = "custom"
    """An observer that the caller passes in for this future, if the SDK supports that."""
    NONE = "none"
    """No observer: the caller switches off the client's for this future, if the SDK supports that."""


class ClientSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A client that a scenario uses.

    Attributes:
        name: The client's name within the scenario.
        kind: The kind of client.
        id: For training, the model's id on the server; for sampling, the sampling session's id; for the
            creation of a model, the base model's name.
        model_path: The weights that a sampling client samples from; None samples from `base_model`.
        base_model: The base model's name.
        checkpoint: The path of the saved state from which a model is created; None creates the model from
            `base_model`. The script of the future answers the polls for the load.
        optimizer: Whether the optimizer's state is loaded with `checkpoint`.
    """

    name: str
    kind: ClientKind
    id: str
    model_path: str | None
    base_model: str
    checkpoint: str | None = None
    optimizer: bool = False


class FutureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One operation that a client submits, and the script of its future: the server's replies to polls.

    Attributes:
        client: The name of the client that submits the operation.
        operation: The operation.
        script: The replies to the future's polls.
        observer: Which observer the SDK notifies of the future's queue state.
        timeout: How long the caller waits for the result, seconds; None waits without a limit.
        cancels: Whether the caller gives up the future after `timeout`, and not only the wait for it.
        before: How the clocks move before the operation is submitted; on threads, before a new round.
        id: The future's id on the server, which polls send as `request_id`; None for `future-1`, `future-2`,
            …, by the future's number in the scenario.
    """

    client: str
    operation: Operation
    script: Script
    observer: ObserverUse = ObserverUse.DEFAULT
    timeout: float | None = None
    cancels: bool = False
    before: tuple[Advance, ...] = ()
    id: str | None = None

    def server_id(self, number: int) -> str:
        """Return the id with which the server answers the submission of this future.

        Args:
            number: The future's number in the scenario, from 1.
        """
        return f"future-{number}" if self.id is None else self.id


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a public function of the SDK, which the kit makes in place of a future.

    Attributes:
        function: `log_state_change`, `should_log`, `reason_for_state` or `parse_queue_state`.
        arguments: Positional arguments, JSON values. For `should_log` the first is in seconds relative to
            the wall clock (`-61` is 61 s ago), or null for "never logged".
    """

    function: str
    arguments: tuple[object, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an SDK as data: its clients, what they submit, the server's replies and the clocks.

    Attributes:
        id: The scenario's name, unique in a run.
        epoch: The wall clock at the start, seconds since 1970; negative before 1970.
        uptime: The monotonic clock at the start, seconds; None leaves the clock as it is. If earlier
            scenarios have moved the clock past this value, multiples of 2**32 ms are added.
        time_zone: The environment variable `TZ` of the SDK's process; None leaves it unchanged.
        base_path: The path of the base URL that the SDK is given, such as `/team/tinker`; empty for none.
        clients: The clients, in the order in which they are created.
        setup: Replies to the requests with which an SDK creates its clients. If there are any, the timeline
            begins with the creation of the clients.
        client_config: Fields of the server's configuration of its clients, such as
            `sample_use_retrieve_futures`, that replace the defaults.
        background: The first replies to requests that an SDK sends for a whole session while its futures run
            (`retrieve_futures`, `cancel_future`); afterwards the server gives its usual replies.
        futures: The futures, in the order in which they are submitted.
        concurrent: Whether all futures are in flight at the same time, not one after another.
        threads: Whether each future is submitted and awaited on a thread of its own, in rounds (see
            `tinker_conformance.scenario.rounds`).
        calls: Calls of the SDK's functions, in a scenario without futures.
        description: Why the scenario exists, in one sentence.
        read_timeout: How long the SDK waits for a reply to one request, seconds; None leaves the SDK's
            default.
        dialect: The name of the server that the fake imitates (see `fake_server.dialects`); None for the
            official service.
    """

    id: str
    epoch: float = DEFAULT_EPOCH
    uptime: float | None = None
    time_zone: str | None = None
    base_path: str = ""
    read_timeout: float | None = None
    clients: tuple[ClientSpec, ...] = ()
    setup: tuple[SetupReplies, ...] = ()
    client_config: Mapping[str, object] = {}
    background: tuple[SetupReplies, ...] = ()
    futures: tuple[FutureSpec, ...] = ()
    concurrent: bool = False
    threads: bool = False
    calls: tuple[FunctionCall, ...] = ()
    description: str = ""
    dialect: str | None = None

    @property
    def replies(self) -> tuple[SetupReplies, ...]:
        """Return `setup` and `background`: the replies to all requests that belong to no future."""
        return (*self.setup, *self.background)

    @property
    def is_refused(self) -> bool:
        """Return whether the server refuses requests before a future exists: submissions or the set-up."""
        return bool(self.setup) or any(future.script.submission for future in self.futures)

    def client(self, name: str) -> ClientSpec:
        """Return the client with a name that a future of this scenario has."""
        return next(client for client in self.clients if client.name == name)

    @property
    def kinds(self) -> frozenset[ClientKind]:
        """Return the kinds of the scenario's clients."""
        return frozenset(client.kind for client in self.clients)

    @property
    def operations(self) -> frozenset[Operation]:
        """Return the operations that the scenario's futures submit."""
        return frozenset(future.operation for future in self.futures)


DEFAULT_OPERATION: Final[Mapping[ClientKind, Operation]] = {
    ClientKind.SAMPLING: Operation.SAMPLE,
    ClientKind.TRAINING: Operation.FORWARD_BACKWARD,
    ClientKind.MODEL_CREATION: Operation.CREATE_MODEL,
}
OPERATIONS_OF: Final[Mapping[ClientKind, frozenset[Operation]]] = {
    ClientKind.SAMPLING: frozenset({Operation.SAMPLE, Operation.COMPUTE_LOGPROBS}),
    ClientKind.MODEL_CREATION: frozenset({Operation.CREATE_MODEL}),
    ClientKind.TRAINING: frozenset(Operation)
    - {Operation.SAMPLE, Operation.COMPUTE_LOGPROBS, Operation.CREATE_MODEL},
}
FUNCTIONS: Final = ("log_state_change", "parse_queue_state", "reason_for_state", "should_log")
