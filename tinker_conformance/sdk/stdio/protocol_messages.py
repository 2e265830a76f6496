"""The messages of the stdio protocol, version 1, between the kit and an adapter in any language.

Each line is one JSON object in UTF-8. The kit writes `Start`, `RunScenario` and `Go` to the adapter's
standard input. The adapter writes the others to its standard output. Unknown fields are errors on both sides,
so a misspelt field is found at once. `docs/reference/adapter-protocol.md` describes the protocol for adapter
authors, and `docs/reference/adapter-protocol.schema.json` is its JSON schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ObserverUse
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.json_schema import UNIQUE
from tinker_conformance.timeline import OutcomeKind

PROTOCOL: Final = 1
"""The version of the protocol."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Place: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


OfferedClock: TypeAlias = Literal["file", "libfaketime", "wall"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True): ...


# -- kit to adapter ------------------------------------------------------------------------------


class Start(_Message, frozen=True, kw_only=True, tag="start"):
    """The first line. Answer it with `started`.

    Attributes:
        protocol: The version of the protocol.
        kit: The version of the kit.
    """

    protocol: int
    kit: str


class ClockToUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The clock of a scenario.

    Attributes:
        kind: One of the kinds of clock that the adapter offered.
        path: The clock file, for the kind `file`: one line, `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS`,
            replaced atomically. SEQ grows with every change.
    """

    kind: OfferedClock
    path: str | None = None


class ClientToMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client that the adapter is to create.

    Attributes:
        name: The client's name in events.
        kind: The kind of client.
        id: The id that the server will assign: the id of a sampling session or of a model.
        base_model: The name of the base model.
        model_path: The path that a sampling client samples from. Null: the client samples from `base_model`.
        checkpoint: The saved state that the creation of a model loads. Left out: none.
        optimizer: Whether to load the state of the optimizer, too. Left out: no.
    """

    name: str
    kind: ClientKind
    id: str
    base_model: str
    model_path: str | None
    checkpoint: str | None = None
    optimizer: bool = False


class FutureToRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A future of a scenario: an operation to submit and wait for.

    Attributes:
        future: The future's number, from 1.
        client: The name of the client to use.
        operation: The operation to submit.
        observer: The observer to notify: the client's own, one that raises, or a custom one of the caller.
        timeout: How many seconds the caller waits for the result. Null: without limit.
        cancels: Whether the caller gives up the future after the timeout. Left out: only the waiting ends.
    """

    future: int
    client: str
    operation: Operation
    observer: ObserverUse
    timeout: float | None
    cancels: bool = False


class CallToMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call of one of the SDK's public functions.

    Attributes:
        call: Its number, from 1.
        function: `log_state_change`, `parse_queue_state`, `reason_for_state` or `should_log`.
        arguments: JSON values.
    """

    call: int
    function: str
    arguments: tuple[Any, ...]


class RunScenario(_Message, frozen=True, kw_only=True, omit_defaults=True, tag="run"):
    """Run a scenario. Answer with events, then with `done` or `failed`.

    Attributes:
        id: The number of the scenario, one more each time. Copy it into every answer.
        scenario: The scenario's name, for messages.
        base_url: URL of the fake server, which may have a path.
        api_key: A key in the form that SDKs accept.
        clock: The clock to use.
        concurrent: Whether to run all futures at the same time, or else one after another.
        stepwise: Whether to wait for a `go` before each future.
        threads: Whether to submit each future, and wait for it, on its own thread. Only true where
            `concurrent` is true and the adapter claims `threads`.
        clients: The clients to create first, in this order.
        futures: The futures to run, in this order.
        calls: The functions to call, in place of futures.
        read_timeout: How long the SDK is to wait for a reply to one request, in seconds of real time. Only
            set where the adapter claims `read_timeout`.
    """

    id: int
    scenario: str
    base_url: str
    api_key: str
    clock: ClockToUse
    concurrent: bool
    stepwise: bool
    clients: tuple[ClientToMake, ...]
    futures: tuple[FutureToRun, ...]
    calls: tuple[CallToMake, ...]
    threads: bool = False
    read_timeout: float | None = None


class Go(_Message, frozen=True, kw_only=True, tag="go"):
    """Start this future of a stepwise scenario now; the clocks have moved."""

    id: int
    future: int


# -- adapter to kit ------------------------------------------------------------------------------


class Started(_Message, frozen=True, kw_only=True, tag="started"):
    """The adapter is ready.

    Attributes:
        protocol: The version of the protocol that the adapter speaks.
        name: The SDK's name.
        version: The SDK's version.
        language: The SDK's programming language.
        runtime: What runs the SDK, such as `node v20.11.1`, for reports.
        profile: The profile that the SDK follows, or null.
        capabilities: The features that the adapter claims.
        operations: The operations that the SDK has.
        clocks: The clocks that the adapter can use.
    """

    protocol: int
    name: Name
    version: Name
    language: Name
    capabilities: Annotated[frozenset[Capability], UNIQUE]
    operations: Annotated[frozenset[Operation], UNIQUE]
    clocks: tuple[OfferedClock, ...]
    profile: Name | None = None
    runtime: Name | None = None


class _ScenarioEvent(_Message, frozen=True, kw_only=True):
    """The fields that all events have.

    Attributes:
        id: The id of the message `run`.
        client: The client's name, if known.
        future: The future's number, if known.
        seq: The SEQ that the SDK last read from the clock file.
        time: The wall clock as the SDK reads it, in seconds since 1970.
    """

    id: int
    client: str | None = None
    future: Place | None = None
    seq: Count | None = None
    time: float | None = None


class LogLine(_ScenarioEvent, frozen=True, kw_only=True, tag="log"):
    """The SDK logged a line."""

    level: LogLevel
    logger: str
    message: str


class ObserverCalled(_ScenarioEvent, frozen=True, kw_only=True, tag="callback"):
    """The SDK called an observer; `custom` says whether it was the caller's own."""

    state: str
    reason: str | None = None
    custom: bool = False


class TelemetryEmitted(_ScenarioEvent, frozen=True, kw_only=True, tag="telemetry"):
    """The SDK emitted a telemetry event."""

    name: str
    data: dict[str, Any] = {}


class Waiting(_Message, frozen=True, kw_only=True, tag="waiting"):
    """The SDK sleeps for a future until a given time, and does nothing else for that future.

    Attributes:
        until: The end of the sleep, in nanoseconds of the monotonic clock in the clock file.
    """

    id: int
    future: Place
    until: int
    client: str | None = None
    seq: Count | None = None
    time: float | None = None


class OutcomeReported(_ScenarioEvent, frozen=True, kw_only=True, tag="outcome"):
    """A future or a call ended.

    Attributes:
        kind: How it ended.
        error: Type and text of the error, for every kind but `result`.
        value: The value that a call returned.
    """

    future: Place
    kind: OutcomeKind
    error: str | None = None
    value: Any = None


class ScenarioDone(_Message, frozen=True, kw_only=True, tag="done"):
    """The scenario has run. No further message carries its id."""

    id: int


class ScenarioFailed(_Message, frozen=True, kw_only=True, tag="failed"):
    """The scenario could not be set up."""

    id: int
    error: str


ToAdapter: TypeAlias = Start | RunScenario | Go
Event: TypeAlias = LogLine | ObserverCalled | TelemetryEmitted | Waiting | OutcomeReported
Answer: TypeAlias = Event | ScenarioDone | ScenarioFailed
FromAdapter: TypeAlias = Started | Answer


encode = msgspec.json.Encoder().encode
decode_to_adapter = msgspec.json.Decoder(ToAdapter).decode
decode_from_adapter = msgspec.json.Decoder(FromAdapter).decode
decode_json = msgspec.json.Decoder().decode
