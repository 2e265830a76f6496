"""Run one scenario with one adapter in this process, and return the timeline."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from fake_server import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from fake_server.in_process.respx_router import mounted
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.scenario.scenario import ClientSpec, FunctionCall, FutureSpec, Scenario
from tinker_conformance.sdk.adapter import (
    Adapter,
    CallsFunctions,
    OperationCall,
    RunsOnThreads,
    ScenarioContext,
    Transport,
)
from tinker_conformance.sdk.future_numbers import FutureNumbers
from tinker_conformance.sdk.in_process.recorder import Recorder, current_future
from tinker_conformance.sdk.in_process.threads import threads_of
from tinker_conformance.sdk.scripted_engine import (
    API_KEY,
    VIRTUAL_LIMIT_SECONDS,
    future_keys,
    kit_failure,
    scripted_engine,
)
from tinker_conformance.sdk.server_events import MAX_EVENTS, FutureKey
from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError
from tinker_conformance.timeline import OutcomeKind, Timeline

_BASE_URL: Final = "http://tinker.test"

_CarryOut: TypeAlias = Callable[[object, OperationCall], Awaitable[None]]
"""A function that submits an operation to a client and waits for the result."""


@dataclass(slots=True)
class _Abort:
    """A function that ends a scenario early. Thread-safe and idempotent."""

    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None] | None = None
    reason: str | None = None

    def __call__(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
            self.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


async def run_scenario(
    adapter: Adapter, scenario: Scenario, profile: Profile, clock: FrozenClock
) -> Timeline:
    """Run a scenario on an event loop whose timers follow a frozen clock (see `virtual_loop`).

    Args:
        adapter: The adapter of the SDK.
        scenario: The scenario.
        profile: Passed to the adapter; only the reference reads it.
        clock: The frozen clock of the loop.

    Returns:
        The timeline.

    Raises:
        ScenarioFaultError: If the SDK does not finish, or fails before the first future; or if the fake
            server failed, even if the scenario ended otherwise.
    """
    clock.new_scenario(scenario.epoch, scenario.uptime)
    abort = _Abort(asyncio.get_running_loop())
    recorder = Recorder(
        clock,
        future_keys(scenario),
        FutureNumbers(scenario),
        on_overflow=lambda: abort(
            f"the SDK caused more than {MAX_EVENTS} events in one scenario and did not stop"
        ),
    )
    engine, scripted = scripted_engine(scenario, recorder)
    with (
        _time_zone(scenario.time_zone),
        _kit_faults_raised(engine, recorder),
        recorder.listening(),
        clock.jumping(limit_seconds=VIRTUAL_LIMIT_SECONDS, on_stall=abort, on_jump=recorder.slept),
        _reachable(adapter.info.transport, engine) as origin,
    ):
        context = ScenarioContext(
            base_url=f"{origin}{scenario.base_path}",
            api_key=API_KEY,
            profile=profile,
            recorder=recorder,
            read_timeout=scenario.read_timeout,
        )
        abort.task = asyncio.ensure_future(
            _drive(
                adapter,
                context,
                scenario,
                recorder,
                lambda number: engine.end(scripted[recorder.ended(number) - 1]),
            )
        )
        try:
            await abort.task
        except asyncio.CancelledError:
            if abort.reason is None:
                raise
            raise ScenarioFaultError(FaultKind.STUCK, abort.reason, recorder.timeline()) from None
        finally:
            recorder.stop()
    return recorder.timeline()


@contextlib.contextmanager
def _kit_faults_raised(engine: FakeTinker, recorder: Recorder) -> Iterator[None]:
    """Raise an error of kind `KIT` if the fake server failed in this block, in place of any other error."""
    try:
        yield
    except Exception as error:
        if (failure := kit_failure(engine)) is not None:
            raise ScenarioFaultError(FaultKind.KIT, failure, recorder.timeline()) from error
        raise
    if (failure := kit_failure(engine)) is not None:
        raise ScenarioFaultError(FaultKind.KIT, failure, recorder.timeline())


@contextlib.contextmanager
def _time_zone(name: str | None) -> Iterator[None]:
    """Set the time zone of this process in this block; leave it unchanged if `name` is None."""
    if name is None:
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@contextlib.contextmanager
def _reachable(transport: Transport, engine: FakeTinker) -> Iterator[str]:
    match transport:
        case Transport.HTTPX:
            with mounted(engine, base_url=_BASE_URL):
                yield _BASE_URL
        case Transport.SOCKET:
            with FakeTinkerServer(engine) as server:
                yield server.url


async def _drive(
    adapter: Adapter,
    context: ScenarioContext,
    scenario: Scenario,
    recorder: Recorder,
    ended: Callable[[int], None],
) -> None:
    set_up = recorder.paused if not scenario.setup else contextlib.nullcontext
    async with _opened(adapter, context, set_up):
        if scenario.calls:
            for number, call in enumerate(scenario.calls, 1):
                _call(adapter, call, number, recorder)
            return
        with set_up():
            clients = {spec.name: await _created(adapter, spec) for spec in scenario.clients}

        for numbers in rounds(scenario):
            first = scenario.futures[numbers[0] - 1]
            for advance in first.before:
                recorder.advanced(FutureKey(first.client, numbers[0]), advance)
            with _way_to_run(adapter, scenario, len(numbers)) as carry_out:
                runner = _FutureRunner(adapter, carry_out, clients, recorder, ended)
                await _run_concurrently(
                    [runner.run(scenario.futures[number - 1], number) for number in numbers]
                )


async def _run_concurrently(futures: Sequence[Coroutine[None, None, None]]) -> None:
    if len(futures) == 1:
        await futures[0]
        return
    async with asyncio.TaskGroup() as group:
        for future in futures:
            group.create_task(future)


@contextlib.contextmanager
def _way_to_run(adapter: Adapter, scenario: Scenario, count: int) -> Iterator[_CarryOut]:
    if not scenario.threads:
        yield adapter.run
    elif isinstance(adapter, RunsOnThreads):
        with threads_of(adapter, count) as threads:
            yield threads.run
    else:
        raise ScenarioFaultError(
            FaultKind.SET_UP,
            f"Scenario {scenario.id} uses threads. Add a method 'run_on_thread' to the adapter.",
        )


async def _created(adapter: Adapter, spec: ClientSpec) -> object:
    try:
        return await adapter.create_client(spec)
    except Exception as error:
        message = f"create_client failed for {spec.kind} client {spec.name!r}: {_text(error)}"
        raise ScenarioFaultError(FaultKind.SET_UP, message) from error


@contextlib.asynccontextmanager
async def _opened(
    adapter: Adapter,
    context: ScenarioContext,
    set_up: Callable[[], contextlib.AbstractContextManager[None]],
) -> AsyncIterator[None]:
    try:
        with set_up():
            await adapter.open(context)
    except Exception as error:
        raise ScenarioFaultError(FaultKind.SET_UP, f"open failed: {_text(error)}") from error
    try:
        yield
    finally:
        await adapter.close()


@dataclass(frozen=True, slots=True)
class _FutureRunner:
    """Runs the futures of a scenario and records their outcomes."""

    adapter: Adapter
    carry_out: _CarryOut
    clients: Mapping[str, object]
    recorder: Recorder
    ended: Callable[[int], None]

    async def run(self, future: FutureSpec, number: int) -> None:
        """Run a future to its end and record its outcome."""
        key = FutureKey(future.client, number)
        token = current_future.set(key)
        call = OperationCall(
            operation=future.operation,
            observer=future.observer,
            timeout=future.timeout,
            cancels=future.cancels,
            future=number,
        )
        kind, text = OutcomeKind.RESULT, None
        try:
            await self.carry_out(self.clients[future.client], call)
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises is its outcome
            kind, text = self.adapter.classify(error), _text(error)
        finally:
            current_future.reset(token)
        self.recorder.outcome(key, kind, text)
        self.ended(number)


def _call(adapter: Adapter, call: FunctionCall, number: int, recorder: Recorder) -> None:
    kind, text, value = OutcomeKind.RESULT, None, None
    if not isinstance(adapter, CallsFunctions):
        kind, text = OutcomeKind.ERROR, "the adapter has no method 'call'"
    else:
        try:
            value = adapter.call(call.function, list(call.arguments))
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises is its outcome
            kind, text = OutcomeKind.ERROR, _text(error)
    recorder.outcome(FutureKey(None, number), kind, text, value)


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
