"""The fake server as one scenario wants it: the same in process and over stdio."""

from __future__ import annotations

from typing import Final

from fake_server import FakeTinker
from fake_server.core.errors import ProblemKind
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.listener import Listener
from fake_server.engine.tinker_api import Unscripted
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ClientSpec, Scenario
from tinker_conformance.sdk.server_events import FutureKey

API_KEY: Final = "tml-conformance-kit"
VIRTUAL_LIMIT_SECONDS: Final = 26 * 3600.0
"""Virtual seconds that a scenario may take; the longest wait of any known SDK is two hours."""


def future_keys(scenario: Scenario) -> dict[str, FutureKey]:
    """The key of each scripted future, by its name on the fake server."""
    return {
        _name(number): FutureKey(future.client, number) for number, future in enumerate(scenario.futures, 1)
    }


def scripted_engine(scenario: Scenario, listener: Listener) -> tuple[FakeTinker, tuple[ScriptedFuture, ...]]:
    """An engine that knows the clients and the scripts of a scenario, and its futures in their order."""
    engine = FakeTinker(listener=listener, unscripted=Unscripted.ERROR)
    for client in scenario.clients:
        match client.kind:
            case ClientKind.TRAINING:
                engine.expect_model(client.id)
            case ClientKind.SAMPLING:
                engine.expect_sampler(client.id)
            case ClientKind.MODEL_CREATION:
                pass
    scripted = tuple(
        engine.add_script(
            future.script,
            operation=future.operation,
            client=_addressed(scenario.client(future.client)),
            name=_name(number),
        )
        for number, future in enumerate(scenario.futures, 1)
    )
    return engine, scripted


def kit_failure(engine: FakeTinker) -> str | None:
    """Return what failed inside the fake server while it answered, or None.

    The client got an answer that no script says, so what it did next says nothing of it.
    """
    failed = (problem.message for problem in engine.problems if problem.kind is ProblemKind.INTERNAL)
    message = next(failed, None)
    return None if message is None else f"{message}. This is a fault of the kit: please report it"


def _name(number: int) -> str:
    return f"future-{number}"


def _addressed(client: ClientSpec) -> str | None:
    """What a submission says of its client, by which its script is found."""
    match client.kind:
        case ClientKind.TRAINING:
            return client.id
        case ClientKind.MODEL_CREATION:
            return client.base_model
        case ClientKind.SAMPLING:
            return None  # a session's id, a model's path or a base model, as the release has it
