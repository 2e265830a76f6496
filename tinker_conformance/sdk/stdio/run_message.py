"""Build the message `run`, which asks an adapter to run a scenario."""

from __future__ import annotations

from typing import cast

from tinker_conformance.clocks.sdk_clocks import KitClock
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.scripted_engine import API_KEY
from tinker_conformance.sdk.stdio.protocol_messages import (
    CallToMake,
    ClientToMake,
    ClockToUse,
    FutureToRun,
    OfferedClock,
    RunScenario,
)


def run_message(scenario: Scenario, number: int, url: str, clock: KitClock) -> RunScenario:
    """Return the message that asks an adapter to run a scenario.

    The message has the clients, futures and calls of the scenario, but not the scripted replies.

    Args:
        scenario: The scenario, already adapted to the clock.
        number: The id of the message.
        url: The base URL of the fake server.
        clock: The SDK's clock.
    """
    return RunScenario(
        id=number,
        scenario=scenario.id,
        base_url=url,
        api_key=API_KEY,
        clock=ClockToUse(
            kind=cast("OfferedClock", clock.kind.value), path=None if clock.path is None else str(clock.path)
        ),
        concurrent=scenario.concurrent,
        threads=scenario.threads,
        read_timeout=scenario.read_timeout,
        stepwise=any(future.before for future in scenario.futures),
        clients=tuple(
            ClientToMake(
                name=client.name,
                kind=client.kind,
                id=client.id,
                base_model=client.base_model,
                model_path=client.model_path,
                checkpoint=client.checkpoint,
                optimizer=client.optimizer,
            )
            for client in scenario.clients
        ),
        futures=tuple(
            FutureToRun(
                future=place,
                client=future.client,
                operation=future.operation,
                observer=future.observer,
                timeout=future.timeout,
                cancels=future.cancels,
            )
            for place, future in enumerate(scenario.futures, 1)
        ),
        calls=tuple(
            CallToMake(call=place, function=call.function, arguments=call.arguments)
            for place, call in enumerate(scenario.calls, 1)
        ),
    )
