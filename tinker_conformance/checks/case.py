"""The input of a check, `Case`, and its output, `Mismatch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from fake_server.core.wanted_got import wanted_got
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario, as the SDK under test and the reference ran it.

    Attributes:
        scenario: The scenario that ran.
        profile: The profile that the SDK is judged by.
        expected: The reference's timeline under that profile.
        observed: The SDK's timeline.
        sdk: What the SDK claims; without visible observer calls, a check compares log lines instead.
    """

    scenario: Scenario
    profile: Profile
    expected: Timeline
    observed: Timeline
    sdk: AdapterInfo


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between the expected and the observed timeline.

    Attributes:
        scenario: The scenario's id.
        at: When it shows, virtual seconds.
        wanted: What was expected, in words.
        got: What was observed, in words.
        event: Index of the offending event in the observed timeline, or None if an event is missing.
        missing: Index of the missing event in the expected timeline, or None if none is missing, or if the
            timeline has no event for it.
    """

    scenario: str
    at: float
    wanted: str
    got: str
    event: int | None = None
    missing: int | None = None

    def __str__(self) -> str:
        return f"at {self.at:.3f} s: {wanted_got(self.wanted, self.got)}"


Check: TypeAlias = Callable[[Case], Iterable[Mismatch]]
"""A pure function that returns every mismatch of a case."""
