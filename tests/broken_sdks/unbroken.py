"""What the reference did in a scenario, by which a broken SDK tells whether its fault can show there."""

from __future__ import annotations

from dataclasses import dataclass

from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run


@dataclass(frozen=True, slots=True)
class Unbroken:
    """What the reference did in a scenario.

    Attributes:
        scenario: The scenario.
        run: Its run.
        used: What it used: values of its profile, functions, and what `noted_use` lists besides.
    """

    scenario: Scenario
    run: Run
    used: frozenset[str]

    @property
    def varies(self) -> bool:
        """Whether another run may have the same events in another order: threads meet as they happen to."""
        return self.scenario.threads
