"""What a check is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario, as the SDK under test and as the reference lived it.

    Attributes:
        scenario: What was asked.
        profile: What the SDK is judged by.
        expected: The reference's timeline under that profile.
        observed: The SDK's timeline.
        sdk: What the SDK claims: a check makes do with log lines where observer calls cannot be seen.
    """

    scenario: Scenario
    profile: Profile
    expected: Timeline
    observed: Timeline
    sdk: AdapterInfo


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between what was expected and what came.

    Attributes:
        scenario: The scenario's id.
        at: Virtual seconds at which it shows.
        wanted: What was expected, in words.
        got: What came, in words.
        event: Place of the offending event in the observed timeline, or None where something is missing.
    """

    scenario: str
    at: float
    wanted: str
    got: str
    event: int | None = None

    def __str__(self) -> str:
        return f"at {self.at:.3f} s: wanted {self.wanted}, got {self.got}"


Check: TypeAlias = Callable[[Case], Iterable[Mismatch]]
"""Pure: the same case gives the same mismatches, all of them."""
