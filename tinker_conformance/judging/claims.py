"""What an SDK must claim for a scenario to be asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fake_server.core.faults import takes_time
from fake_server.script.steps import Step, Wired
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ObserverUse, Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability, Transport

_OF_CLIENTS: Final = {
    ClientKind.SAMPLING: Capability.SAMPLING,
    ClientKind.TRAINING: Capability.TRAINING,
    ClientKind.MODEL_CREATION: Capability.MODEL_CREATION,
}
_OF_OBSERVERS: Final = {
    ObserverUse.DEFAULT: None,
    ObserverUse.RAISING: Capability.RAISING_OBSERVER,
    ObserverUse.CUSTOM: Capability.CUSTOM_OBSERVER,
    ObserverUse.NONE: Capability.CUSTOM_OBSERVER,
}


def unclaimed(
    scenarios: Iterable[Scenario], info: AdapterInfo, also: frozenset[Capability] = frozenset()
) -> tuple[str, ...]:
    """What scenarios need and the SDK does not claim, in words: capabilities first, then operations.

    Args:
        scenarios: What would be run.
        info: What the SDK claims.
        also: Capabilities that are needed beyond what the scenarios show.
    """
    asked = tuple(scenarios)
    needed = also.union(*(_needed(scenario) for scenario in asked))
    operations = frozenset[str]().union(*(scenario.operations for scenario in asked))
    missing = [c.value for c in Capability if c in needed and c not in info.capabilities]
    return (*missing, *(f"operation {o}" for o in sorted(operations) if o not in info.operations))


def unseen_seconds(scenarios: Iterable[Scenario], info: AdapterInfo, clock: SdkClock) -> str | None:
    """The first scenario in which seconds pass on the wire that the SDK's clock would not see.

    In process over httpx they pass on the clock of the SDK. On a socket they are real.

    Returns:
        What is to be said of it; None if there is none.
    """
    if clock is SdkClock.FROZEN and info.transport is Transport.HTTPX:
        return None
    for scenario in scenarios:
        if any(_takes_time(step) for future in scenario.futures for step in future.script.steps):
            return (
                f"in scenario {scenario.id} seconds pass on the wire, and on a socket those are real: "
                "it is asked of SDKs in process, over httpx"
            )
    return None


def _takes_time(step: Step) -> bool:
    return takes_time(step.wire if isinstance(step, Wired) else step)


def _needed(scenario: Scenario) -> Iterator[Capability]:
    for kind in scenario.kinds:
        yield _OF_CLIENTS[kind]
    for future in scenario.futures:
        if (observer := _OF_OBSERVERS[future.observer]) is not None:
            yield observer
        if future.timeout is not None:
            yield Capability.TIMEOUT
    if scenario.threads:
        yield Capability.THREADS
    elif scenario.concurrent:
        yield Capability.CONCURRENCY
    for call in scenario.calls:
        parses = call.function == "parse_queue_state"
        yield Capability.PARSE_FUNCTION if parses else Capability.LOGGER_FUNCTIONS
