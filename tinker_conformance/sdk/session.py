"""The interface of an SDK session: an SDK that is ready to run scenarios, however the kit drives that SDK.

A scenario and a profile go in. A `Run` comes out: the timeline, and a `Fault` if the scenario broke off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import KitError, SdkError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Timeline


class FaultKind(StrEnum):
    """Why a scenario did not run to its end."""

    STUCK = "stuck"
    """The SDK did not finish within the time limits of the scenario: a failure of the SDK."""
    KIT = "kit"
    """The fake server failed: an error of the kit, not of the SDK."""
    SET_UP = "set_up"
    """The adapter raised an error before the first future was submitted."""
    CRASH = "crash"
    """The adapter's process exited."""
    HANG = "hang"
    """The adapter's process did not answer within the time limit."""
    CLOSED = "closed"
    """The adapter's process closed its standard output but still ran."""
    NOT_JSON = "not_json"
    """The adapter wrote a line that is not JSON in UTF-8."""
    LINE_TOO_LONG = "line_too_long"
    """The adapter wrote a line longer than the limit."""
    PROTOCOL = "protocol"
    """The adapter wrote a message that does not match the protocol."""
    OUT_OF_TURN = "out_of_turn"
    """The adapter wrote a message at the wrong time, or for the wrong scenario or future."""
    NOT_TESTABLE = "not_testable"
    """The scenario cannot run under the SDK's clock."""
    GIVEN_UP = "given_up"
    """The adapter failed in too many scenarios in a row, so the kit did not start it again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a scenario did not run to its end.

    Attributes:
        kind: The kind of fault.
        text: What happened, what was expected and, where it is known, the fix.
        stderr: The end of the adapter's standard error.
    """

    kind: FaultKind
    text: str
    stderr: str = ""

    def __str__(self) -> str:
        tail = f"\nEnd of the adapter's standard error:\n{self.stderr}" if self.stderr else ""
        return f"{self.text}{tail}"


@dataclass(frozen=True, slots=True)
class Run:
    """What an SDK did in one scenario.

    Attributes:
        timeline: The events, up to the fault if there is one.
        fault: Why the scenario did not run to its end, or None if it did.
    """

    timeline: Timeline
    fault: Fault | None = None


class ScenarioFaultError(SdkError):
    """A scenario did not run to its end. The text says what happened, what was expected and the fix.

    Attributes:
        kind: The kind of fault. `NOT_JSON`, `PROTOCOL` and `OUT_OF_TURN` are faults of a message from the
            adapter, `STUCK` and `SET_UP` of an SDK in this process, `KIT` of the fake server.
        timeline: What the SDK did until then; None if that is not known where the error was raised.
    """

    def __init__(self, kind: FaultKind, text: str, timeline: Timeline = ()) -> None:
        super().__init__(text)
        self.kind = kind
        self.timeline = timeline


def refuse_kit_faults(*, expected: Run, observed: Run) -> None:
    """Raise an error if two runs cannot be compared because the kit failed in one of them.

    Args:
        expected: The reference's run.
        observed: The run of the SDK under test.

    Raises:
        KitError: If the fake server failed in either run, or the reference did not run to its end.
    """
    for whose, run, kinds in (
        ("the reference", expected, frozenset(FaultKind) - {FaultKind.STUCK, FaultKind.SET_UP}),
        ("the SDK", observed, frozenset({FaultKind.KIT})),
    ):
        if run.fault is not None and run.fault.kind in kinds:
            raise KitError(f"the kit failed while it ran a scenario with {whose}: {run.fault}")


class SdkSession(Protocol):
    """An SDK that is ready to run scenarios. Not thread-safe."""

    spec: str

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""

    @property
    def clock(self) -> SdkClock:
        """Which kind of clock the kit moves for the SDK. Some scenarios cannot run under some clocks."""

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario and return what the SDK did.

        A failure of the SDK is a fault in the result, never raised.
        """

    def close(self) -> None:
        """End every process of the SDK."""

    def kill(self) -> None:
        """Kill every process of the SDK at once, and start no new one. Thread-safe, unlike the other methods.

        A scenario that runs ends with a fault. Call `close` afterwards, too.
        """
