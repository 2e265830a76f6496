"""The stdio protocol, version 1: what the kit and an adapter in any language say to each other.

One JSON object a line, UTF-8. The kit writes `Start`, `RunScenario` and `Go` to the adapter's standard input;
the adapter writes the others to its standard output. Unknown fields are errors on both sides, so that a
misspelt field is found at once. `docs/reference/adapter-protocol.md` is the page for authors, and
`docs/reference/adapter-protocol.schema.json` the same as a JSON schema.
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


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True): ...


# -- kit to adapter ------------------------------------------------------------------------------


class Start(_Message, frozen=True, kw_only=True, tag="start"):
    """The first line: answer it with `started`.

    Attributes:
        protocol: The version of the protocol.
        kit: The version of the kit.
    """

    protocol: int
    kit: str


class ClockToUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The clock of a scenario.

    Attributes:
        kind: Which of those that were offered.
        path: The clock file, for the kind `file`: one line, `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS`,
            replaced atomically; SEQ grows with every change.
    """

    kind: OfferedClock
    path: str | None = None


class ClientToMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client of a scenario.

    Attributes:
        name: What events call it by.
        kind: Its kind.
        id: The id that the server will give it: sampling session or model.
        base_model: The base model's name.
        model_path: The path that a sampling client samples from; null samples from `base_model`.
    """

    name: str
    kind: ClientKind
    id: str
    base_model: str
    model_path: str | None


class FutureToRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A future of a scenario.

    Attributes:
        future: Its number, from 1.
        client: The name of the client to ask.
        operation: What to ask for.
        observer: Whose observer hears of it: the client's, one that raises, or the caller's own.
        timeout: Seconds that the caller waits for the result; null for ever.
    """

    future: int
    client: str
    operation: Operation
    observer: ObserverUse
    timeout: float | None


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
    """Run a scenario: answer with events, and then with `done` or `failed`.

    Attributes:
        id: Grows by one with every scenario; each answer carries it.
        scenario: The scenario's name, for messages.
        base_url: Where the fake server answers, without a path.
        api_key: A key of the form that SDKs accept.
        clock: Which clocks to use.
        concurrent: Run all futures together; else one after another.
        stepwise: Wait for a `go` before each future.
        threads: Submit each future, and wait for it, on a thread of its own; sent only where `concurrent` is
            true, to an adapter that claims `threads`.
        clients: To be made first, in this order.
        futures: To be run, in this order.
        calls: To be made, in place of futures.
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


class Go(_Message, frozen=True, kw_only=True, tag="go"):
    """In a stepwise scenario: the clocks have moved, begin this future now."""

    id: int
    future: int


# -- adapter to kit ------------------------------------------------------------------------------


class Started(_Message, frozen=True, kw_only=True, tag="started"):
    """The adapter is ready.

    Attributes:
        protocol: The version that it speaks.
        name: The SDK's name.
        version: The SDK's version.
        language: What it is written in.
        profile: The profile that it aims at, or null.
        capabilities: What it claims.
        operations: The operations that it has.
        clocks: The clocks that it can use.
    """

    protocol: int
    name: Name
    version: Name
    language: Name
    capabilities: Annotated[frozenset[Capability], UNIQUE]
    operations: Annotated[frozenset[Operation], UNIQUE]
    clocks: tuple[OfferedClock, ...]
    profile: Name | None = None


class _Told(_Message, frozen=True, kw_only=True):
    """What all events share.

    Attributes:
        id: Of the scenario.
        client: The client's name, where it is known.
        future: The future's number, where it is known.
        seq: The SEQ that the SDK last read from the clock file.
        time: The wall clock as the SDK reads it, in seconds since 1970.
    """

    id: int
    client: str | None = None
    future: Place | None = None
    seq: Count | None = None
    time: float | None = None


class LogLine(_Told, frozen=True, kw_only=True, tag="log"):
    """The SDK logged a line."""

    level: Literal["debug", "info", "warning", "error"]
    logger: str
    message: str


class ObserverCalled(_Told, frozen=True, kw_only=True, tag="callback"):
    """The SDK called an observer; `custom` where it was the caller's own."""

    state: str
    reason: str | None = None
    custom: bool = False


class TelemetryEmitted(_Told, frozen=True, kw_only=True, tag="telemetry"):
    """The SDK emitted a telemetry event."""

    name: str
    data: dict[str, Any] = {}


class Waiting(_Message, frozen=True, kw_only=True, tag="waiting"):
    """The SDK sleeps for this future until a moment, and nothing else of it goes on.

    Attributes:
        until: Nanoseconds on the monotonic clock of the clock file.
    """

    id: int
    future: Place
    until: int
    client: str | None = None
    seq: Count | None = None
    time: float | None = None


class OutcomeTold(_Told, frozen=True, kw_only=True, tag="outcome"):
    """A future, or a call, ended.

    Attributes:
        kind: How.
        error: Type and text of the error, for every kind but `result`.
        value: What a call returned.
    """

    future: Place
    kind: OutcomeKind
    error: str | None = None
    value: Any = None


class ScenarioDone(_Message, frozen=True, kw_only=True, tag="done"):
    """The scenario ran; nothing more comes that carries its id."""

    id: int


class ScenarioFailed(_Message, frozen=True, kw_only=True, tag="failed"):
    """The scenario could not be set up."""

    id: int
    error: str


ToAdapter: TypeAlias = Start | RunScenario | Go
Event: TypeAlias = LogLine | ObserverCalled | TelemetryEmitted | Waiting | OutcomeTold
Answer: TypeAlias = Event | ScenarioDone | ScenarioFailed
FromAdapter: TypeAlias = Started | Answer

encode = msgspec.json.Encoder().encode
decode_to_adapter = msgspec.json.Decoder(ToAdapter).decode
decode_from_adapter = msgspec.json.Decoder(FromAdapter).decode
