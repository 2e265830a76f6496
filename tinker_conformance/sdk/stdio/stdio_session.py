"""An SDK session whose SDK is in any language, driven by an adapter program over stdio: `exec:COMMAND`.

An SDK session is an SDK that is ready to run scenarios (`tinker_conformance.sdk.session`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tinker_conformance._version import __version__
from tinker_conformance.clocks.sdk_clocks import (
    LIBRARY_NAME,
    FaketimeClock,
    FileClock,
    KitClock,
    SdkClock,
    WallClock,
    libfaketime,
)
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario, ScenarioError
from tinker_conformance.scenario.stepwise import for_clock
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.process.line_process import LineProcessError, ProcessProblem
from tinker_conformance.sdk.process.replaceable_process import ReplaceableProcess
from tinker_conformance.sdk.session import Fault, FaultKind, Run, ScenarioFaultError
from tinker_conformance.sdk.stdio.adapter_lines import read_line
from tinker_conformance.sdk.stdio.conversation import Conversation
from tinker_conformance.sdk.stdio.protocol_messages import PROTOCOL, Start, Started, encode
from tinker_conformance.sdk.stdio.time_limits import TimeLimits
from tinker_conformance.sdk.temporary_folder import TemporaryFolder

MAX_LINE: Final = 1024 * 1024
"""Limit for one line from an adapter, in bytes."""
MAX_FAULTS_IN_A_ROW: Final = 10
"""After faults of the adapter in this many scenarios in a row, the kit stops restarting the adapter."""

_RUN_BY_HAND: Final = (
    "Run the command by hand, and fix what it prints; an adapter reads its standard input until that closes"
)
_SEE_PROTOCOL: Final = "`tinker-conformance docs adapter-protocol` describes the protocol"
_HARMLESS: Final = frozenset({FaultKind.SET_UP, FaultKind.NOT_TESTABLE})
"""Faults after which the same adapter process can run the next scenario."""


class StdioSession:
    """An SDK session over an adapter process, which is restarted after a fault. Not thread-safe."""

    def __init__(
        self,
        spec: str,
        command: Sequence[str],
        *,
        clock: SdkClock | None = None,
        limits: TimeLimits | None = None,
        max_faults_in_a_row: int | None = None,
    ) -> None:
        """Start the adapter and wait until it is ready.

        Args:
            spec: The SDK's SPEC, for messages.
            command: The adapter's program and its arguments.
            clock: The kind of clock to use. None: the best that the adapter offers, but never the wall clock.
            limits: Time limits of the adapter. None: the defaults.
            max_faults_in_a_row: After faults in this many scenarios in a row the kit stops restarting the
                adapter. None: `MAX_FAULTS_IN_A_ROW`.

        Raises:
            SdkStartError: If the adapter does not start, or offers no usable clock.
        """
        self.spec = spec
        self._command = tuple(command)
        self._limits = limits or TimeLimits()
        self._max_faults = max_faults_in_a_row or MAX_FAULTS_IN_A_ROW
        self._faults_in_a_row = 0
        self._number = 0
        self._earlier: dict[int, str] = {}
        self._time_zone: str | None = None
        self._process = ReplaceableProcess()
        self._folder = TemporaryFolder()
        self._clock: KitClock = WallClock()
        try:
            started = self._start()
            self._clock = _clock(clock, started.clocks, self._folder.path)
            if self._clock.environment():
                # The first `started` says that the adapter needs libfaketime, which must be preloaded.
                self._end_process()
                started = self._start()
        except BaseException:
            # After an interrupt, too: the caller has no object yet with which to end this process.
            self._end_process()
            self.close()
            raise
        self._info = _info(started, self._clock.kind)

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""
        return self._info

    @property
    def clock(self) -> SdkClock:
        """Which kind of clock the kit moves for the SDK."""
        return self._clock.kind

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario. After an adapter fault, the next run starts a new adapter process."""
        if self._faults_in_a_row >= self._max_faults:
            text = (
                f"the adapter failed in {self._max_faults} scenarios in a row, "
                "so the kit stopped restarting it. Fix the first of these failures and run again."
            )
            return Run((), Fault(FaultKind.GIVEN_UP, text))
        try:
            adapted = for_clock(scenario, profile, self._clock.kind)
        except ScenarioError as error:
            text = f"scenario {scenario.id} cannot run under the clock {self._clock.kind}: {error}"
            return Run((), Fault(FaultKind.NOT_TESTABLE, text))
        if scenario.time_zone != self._time_zone:
            # A process reads its zone when it starts.
            self._end_process()
            self._time_zone = scenario.time_zone
        try:
            if self._process.current is None:
                self._start()
        except SdkStartError as error:
            self._faults_in_a_row += 1
            return Run((), Fault(FaultKind.CRASH, f"The adapter could not be restarted. {error}"))
        process = self._process.current
        assert process is not None  # noqa: S101 - _start has set it
        self._number += 1
        run = Conversation(
            process, adapted, self._number, self._clock, self._limits, earlier=self._earlier
        ).run()
        self._earlier[self._number] = scenario.id
        if run.fault is None or run.fault.kind in _HARMLESS:
            self._faults_in_a_row = 0
        else:
            if run.fault.kind not in {FaultKind.STUCK, FaultKind.KIT}:
                self._faults_in_a_row += 1
            self._end_process()
        return run

    def end_input(self) -> int | None:
        """Close the adapter's standard input and wait for the process to exit.

        Returns:
            The exit code, or None if the process did not exit in time.
        """
        process = self._process.current
        return None if process is None else process.end_input(self._limits.end)

    def close(self) -> None:
        """End the adapter and every process that it started."""
        self._process.close()
        self._folder.remove()

    def kill(self) -> None:
        """Kill the adapter and every process that it started; start no new one. Thread-safe."""
        self._process.kill()

    def _end_process(self) -> None:
        self._process.close(politely=False)

    def _start(self) -> Started:
        self._clock.before_start()
        zone = {} if self._time_zone is None else {"TZ": self._time_zone}
        environment = {**os.environ, **zone, **self._clock.environment()}
        try:
            process = self._process.start(self._command, environment=environment, max_line=MAX_LINE)
            process.send(encode(Start(protocol=PROTOCOL, kit=__version__)), self._limits.step)
            line = process.receive(self._limits.start)
            message = read_line(line)
        except LineProcessError as error:
            # Without a process, the command itself could not be started.
            if self._process.current is None:
                raise self._not_started(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
            exited = error.problem is ProcessProblem.EXITED
            fix = _RUN_BY_HAND if exited else _SEE_PROTOCOL
            raise self._not_started(f"While the kit waited for 'started': {error}. {fix}.") from error
        except ScenarioFaultError as error:
            text = f"Expected a valid 'started' message as the first line. {error} {_SEE_PROTOCOL}."
            raise self._not_started(text) from error
        match message:
            case Started(protocol=protocol) if protocol == PROTOCOL:
                return message
            case Started(protocol=protocol):
                text = (
                    f"Expected protocol version {PROTOCOL}, got {protocol}. "
                    "Use versions of the adapter and the kit that have the same protocol version."
                )
            case _:
                text = (
                    f"Expected the first line to have type 'started', got '{message.__struct_config__.tag}'. "
                    "Send 'started' before any other message."
                )
        raise self._not_started(f"{text} {_SEE_PROTOCOL}.")

    def _not_started(self, text: str) -> SdkStartError:
        process = self._process.current
        tail = "" if process is None else process.stderr_tail().rstrip()
        self._end_process()
        shown = f"\nEnd of the adapter's standard error:\n{tail}" if tail else ""
        return SdkStartError(f"{self.spec}: the adapter did not start. {text}{shown}")


def _info(started: Started, clock: SdkClock) -> AdapterInfo:
    # Under the other clocks the kit does not act on `waiting`, so a sleep takes real time.
    usable = (
        started.capabilities if clock is SdkClock.FILE else started.capabilities - {Capability.VIRTUAL_SLEEP}
    )
    return AdapterInfo(
        name=started.name,
        version=started.version,
        language=started.language,
        runtime=started.runtime or "",
        capabilities=usable,
        operations=started.operations,
        profile=started.profile,
    )


def _clock(requested: SdkClock | None, offered: Sequence[str], folder: Path) -> KitClock:
    """Return the requested clock; None: `file` if the adapter offers it, otherwise `libfaketime`.

    Raises:
        SdkStartError: The adapter does not offer the requested clock, or neither of these two, or libfaketime
            is not installed.
    """
    shown = ", ".join(offered) or "none"
    if requested is not None and requested.value not in offered:
        message = (
            f"The adapter does not offer the clock {requested}. It offers: {shown}. "
            f"Choose an offered clock with --clock, or add '{requested}' to 'clocks' in 'started'."
        )
        raise SdkStartError(message)
    best = next((kind for kind in (SdkClock.FILE, SdkClock.LIBFAKETIME) if kind.value in offered), None)
    match requested or best:
        case SdkClock.FILE:
            return FileClock(folder / "clock")
        case SdkClock.LIBFAKETIME:
            library = libfaketime()
            if library is None:
                message = (
                    f"The adapter needs the clock libfaketime, but {LIBRARY_NAME} is in none of the usual "
                    "folders. Install it (Debian: apt-get install libfaketime; "
                    "Linux on x86-64: pip install libfaketime)."
                )
                raise SdkStartError(message)
            return FaketimeClock(folder / "time", library)
        case SdkClock.WALL:
            return WallClock()
        case _:
            message = (
                f"The adapter offers no clock that the kit can move. It offers: {shown}. "
                "Offer 'file', or add --clock wall, which waits in real time."
            )
            raise SdkStartError(message)
