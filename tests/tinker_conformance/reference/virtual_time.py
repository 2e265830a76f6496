"""A server that answers polls from a list, and an event loop whose time jumps to the next timer."""

from __future__ import annotations

import asyncio
import json
import selectors
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest import mock

import httpx

from fake_server.operations import Operation
from tinker_conformance.profile.profile import Profile
from tinker_conformance.reference.clients import ServiceClient, TrainingClient
from tinker_conformance.reference.observer import QueueStateObserver

T = TypeVar("T")
EPOCH = 1_750_000_000.0


class _Jumps(selectors.DefaultSelector):
    """A selector that moves virtual time instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("the loop would wait for ever")
        if not ready and timeout:
            self.now += timeout
        return ready


class Clock:
    """The clocks of a test: virtual time, and steps of the wall clock."""

    def __init__(self) -> None:
        self.selector = _Jumps()
        self.wall_offset = EPOCH

    def now(self) -> float:
        return self.selector.now

    def advance(self, seconds: float) -> None:
        self.selector.now += seconds

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        loop = asyncio.SelectorEventLoop(self.selector)
        loop.time = self.now  # type: ignore[method-assign]
        with (
            mock.patch.object(time, "time", lambda: self.wall_offset + self.now()),
            mock.patch.object(time, "monotonic", lambda: 1000 + self.now()),
            asyncio.Runner(loop_factory=lambda: loop) as runner,
        ):
            return runner.run(coroutine)


Step = httpx.Response | Exception | float
"""A reply, a fault of the transport, or seconds that pass before the next reply."""


def timeout(**body: object) -> httpx.Response:
    return httpx.Response(408, json=body)


def try_again(**body: object) -> httpx.Response:
    return httpx.Response(200, json={"type": "try_again", "request_id": "r-1", **body})


def status(code: int, **body: object) -> httpx.Response:
    return httpx.Response(code, json=body)


def done(**body: object) -> httpx.Response:
    complete = {
        "sequences": [],
        "loss_fn_output_type": "x",
        "loss_fn_outputs": [],
        "metrics": {},
        "path": "tinker://x",
        "model_id": "model-1",
    }
    return httpx.Response(200, json={**complete, **body})


def protobuf() -> httpx.Response:
    return httpx.Response(200, content=b"\x00", headers={"content-type": "application/x-protobuf"})


def dropped() -> httpx.ConnectError:
    return httpx.ConnectError("refused")


@dataclass
class Asked:
    """A poll as the server saw it."""

    at: float
    request_id: object
    body: Mapping[str, object]
    headers: httpx.Headers


@dataclass
class Server:
    """Answers polls in order from `steps`, and everything else as set-up."""

    clock: Clock
    steps: list[Step]
    polls: list[Asked] = field(default_factory=list)
    submissions: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        body = json.loads(request.content)
        if path == "retrieve_future":
            return self._poll(request, body)
        match path:
            case "create_session":
                return httpx.Response(200, json={"session_id": "session-1"})
            case "create_sampling_session":
                return httpx.Response(200, json={"sampling_session_id": "sampler-1"})
            case "client/config" | "client/dynamic_config":
                return httpx.Response(200, json={})
            case _:
                self.submissions.append((path, body))
                return httpx.Response(200, json={"request_id": f"r-{len(self.submissions)}"})

    def _poll(self, request: httpx.Request, body: Mapping[str, object]) -> httpx.Response:
        self.polls.append(Asked(self.clock.now(), body["request_id"], body, request.headers))
        while isinstance(self.steps[0], float | int):
            self.clock.advance(self.steps.pop(0))  # type: ignore[arg-type]
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, httpx.Response)
        return step


@dataclass
class Seen:
    """Everything that a run recorded."""

    server: Server
    calls: list[tuple[str, object]]
    telemetry: list[tuple[str, Mapping[str, object]]]
    error: BaseException | None
    took: float

    @property
    def gaps(self) -> list[float]:
        times = [poll.at for poll in self.server.polls]
        return [round(later - earlier, 6) for earlier, later in zip(times, times[1:], strict=False)]


class RaisedError(RuntimeError):
    """Raised by an observer that raises."""


def watch(observer: Any, calls: list[tuple[str, object]], *, raising: bool) -> None:
    """Records the observer's calls, then lets it do what it does, or raises."""
    original = observer.on_queue_state_change

    def recorded(state: Any, *reason: object) -> None:
        calls.append((state.value, reason[0] if reason else "no reason passed"))
        if raising:
            raise RaisedError(state.value)
        original(state, *reason)

    observer.on_queue_state_change = recorded


def play(
    profile: Profile,
    *steps: Step,
    operation: Operation = Operation.SAMPLE,
    observer_for_call: QueueStateObserver | None = None,
    raising: bool = False,
) -> Seen:
    """Runs one operation of a fresh client against a script; an error of it is kept, not raised.

    `raising` has the client's own observer raise `RaisedError`.
    """
    clock = Clock()
    calls: list[tuple[str, object]] = []
    telemetry: list[tuple[str, Mapping[str, object]]] = []
    server = Server(clock, list(steps))

    async def main() -> BaseException | None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
            service = ServiceClient(
                "http://tinker.test", profile, http=http, on_telemetry=lambda n, d: telemetry.append((n, d))
            )
            client: Any
            if operation in (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS):
                client = await service.create_sampling_client(base_model="base")
            elif operation is Operation.CREATE_MODEL:
                client = service.model_creation("base")
            else:
                client = TrainingClient(service, "model-1")
            if client.observer is not None:
                watch(client.observer, calls, raising=raising)
            options = {} if observer_for_call is None else {"observer": observer_for_call}
            method = "create" if operation is Operation.CREATE_MODEL else operation.value
            try:
                await getattr(client, method)(**options)
            except Exception as error:
                return error
            finally:
                await service.aclose()
            return None

    error = clock.run(main())
    return Seen(server, calls, telemetry, error, clock.now())
