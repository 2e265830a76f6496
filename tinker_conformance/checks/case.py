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
    """One scenario with both of its timelines: of the SDK under test, and of the reference.

    Attributes:
        scenario: The scenario that ran.
        profile: The profile by which the SDK is judged.
        expected: The timeline of the reference under that profile.
        observed: The timeline of the SDK under test.
        sdk: What the SDK's adapter says about it. If the kit cannot see observer calls, checks compare log
            lines.
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
        at: When the difference shows, virtual seconds since the scenario began.
        wanted: What was expected, in words.
        got: What was observed, in words.
        event: The index of the unexpected event in the observed timeline; None if an event is missing there.
        missing: The index of the missing event in the expected timeline; None if no event is missing, or if
            the expectation is not an event.
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
