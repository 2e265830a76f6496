"""Scenarios that nobody wrote: drawn from the strategies, the same ones for the same seed."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tinker_conformance.generated.strategies import ordinary_scenarios, scenarios
from tinker_conformance.scenario.scenario import Scenario


def generated(count: int, seeded: int = 0, *, ordinary: bool = False) -> tuple[Scenario, ...]:
    """Draws scenarios; ids are ``generated-SEED-1``, ….

    Args:
        count: How many, at most: what repeats is left out.
        seeded: Another number gives others.
        ordinary: Without what only quirks are about.
    """
    strategy = ordinary_scenarios() if ordinary else scenarios()
    drawn: dict[object, Scenario] = {}

    def collect(scenario: Scenario) -> None:
        drawn.setdefault(repr(scenario), scenario)

    if count > 0:
        settings(
            max_examples=count,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )(seed(seeded)(given(strategy)(collect)))()
    return tuple(
        msgspec.structs.replace(scenario, id=f"generated-{seeded}-{number}")
        for number, scenario in enumerate(drawn.values(), 1)
    )
