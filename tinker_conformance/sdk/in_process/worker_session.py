"""An SDK session whose SDK is in Python and runs in a worker process, which is restarted after a fault.

An SDK session is an SDK that is ready to run scenarios (`tinker_conformance.sdk.session`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.claimed_values import allowed_values
from tinker_conformance.sdk.in_process.worker_messages import (
    DoneMessage,
    FaultMessage,
    FromWorker,
    ReadyMessage,
    RunMessage,
    decode_answer,
    encode,
)
from tinker_conformance.sdk.process.line_process import (
    LineProcessError,
    ProcessProblem,
)
from tinker_conformance.sdk.process.replaceable_process import ReplaceableProcess
from tinker_conformance.sdk.session import Fault, FaultKind, Run

START_SECONDS: Final = 120.0
"""Time limit for a worker to import its SDK, in real seconds."""
SCENARIO_SECONDS: Final = 60.0
"""Time limit for one scenario, in real seconds. The longest scenario takes well under one second."""

MOST_UPTIMES: Final = 27
"""How many scenarios with an `uptime` one worker runs. Each may move the worker's monotonic clock by 50 days.
From 2**27 s on, two neighbouring floats are so far apart that sums of seconds miss the right microsecond.
"""

_MOST_ENCODED: Final = 1024
"""How many scenarios are cached in encoded form. A long campaign has far more, but each comes once."""

_FAULTS: Final = {ProcessProblem.SILENT: FaultKind.HANG, ProcessProblem.EXITED: FaultKind.CRASH}
"""The fault for each problem of the process. Any other problem means that the worker broke the protocol."""


class WorkerSession:
    """An SDK session over a worker process (see `in_process.worker`). Not thread-safe."""

    def __init__(
        self,
        spec: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        scenario_seconds: float = SCENARIO_SECONDS,
    ) -> None:
        """Start the worker and wait until its adapter is loaded.

        Args:
            spec: The SDK's SPEC, for messages.
            command: The command that starts the worker.
            environment: The worker's environment variables; None: the same as in this process.
            scenario_seconds: Time limit for one scenario, in real seconds.

        Raises:
            SdkStartError: If the adapter cannot be loaded.
        """
        self.spec = spec
        self._command = tuple(command)
        self._environment = dict(os.environ if environment is None else environment)
        self._scenario_seconds = scenario_seconds
        self._process = ReplaceableProcess()
        self._number = self._uptimes = 0
        # The key is `id(scenario)`: a shared worker gets the same objects hundreds of times.
        self._encoded: dict[int, tuple[Scenario, msgspec.Raw]] = {}
        try:
            self._info = self._start()
        except BaseException:
            # After an interrupt, too: the caller has no object yet with which to end this process.
            self._discard()
            raise

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""
        return self._info

    @property
    def clock(self) -> SdkClock:
        """Which kind of clock the kit moves for the SDK: in a worker, always the frozen one."""
        return SdkClock.FROZEN

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario. After a crash or a hang, the next run starts a new worker."""
        if scenario.uptime is not None:
            self._uptimes += 1
            if self._uptimes > MOST_UPTIMES:
                self._discard()
                self._uptimes = 1
        try:
            if self._process.current is None:
                self._start()
        except SdkStartError as error:
            return Run((), Fault(FaultKind.CRASH, f"The adapter could not be restarted. {error}"))
        self._number += 1
        message = RunMessage(
            id=self._number,
            scenario=self._scenario(scenario),
            profile=msgspec.Raw(encode(profile)),
        )
        process = self._process.current
        assert process is not None  # noqa: S101 - _start has set it
        try:
            process.send(encode(message))
            return self._result(decode_answer(process.receive(self._scenario_seconds)))
        except LineProcessError as error:
            kind = _FAULTS.get(error.problem, FaultKind.PROTOCOL)
            return self._broken(kind, f"{error} while running scenario {scenario.id}")
        except msgspec.MsgspecError as error:
            return self._broken(FaultKind.PROTOCOL, f"{error} while running scenario {scenario.id}")

    def close(self) -> None:
        """End the worker."""
        self._process.close()

    def kill(self) -> None:
        """Kill the worker, and start no new one. Thread-safe."""
        self._process.kill()

    def _scenario(self, scenario: Scenario) -> msgspec.Raw:
        match self._encoded.get(id(scenario)):
            case (known, raw) if known is scenario:
                return raw
        raw = msgspec.Raw(encode(encode_scenario(scenario)))
        if len(self._encoded) == _MOST_ENCODED:
            self._encoded.clear()
        self._encoded[id(scenario)] = scenario, raw
        return raw

    def _start(self) -> AdapterInfo:
        try:
            process = self._process.start(self._command, environment=self._environment)
            answer = decode_answer(process.receive(START_SECONDS))
        except (LineProcessError, msgspec.MsgspecError) as error:
            stderr = self._stderr()
            self._discard()
            choices = allowed_values(str(error))
            message = f"{self.spec}: the worker did not start: {error}{choices}\n{stderr}".rstrip()
            raise SdkStartError(message) from error
        match answer:
            case ReadyMessage(info=info):
                return info
            case FaultMessage(text=text):
                self._discard()
                raise SdkStartError(f"{self.spec}: {text}")
            case _:
                self._discard()
                raise SdkStartError(
                    f"{self.spec}: the worker began with {answer!r}. "
                    "This is a fault of the kit. Please report it."
                )

    def _result(self, answer: FromWorker) -> Run:
        match answer:
            case DoneMessage(id=number, timeline=timeline) if number == self._number:
                return Run(timeline)
            case FaultMessage(id=number, kind=kind, text=text, timeline=timeline) if number == self._number:
                if kind in {FaultKind.STUCK, FaultKind.KIT}:
                    # Stuck code in this worker would still run during the next scenario.
                    self._discard()
                return Run(timeline, Fault(kind, text))
            case _:
                return self._broken(FaultKind.PROTOCOL, f"the worker sent an unexpected answer: {answer!r}")

    def _broken(self, kind: FaultKind, text: str) -> Run:
        stderr = self._stderr()
        self._discard()
        return Run((), Fault(kind, text, stderr))

    def _stderr(self) -> str:
        process = self._process.current
        return "" if process is None else process.stderr_tail()

    def _discard(self) -> None:
        self._process.close(politely=False)
