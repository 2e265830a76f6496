"""Which capabilities and operations an SDK must claim before a scenario is run with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fake_server.core.faults import takes_time
from fake_server.script.steps import Step, Wired
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ObserverUse, Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability, Transport

_SESSION_FLAG: Final = "sample_use_retrieve_futures"
"""The field of the client configuration with which all samples of a session share one poll."""
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
    """Return the capabilities, then the operations, that scenarios need and the SDK does not claim.

    Args:
        scenarios: The scenarios to be run.
        info: What the SDK claims.
        also: Further capabilities that the requirement needs.
    """
    to_run = tuple(scenarios)
    needed = also.union(*(_needed(scenario) for scenario in to_run))
    operations = frozenset[str]().union(*(scenario.operations for scenario in to_run))
    missing = [c.value for c in Capability if c in needed and c not in info.capabilities]
    return (*missing, *(f"operation {o}" for o in sorted(operations) if o not in info.operations))


def invisible_seconds(scenarios: Iterable[Scenario], info: AdapterInfo, clock: SdkClock) -> str | None:
    """Return why a scenario with slow replies cannot run: the SDK's clock would not see the time they take.

    In process, over httpx, the seconds that a slow reply takes pass on the SDK's test clock. On a socket they
    pass in real time.

    Returns:
        The reason, which names the first such scenario; None if there is none.
    """
    if clock is SdkClock.FROZEN and info.transport is Transport.HTTPX:
        return None
    for scenario in scenarios:
        if scenario.read_timeout is not None:
            continue  # a second or two, which the kit really waits
        if any(_takes_time(step) for future in scenario.futures for step in future.script.steps):
            return (
                f"scenario {scenario.id} delays bytes on the wire, which takes real time on a socket; "
                f"it runs only with SDKs in process, over httpx; claim {Capability.READ_TIMEOUT} to be "
                "judged by polling.read_timeout, in real time, all the same"
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
            yield Capability.CANCELLATION if future.cancels else Capability.TIMEOUT
    if scenario.threads:
        yield Capability.THREADS
    elif scenario.concurrent:
        yield Capability.CONCURRENCY
    if any(client.checkpoint is not None for client in scenario.clients):
        yield Capability.CHECKPOINTS
    if _SESSION_FLAG in scenario.client_config:
        yield Capability.SESSION_POLLING
    if scenario.read_timeout is not None:
        yield Capability.READ_TIMEOUT
    for call in scenario.calls:
        parses = call.function == "parse_queue_state"
        yield Capability.PARSE_FUNCTION if parses else Capability.LOGGER_FUNCTIONS
