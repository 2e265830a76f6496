"""The seam between the kit and an SDK written in Python.

An adapter is a class with the five methods of `Adapter`. It runs in a worker process of its own, where the
clocks are frozen and every httpx client talks to the fake server; the kit starts the worker, and the adapter
need not know. `docs/reference/adapter-protocol.md` walks through one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import ClientSpec, ObserverUse
from tinker_conformance.timeline import OutcomeKind


class Capability(StrEnum):
    """What an SDK may leave out; its adapter claims what it has.

    Parsing, trigger, reasons, messages and debounce are not here: an SDK without them is not a subject for
    this kit.
    """

    CALLBACKS = "callbacks"
    """The adapter can see the SDK call its observer. Without it, states are judged by the log lines."""
    RAISING_OBSERVER = "raising_observer"
    """The adapter can make the client's observer raise."""
    CUSTOM_OBSERVER = "custom_observer"
    """A caller may hand in an observer of its own for one future."""
    TELEMETRY = "telemetry"
    """The adapter can see the SDK's telemetry events."""
    LOGGER_FUNCTIONS = "logger_functions"
    """`log_state_change`, `should_log` and `reason_for_state` are public."""
    PARSE_FUNCTION = "parse_function"
    """The SDK's parser of states can be called by itself."""
    SAMPLING = "sampling"
    """The SDK has a sampling client."""
    TRAINING = "training"
    """The SDK has a training client."""
    MODEL_CREATION = "model_creation"
    """The SDK creates models by a polled future that the adapter can script."""
    TIMEOUT = "timeout"
    """A caller may limit the time that it waits for a result."""
    CONCURRENCY = "concurrency"
    """Several futures may be in flight on one client."""
    THREADS = "threads"
    """Futures of one client may be submitted, and waited for, on several threads at once."""
    OFFICIAL_PLUMBING = "official_plumbing"
    """The SDK shares accidents of the official one's plumbing: results in protobuf alone, failures that its
    telemetry holds back, the texts of Python's errors in log lines."""
    FROZEN_CLOCK = "frozen_clock"
    """The kit moves the SDK's wall and monotonic clocks."""
    VIRTUAL_SLEEP = "virtual_sleep"
    """An adapter over stdio tells when the SDK sleeps, so that the kit can move its clock to the end of that.
    In process every SDK has it, claimed or not."""


class Transport(StrEnum):
    """How an in-process SDK reaches the fake server."""

    HTTPX = "httpx"
    """By httpx clients, which respx intercepts: no socket is opened."""
    SOCKET = "socket"
    """By anything else, over a loopback socket."""


class AdapterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter says of its SDK before anything else.

    Attributes:
        name: The SDK's name.
        version: The SDK's version.
        language: What it is written in.
        capabilities: What it claims.
        operations: The operations it has.
        profile: Name of the profile that it aims at, or None.
        transport: How it reaches the fake server.
    """

    name: str
    version: str
    language: str = "python"
    capabilities: frozenset[Capability] = frozenset()
    operations: frozenset[Operation] = frozenset()
    profile: str | None = None
    transport: Transport = Transport.HTTPX


class CallRecorder(Protocol):
    """Where an adapter tells what it alone can see; log lines are seen without it."""

    def callback(self, state: str, reason: str | None = None, *, custom: bool = False) -> None:
        """The SDK called an observer with this state, as it names it, and this reason, if any."""

    def telemetry(self, name: str, data: dict[str, object] | None = None) -> None:
        """The SDK emitted a telemetry event."""


class ScenarioContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter is given at the start of a scenario.

    Attributes:
        base_url: Where the fake server answers.
        api_key: A key of the form that SDKs accept; any value does for the fake server.
        profile: What the SDK is judged by. Of use to the reference only: an SDK that looked at it would
            judge itself.
        recorder: Where to tell of observer calls and telemetry.
    """

    base_url: str
    api_key: str
    profile: Profile
    recorder: CallRecorder


class OperationCall(msgspec.Struct, frozen=True, kw_only=True):
    """One operation to carry out.

    Attributes:
        operation: What to ask of the client.
        observer: Whose observer is to hear of the future.
        timeout: Seconds to wait for the result, or None for ever.
        future: The future's place in the scenario, from 1.
    """

    operation: Operation
    observer: ObserverUse
    timeout: float | None
    future: int


@runtime_checkable
class Adapter(Protocol):
    """An SDK, as the kit drives it. Made once for a worker process."""

    @property
    def info(self) -> AdapterInfo:
        """Who the SDK is and what it claims."""

    async def open(self, context: ScenarioContext) -> None:
        """Begins a scenario: whatever clients share (a session, say) is made here, anew."""

    async def create_client(self, spec: ClientSpec) -> object:
        """Makes a client; the value is handed back in `run`."""

    async def run(self, client: object, call: OperationCall) -> None:
        """Submits an operation and waits for its result; an error of the SDK is raised as it is."""

    def classify(self, error: BaseException) -> OutcomeKind:
        """Says what an error raised by `run` means."""

    async def close(self) -> None:
        """Ends the scenario: closes clients, cancels what runs in the background."""


@runtime_checkable
class RunsOnThreads(Protocol):
    """What an adapter adds that claims `threads`."""

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Submits an operation and waits for its result, as `run`, but blocks until then.

        The kit calls it on several threads at once, each of them new, with the same clients. What waits for
        the clock there does so by `time.sleep`, or on an event loop of the thread's own.
        """


@runtime_checkable
class CallsFunctions(Protocol):
    """What an adapter adds that claims `logger_functions` or `parse_function`."""

    def call(self, function: str, arguments: list[object]) -> object:
        """Calls a public function of the SDK and returns its value as JSON."""
