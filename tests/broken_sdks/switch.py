"""An adapter that acts as every broken SDK in turn, so that one worker process serves them all.

The name of the profile that comes with each scenario says which one, and in which run of the kit:
`tinker-0.5.1!is_silent!3`.
"""

from __future__ import annotations

import contextlib
from itertools import count
from typing import Final

import msgspec

from tinker_conformance._version import __version__
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import ClientSpec, Scenario
from tinker_conformance.sdk.adapter import (
    Adapter,
    AdapterInfo,
    CallsFunctions,
    OperationCall,
    RunsOnThreads,
    ScenarioContext,
)
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.timeline import OutcomeKind

from .alone import made
from .run_memory import forget_the_run_before
from .short_cut import take_short_cut
from .threads import ConcurrentThreads
from .turns import Turns

_SIGN: Final = "!"
_RUNS: Final = count(1)
"""Numbers the runs, across all workers of a process."""


class Switch:
    """Forwards each scenario to the broken SDK that it names."""

    info: Final = AdapterInfo(
        name="broken",
        version=__version__,
        capabilities=ReferenceAdapter.info.capabilities,
        operations=ReferenceAdapter.info.operations,
    )

    def __init__(self) -> None:
        self._now: Adapter = ReferenceAdapter()
        self._run = ""
        self._one_at_a_time = Turns()
        self._asked_under: tuple[Profile, Profile] | None = None

    async def open(self, context: ScenarioContext) -> None:
        _, name, run = context.profile.name.split(_SIGN)
        if run != self._run:
            forget_the_run_before()
            self._run = run
        self._now = made(name)
        await self._now.open(msgspec.structs.replace(context, profile=self._plain(context.profile)))
        take_short_cut(self._now)

    def _plain(self, named: Profile) -> Profile:
        """Return the profile under its own name: the same object for scenarios that have the same one."""
        match self._asked_under:
            case (known, plain) if known is named:
                return plain
        plain = msgspec.structs.replace(named, name=named.name.partition(_SIGN)[0])
        self._asked_under = named, plain
        return plain

    async def create_client(self, spec: ClientSpec) -> object:
        return await self._now.create_client(spec)

    async def run(self, client: object, call: OperationCall) -> None:
        await self._now.run(client, call)

    def run_on_thread(self, client: object, call: OperationCall) -> None:
        assert isinstance(self._now, RunsOnThreads)
        # Unless the fault is about threads, the result must not depend on the scheduler.
        free = isinstance(self._now, ConcurrentThreads)
        with contextlib.nullcontext() if free else self._one_at_a_time.turn():
            self._now.run_on_thread(client, call)

    def classify(self, error: BaseException) -> OutcomeKind:
        return self._now.classify(error)

    def call(self, function: str, arguments: list[object]) -> object:
        assert isinstance(self._now, CallsFunctions)
        return self._now.call(function, arguments)

    async def close(self) -> None:
        await self._now.close()


class OneOfThem:
    """A run of one broken SDK: a session that sends its scenarios to it.

    Closing it does not stop the shared worker.
    """

    def __init__(self, worker: SdkSession, name: str) -> None:
        self.spec = name
        self._worker = worker
        self._run_number = next(_RUNS)

    @property
    def info(self) -> AdapterInfo:
        return self._worker.info

    @property
    def clock(self) -> SdkClock:
        return self._worker.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        named = msgspec.structs.replace(
            profile, name=f"{profile.name}{_SIGN}{self.spec}{_SIGN}{self._run_number}"
        )
        return self._worker.run(scenario, named)

    def close(self) -> None:
        pass
