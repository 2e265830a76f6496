"""An SDK under test, from the kit's side: scenarios go in, timelines or faults come out."""

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
    """Why a scenario has no complete timeline."""

    STUCK = "stuck"
    """The SDK would never finish: a finding about the SDK."""
    KIT = "kit"
    """The fake server failed: a fault of the kit, which says nothing of the SDK."""
    SET_UP = "set_up"
    """The adapter failed before the first future."""
    CRASH = "crash"
    """The adapter's process ended."""
    HANG = "hang"
    """The adapter's process gave no answer within the limit."""
    CLOSED = "closed"
    """The adapter's process closed its standard output."""
    NOT_JSON = "not_json"
    """The adapter wrote a line that is not JSON, or not UTF-8."""
    LINE_TOO_LONG = "line_too_long"
    """The adapter wrote a line beyond the limit."""
    PROTOCOL = "protocol"
    """The adapter wrote a message that the protocol does not have, or with a field that it does not have."""
    OUT_OF_TURN = "out_of_turn"
    """The adapter wrote a message at the wrong time, or for the wrong scenario or future."""
    NOT_TESTABLE = "not_testable"
    """The clock that the SDK runs under cannot show this scenario."""
    GIVEN_UP = "given_up"
    """The adapter broke in too many scenarios in a row, and is not started again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a scenario has no complete timeline.

    Attributes:
        kind: What happened.
        text: What happened, in words, with the limit where one was passed.
        stderr: The end of the adapter's standard error.
    """

    kind: FaultKind
    text: str
    stderr: str = ""

    def __str__(self) -> str:
        tail = f"\nend of the adapter's standard error:\n{self.stderr}" if self.stderr else ""
        return f"{self.text}{tail}"


@dataclass(frozen=True, slots=True)
class Run:
    """What one scenario gave.

    Attributes:
        timeline: The events, up to the fault if there is one.
        fault: None if the scenario ran to its end.
    """

    timeline: Timeline
    fault: Fault | None = None


class KitFaultError(KitError):
    """The fake server or the reference failed: nothing can be said of the SDK."""


def refuse_kit_faults(*, expected: Run, observed: Run) -> None:
    """Check two runs that are about to be compared outside of a requirement.

    Raises:
        KitFaultError: If the fake server failed in one, or the reference did not run as it should.
    """
    for whose, run, kinds in (
        ("the reference", expected, frozenset(FaultKind) - {FaultKind.STUCK, FaultKind.SET_UP}),
        ("the SDK", observed, frozenset({FaultKind.KIT})),
    ):
        if run.fault is not None and run.fault.kind in kinds:
            raise KitFaultError(f"the kit failed while it ran a scenario with {whose}: {run.fault}")


class SdkStartError(SdkError):
    """The SDK, or its adapter, cannot be started; the text says why and what to do."""


class SdkSession(Protocol):
    """An SDK that is ready to run scenarios. Not for two threads at once."""

    spec: str

    @property
    def info(self) -> AdapterInfo:
        """Who the SDK is and what it claims."""

    @property
    def clock(self) -> SdkClock:
        """How its clocks are moved: what scenarios it can live."""

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Runs a scenario. Never raises for what the SDK does: that is a fault in the result."""

    def close(self) -> None:
        """Ends every process that belongs to the SDK."""
