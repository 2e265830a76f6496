"""Prepare the fake server for one scenario: its clients, its scripts, and the paths that it answers.

Used for SDKs in Python and for SDKs over stdio alike.
"""

from __future__ import annotations

from typing import Final, Protocol

from fake_server import FakeTinker
from fake_server.core.errors import ProblemKind
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.operations import SUBMISSION_PATHS, Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.listener import Listener
from fake_server.engine.tinker_api import POLL_PATH, Unscripted
from fake_server.script.builder import Script
from fake_server.script.steps import Complete
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ClientSpec, FutureSpec, Scenario
from tinker_conformance.sdk.server_events import API_KEY, FutureKey

__all__ = ["API_KEY", "VIRTUAL_LIMIT_SECONDS", "future_keys", "kit_failure", "scripted_engine"]

VIRTUAL_LIMIT_SECONDS: Final = 26 * 3600.0
"""How long a scenario may take, in virtual seconds. The longest wait of any known SDK is two hours."""


def future_keys(scenario: Scenario) -> dict[str, FutureKey]:
    """Return client and number of each scripted future, by the future's name on the fake server."""
    keys: dict[str, FutureKey] = {}
    for number, future in enumerate(scenario.futures, 1):
        key = FutureKey(future.client, number)
        keys[future.server_id(number)] = key
        if scenario.client(future.client).checkpoint is not None:
            keys[_model_name(number)] = key
    return keys


class ScenarioListener(Listener, Protocol):
    """A listener of the fake server that is also notified of requests to unexpected paths."""

    def request_strayed(self, request: Request, reply: Reply | TransportFault) -> None:
        """Handle a request that left out the path of the base URL and is neither a submission nor a poll."""


def scripted_engine(
    scenario: Scenario, listener: ScenarioListener
) -> tuple[FakeTinker, tuple[ScriptedFuture, ...]]:
    """Return the fake server for a scenario, with the clients and scripts of the scenario.

    Returns:
        The engine, which answers requests without a socket, and its scripted futures in the scenario's order.
    """
    engine = _BelowPath(scenario, listener)
    for client in scenario.clients:
        match client.kind:
            case ClientKind.TRAINING:
                engine.expect_model(client.id)
            case ClientKind.SAMPLING:
                engine.expect_sampler(client.id)
            case ClientKind.MODEL_CREATION:
                pass
    for replies in scenario.replies:
        engine.add_setup(replies)
    scripted = tuple(
        _scripted(engine, scenario, number, future) for number, future in enumerate(scenario.futures, 1)
    )
    return engine, scripted


def _scripted(engine: FakeTinker, scenario: Scenario, number: int, future: FutureSpec) -> ScriptedFuture:
    client = scenario.client(future.client)
    if client.checkpoint is None:
        return engine.add_script(
            future.script,
            operation=future.operation,
            client=_submitted_client(client),
            name=future.server_id(number),
        )
    # Most releases create the model first, which needs no script but is part of the timeline.
    engine.add_script(Script((Complete(),)), operation=Operation.CREATE_MODEL, name=_model_name(number))
    return engine.add_script(future.script, operation=Operation.LOAD_STATE, name=future.server_id(number))


class _BelowPath(FakeTinker):
    """A fake server that answers with and without the path of the base URL.

    An SDK that leaves out that path gets an answer, too, so that the timeline shows the mistake.
    """

    def __init__(self, scenario: Scenario, listener: ScenarioListener) -> None:
        super().__init__(
            listener=listener,
            unscripted=Unscripted.ERROR,
            dialect=scenario.dialect,
            client_config=scenario.client_config,
        )
        self._base_path = scenario.base_path
        self._scenario_listener = listener

    def handle(self, request: Request) -> Reply | TransportFault:
        """Handle one request; thread-safe, never raises."""
        if not self._base_path:
            return super().handle(request)
        path = request.path.removeprefix(self._base_path)
        if path != request.path:
            return super().handle(request.at(path))
        answer = super().handle(request)
        if path != POLL_PATH and path not in SUBMISSION_PATHS:
            self._scenario_listener.request_strayed(request, answer)
        return answer


def kit_failure(engine: FakeTinker) -> str | None:
    """Return the message of an error inside the fake server while it answered a request, or None.

    After such an error the client has got an answer that is in no script, so the client cannot be judged.
    """
    failed = (problem.message for problem in engine.problems if problem.kind is ProblemKind.INTERNAL)
    message = next(failed, None)
    return None if message is None else f"{message}. This is a fault of the kit. Please report it."


def _model_name(number: int) -> str:
    return f"model-of-future-{number}"


def _submitted_client(client: ClientSpec) -> str | None:
    """Return the client name by which the fake server matches a submission to its script; None: any."""
    match client.kind:
        case ClientKind.TRAINING:
            return client.id
        case ClientKind.MODEL_CREATION:
            return client.base_model
        case ClientKind.SAMPLING:
            return None  # depending on the release: a session's id, a model's path or a base model
