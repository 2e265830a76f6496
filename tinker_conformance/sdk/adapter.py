"""The interface between the kit and an SDK written in Python.

An adapter is a class with the members of `Adapter`. The kit runs it in its own worker process, where the
clocks are frozen and every httpx client talks to the fake server. `docs/how-to/adapter-in-python.md` shows
how to write one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.error_families import ConformanceError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import ClientSpec, ObserverUse
from tinker_conformance.timeline import OutcomeKind


class Capability(StrEnum):
    """A feature that an SDK may lack; the adapter claims the features that its SDK has.

    The chapters parsing, trigger, reasons, messages and debounce need no capability: they apply to every SDK.
    """

    CALLBACKS = "callbacks"
    """The adapter sees the SDK call its observer. Without this claim, queue states are judged by the log
    lines.
    """
    RAISING_OBSERVER = "raising_observer"
    """The adapter can make the client's observer raise."""
    CUSTOM_OBSERVER = "custom_observer"
    """A caller can pass its own observer for one future."""
    TELEMETRY = "telemetry"
    """The adapter sees the SDK's telemetry events."""
    LOGGER_FUNCTIONS = "logger_functions"
    """`log_state_change`, `should_log` and `reason_for_state` are public."""
    PARSE_FUNCTION = "parse_function"
    """The SDK's parser of queue states is public."""
    SAMPLING = "sampling"
    """The SDK has a sampling client."""
    TRAINING = "training"
    """The SDK has a training client."""
    MODEL_CREATION = "model_creation"
    """The SDK creates models through a polled future."""
    TIMEOUT = "timeout"
    """A caller can limit how long it waits for a result."""
    READ_TIMEOUT = "read_timeout"
    """The adapter can set how long the SDK waits for a reply to one request, in real time on a socket."""
    CONCURRENCY = "concurrency"
    """One client can have several futures in flight."""
    THREADS = "threads"
    """Several threads can submit futures of one client, and wait for them, at the same time."""
    SUBMISSION_RETRIES = "submission_retries"
    """The SDK itself sends a submission again that the server has refused for the moment."""
    CHECKPOINTS = "checkpoints"
    """The SDK creates training clients from saved states, with or without the state of the optimizer."""
    CANCELLATION = "cancellation"
    """A caller can give up a future: the SDK stops polling it, and may tell the server."""
    SESSION_POLLING = "session_polling"
    """Samples of a client share one poll for their session, if the server's configuration asks for that."""
    OFFICIAL_PLUMBING = "official_plumbing"
    """The SDK shares internals with the official one: it takes results in protobuf only, its telemetry leaves
    some failures out, and its log lines have the texts of Python's errors.
    """
    FROZEN_CLOCK = "frozen_clock"
    """The kit moves the SDK's wall and monotonic clocks."""
    VIRTUAL_SLEEP = "virtual_sleep"
    """An adapter over stdio reports when the SDK sleeps, so that the kit can move the clock to the end of the
    sleep. The kit sees the sleeps of an SDK in its own Python worker, whether or not this is claimed.
    """


class Transport(StrEnum):
    """How an SDK in the kit's worker process reaches the fake server."""

    HTTPX = "httpx"
    """Through httpx clients, which respx intercepts. No socket is opened."""
    SOCKET = "socket"
    """Through any other HTTP client, over a loopback socket."""


class AdapterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The identity of an SDK, and what its adapter claims.

    Attributes:
        name: The SDK's name.
        version: The SDK's version.
        language: The SDK's programming language.
        runtime: What runs the SDK, such as `node v20.11.1`. For an adapter in Python the kit sets this.
        capabilities: The features that the adapter claims.
        operations: The operations that the SDK has.
        profile: The name of the profile that the SDK follows; None if the adapter names none.
        transport: How an SDK in Python reaches the fake server.
    """

    name: str
    version: str
    language: str = "python"
    runtime: str = ""
    capabilities: frozenset[Capability] = frozenset()
    operations: frozenset[Operation] = frozenset()
    profile: str | None = None
    transport: Transport = Transport.HTTPX


class ObserverRaisedError(ConformanceError, RuntimeError):
    """Raised in the SDK's call of its observer, where the scenario asks for an observer that raises."""


class CallRecorder(Protocol):
    """The object to which an adapter reports what only the adapter can see.

    The kit records log lines itself.
    """

    def callback(self, state: str, reason: str | None = None, *, custom: bool = False) -> None:
        """Record that the SDK called an observer.

        Args:
            state: The queue state, as the SDK names it.
            reason: The reason, if the SDK passed one to the observer.
            custom: Whether the observer was the caller's own rather than the client's.
        """

    def telemetry(self, name: str, data: dict[str, object] | None = None) -> None:
        """Record that the SDK emitted a telemetry event.

        Args:
            name: The name of the event.
            data: The other fields of the event.
        """


class ScenarioContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an SDK needs to know for one scenario; passed to `Adapter.open`.

    Attributes:
        base_url: The URL of the fake server.
        api_key: A key in the form that SDKs accept. The fake server accepts any value.
        profile: The profile that the SDK is judged by. Only the reference may read it: any other SDK would
            adapt itself to the expected behaviour.
        recorder: Takes the reports of observer calls and telemetry events.
        read_timeout: How long the SDK is to wait for a reply to one request, in seconds; None for its
            default. Only set for an adapter that claims `read_timeout`.
    """

    base_url: str
    api_key: str
    profile: Profile
    recorder: CallRecorder
    read_timeout: float | None = None


class OperationCall(msgspec.Struct, frozen=True, kw_only=True):
    """One operation that the SDK is to submit.

    Attributes:
        operation: The operation.
        observer: Which observer the SDK is to notify of the future's queue states.
        timeout: How many seconds to wait for the result, or None to wait without limit.
        cancels: Whether to give up the future after the timeout. If not, only the waiting ends.
        future: The future's number in the scenario, from 1.
    """

    operation: Operation
    observer: ObserverUse
    timeout: float | None
    future: int
    cancels: bool = False


@runtime_checkable
class Adapter(Protocol):
    """A class that drives one SDK for the kit. The kit creates one object of it per worker process."""

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""

    async def open(self, context: ScenarioContext) -> None:
        """Start a scenario.

        Create everything that its clients share, such as a session, for this scenario alone.
        """

    async def create_client(self, spec: ClientSpec) -> object:
        """Create a client and return it; the kit passes that value back to `run`."""

    async def run(self, client: object, call: OperationCall) -> None:
        """Submit an operation and wait for its result.

        Args:
            client: A value that `create_client` returned.
            call: The operation.

        Raises:
            Exception: The SDK's own error, unchanged.
        """

    def classify(self, error: BaseException) -> OutcomeKind:
        """Return the outcome that an error raised by `run` stands for."""

    async def close(self) -> None:
        """End the scenario: close the clients and cancel background work."""


@runtime_checkable
class RunsOnThreads(Protocol):
    """The method that an adapter must have to claim `threads`."""

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        """Submit an operation and block until its result is there.

        The kit calls this method on several new threads at the same time, with the same clients. Code that
        waits for the clock must use `time.sleep`, or an event loop that belongs to its thread.

        Args:
            client: A value that `create_client` returned.
            call: The operation.

        Raises:
            Exception: The SDK's own error, unchanged.
        """


@runtime_checkable
class CallsFunctions(Protocol):
    """The method that an adapter must have to claim `logger_functions` or `parse_function`."""

    def call(self, function: str, arguments: list[object]) -> object:
        """Call a public function of the SDK and return its value as JSON."""
