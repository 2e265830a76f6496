"""An SDK in any language, behind an adapter over stdio: `exec:COMMAND`."""

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
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.scenario.stepwise import NotStepwiseError, for_clock
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.process.line_process import LineProcess, LineProcessError
from tinker_conformance.sdk.session import Fault, FaultKind, Run, SdkStartError
from tinker_conformance.sdk.stdio.adapter_lines import UnreadableLineError, read_line, shown_line
from tinker_conformance.sdk.stdio.conversation import Conversation
from tinker_conformance.sdk.stdio.protocol_messages import PROTOCOL, Start, Started, encode
from tinker_conformance.sdk.stdio.time_limits import Limits
from tinker_conformance.sdk.temporary_folder import TemporaryFolder

MAX_LINE: Final = 1024 * 1024
"""Bytes of one line of an adapter."""
MAX_FAULTS_IN_A_ROW: Final = 10
"""Scenarios in a row that may break the adapter, before it is not started again."""

_HARMLESS: Final = frozenset({FaultKind.SET_UP, FaultKind.NOT_TESTABLE})
"""Faults after which the adapter is as good as before."""


class StdioSession:
    """Runs scenarios with an adapter, and starts it afresh after a fault. Not for two threads at once."""

    def __init__(
        self,
        spec: str,
        command: Sequence[str],
        *,
        clock: SdkClock | None = None,
        limits: Limits | None = None,
        max_faults_in_a_row: int | None = None,
    ) -> None:
        """Starts the adapter and waits until it is ready.

        Args:
            spec: The SDK's SPEC, for messages.
            command: The adapter's program and its arguments.
            clock: Which clock to use; None for the best that the adapter offers, the wall clock left out.
            limits: How long the adapter may take.
            max_faults_in_a_row: Scenarios in a row that may break the adapter; None for the usual number.

        Raises:
            SdkStartError: If it does not start, or has no clock that can be used.
        """
        self.spec = spec
        self._command = tuple(command)
        self._limits = limits or Limits()
        self._max_faults = max_faults_in_a_row or MAX_FAULTS_IN_A_ROW
        self._faults_in_a_row = 0
        self._number = 0
        self._process: LineProcess | None = None
        self._folder = TemporaryFolder()
        self._clock: KitClock = WallClock()
        try:
            started = self._start()
            self._clock = _clock(clock, started.clocks, self._folder.path)
            if self._clock.environment():
                # Only now is it known that the library is to be preloaded.
                self._end_process()
                started = self._start()
        except SdkStartError:
            self.close()
            raise
        self._info = _info(started, self._clock.kind)

    @property
    def info(self) -> AdapterInfo:
        """Who the SDK is and what it claims."""
        return self._info

    @property
    def clock(self) -> SdkClock:
        """How the SDK's clocks are moved."""
        return self._clock.kind

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Runs a scenario; after a fault the next one finds a fresh adapter."""
        if self._faults_in_a_row >= self._max_faults:
            text = f"the adapter broke in {self._max_faults} scenarios in a row; mend the first of them"
            return Run((), Fault(FaultKind.GIVEN_UP, text))
        try:
            adapted = for_clock(scenario, profile, self._clock.kind)
        except NotStepwiseError as error:
            text = f"scenario {scenario.id} cannot be shown under the clock {self._clock.kind}: {error}"
            return Run((), Fault(FaultKind.NOT_TESTABLE, text))
        try:
            if self._process is None:
                self._start()
        except SdkStartError as error:
            self._faults_in_a_row += 1
            return Run((), Fault(FaultKind.CRASH, f"the adapter cannot be started again: {error}"))
        assert self._process is not None  # noqa: S101 - _start has set it
        self._number += 1
        run = Conversation(self._process, adapted, self._number, self._clock, self._limits).run()
        if run.fault is None or run.fault.kind in _HARMLESS:
            self._faults_in_a_row = 0
        else:
            if run.fault.kind not in {FaultKind.STUCK, FaultKind.KIT}:
                self._faults_in_a_row += 1
            self._end_process()
        return run

    def end_input(self) -> int | None:
        """Ends the adapter's standard input, and lets it end.

        Returns:
            Its exit code, or None if it did not end in time.
        """
        return None if self._process is None else self._process.end_input(self._limits.end)

    def close(self) -> None:
        """Ends the adapter and whatever it started."""
        if self._process is not None:
            self._process.close()
            self._process = None
        self._folder.remove()

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.close(politely=False)
            self._process = None

    def _start(self) -> Started:
        self._clock.before_start()
        environment = {**os.environ, **self._clock.environment()}
        try:
            self._process = LineProcess(self._command, environment=environment, max_line=MAX_LINE)
            self._process.send(encode(Start(protocol=PROTOCOL, kit=__version__)), self._limits.step)
            line = self._process.receive(self._limits.start)
            message = read_line(line)
        except (LineProcessError, UnreadableLineError) as error:
            raise self._not_started(f"{error}, before the message 'started'") from error
        match message:
            case Started(protocol=protocol) if protocol == PROTOCOL:
                return message
            case Started(protocol=protocol):
                text = f"it speaks protocol {protocol}, and this kit speaks {PROTOCOL}; use the fitting kit"
            case _:
                text = f"the first line is to be 'started', and {shown_line(line)} came"
        raise self._not_started(text)

    def _not_started(self, text: str) -> SdkStartError:
        tail = "" if self._process is None else self._process.stderr_tail().rstrip()
        self._end_process()
        shown = f"\nend of the adapter's standard error:\n{tail}" if tail else ""
        return SdkStartError(
            f"{self.spec}: the adapter did not start: {text}; "
            f"docs/reference/adapter-protocol.md says what is to come{shown}"
        )


def _info(started: Started, clock: SdkClock) -> AdapterInfo:
    # Under the other clocks the kit does not hear `waiting`, and a sleep would be a real one.
    heard = (
        started.capabilities if clock is SdkClock.FILE else started.capabilities - {Capability.VIRTUAL_SLEEP}
    )
    return AdapterInfo(
        name=started.name,
        version=started.version,
        language=started.language,
        capabilities=heard,
        operations=started.operations,
        profile=started.profile,
    )


def _clock(asked: SdkClock | None, offered: Sequence[str], folder: Path) -> KitClock:
    """The clock that was asked for, or the best that is offered.

    Raises:
        SdkStartError: If there is none.
    """
    shown = ", ".join(offered) or "none"
    if asked is not None and asked.value not in offered:
        raise SdkStartError(f"the adapter does not offer the clock {asked}; it offers {shown}")
    best = next((kind for kind in (SdkClock.FILE, SdkClock.LIBFAKETIME) if kind.value in offered), None)
    match asked or best:
        case SdkClock.FILE:
            return FileClock(folder / "clock")
        case SdkClock.LIBFAKETIME:
            library = libfaketime()
            if library is None:
                message = (
                    f"the adapter needs the clock libfaketime, and {LIBRARY_NAME} is in none of the usual "
                    "folders; install it (Debian: apt-get install libfaketime; "
                    "Linux on x86-64: pip install libfaketime)"
                )
                raise SdkStartError(message)
            return FaketimeClock(folder / "time", library)
        case SdkClock.WALL:
            return WallClock()
        case _:
            message = (
                f"the adapter offers no clock that the kit can move (it offers {shown}); "
                "offer 'file', or add --clock wall, which really waits"
            )
            raise SdkStartError(message)
