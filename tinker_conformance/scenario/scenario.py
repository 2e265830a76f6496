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
    """Which observer is notified of a future's queue state."""

    DEFAULT = "default"
    """The client's own."""
    RAISING = "raising"
    """The client's own, which raises an exception at each call."""
    CUSTOM = "custom"
    """One that the caller passes in for this future, if the SDK supports that."""
    NONE = "none"
    """None: the caller switches it off, if the SDK supports that."""


class ClientSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A client that a scenario uses.

    Attributes:
        name: Its name within the scenario.
        kind: The kind of client.
        id: Its id on the server: of the model, of the sampling session, or the name of the base model
            whose creation is observed.
        model_path: The weights that a sampling client samples from; None samples from `base_model`.
        base_model: The base model's name.
        checkpoint: For the creation of a model, the saved state that it loads; None creates it from
            `base_model`. The future's script answers the polls of the load.
        optimizer: Whether the optimizer's state is loaded too.
    """

    name: str
    kind: ClientKind
    id: str
    model_path: str | None
    base_model: str
    checkpoint: str | None = None
    optimizer: bool = False


class FutureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, and the script of its future.

    Attributes:
        client: Name of the client.
        operation: The operation that it submits.
        script: The replies to the future's polls.
        observer: Which observer is notified.
        timeout: Seconds that the caller waits for the result; None waits without a limit.
        cancels: Whether the caller gives the future up when that time has passed, and not only the wait.
        before: How the clocks move before the operation is submitted; on threads, before a new round.
        id: The id that the server gives the future, and polls name; None for `future-1`, `future-2`, ….
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
        """Return the id that the server gives it.

        Args:
            number: Its number in the scenario, from 1.
        """
        return f"future-{number}" if self.id is None else self.id


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of one of the SDK's public functions, after the clocks have moved.

    Attributes:
        function: `log_state_change`, `should_log`, `reason_for_state` or `parse_queue_state`.
        arguments: Positional arguments, JSON values. For `should_log` the first is in seconds relative to
            the wall clock (`-61` is 61 s ago), or null for "never logged".
    """

    function: str
    arguments: tuple[object, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run needs.

    Attributes:
        id: Unique among the scenarios of a run.
        epoch: The wall clock at the start, seconds since 1970; negative before it.
        uptime: What the monotonic clock reads at the start, seconds, or more by a multiple of 2**32 ms if
            earlier scenarios have passed it; None for where it stands.
        time_zone: The value of the environment variable `TZ` for the SDK; None for that of the run.
        base_path: The path of the base URL that the SDK is given, such as `/team/tinker`; empty for none.
        clients: In the order in which they are created.
        setup: Replies to requests with which an SDK creates its clients. With any, the timeline begins with
            the set-up.
        client_config: Fields of the server's configuration of its clients, such as
            `sample_use_retrieve_futures`, that replace the defaults.
        background: Replies to requests that an SDK sends for a whole session while its futures run
            (`retrieve_futures`, `cancel_future`), before the usual ones.
        futures: In the order in which they are submitted.
        concurrent: Whether futures are in flight at the same time, not one after another.
        threads: Whether each future is submitted and awaited on a thread of its own, in rounds (see
            `tinker_conformance.scenario.rounds`).
        calls: Calls of functions, instead of futures.
        description: Why the scenario exists, one sentence.
        read_timeout: How long the SDK waits for a reply to one request, in seconds; None for its default.
        dialect: The server that the fake speaks as (`fake_server.dialects`); None for the official service.
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
        """The replies to requests that belong to no future, of the set-up and in the background."""
        return (*self.setup, *self.background)

    @property
    def is_refused(self) -> bool:
        """Whether a request is refused before its future exists."""
        return bool(self.setup) or any(future.script.submission for future in self.futures)

    def client(self, name: str) -> ClientSpec:
        """Return the client of that name; the decoder has checked that every future's client exists."""
        return next(client for client in self.clients if client.name == name)

    @property
    def kinds(self) -> frozenset[ClientKind]:
        """The kinds of client that take part."""
        return frozenset(client.kind for client in self.clients)

    @property
    def operations(self) -> frozenset[Operation]:
        """The operations that take part."""
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
