"""Draw scenarios from Hypothesis strategies, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tinker_conformance.scenario.scenario import Scenario

_MOST_ROUNDS: Final = 50
_LEAST_EXAMPLES: Final = 10
"""The fewest scenarios to draw at once: Hypothesis begins with small ones, and fewer may be repetitions."""


def generated(
    count: int,
    seeded: int = 0,
    *,
    ordinary: bool = False,
    refused: bool = True,
    wanted: Callable[[Scenario], bool] = lambda _: True,
) -> tuple[Scenario, ...]:
    """Return distinct scenarios with the ids ``generated-SEED-1``, ….

    Args:
        count: The number of scenarios. There are fewer only if `_MOST_ROUNDS` attempts find no more.
        seeded: The seed.
        ordinary: Whether to leave out replies about which only quirks (accidents of the official SDK) say
            anything.
        refused: Whether some requests are refused before their future exists.
        wanted: Returns False for a scenario that cannot be used; another one replaces it.
    """
    if count <= 0:
        return ()
    # Hypothesis takes longer to import than the whole kit, and most commands draw nothing.
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # noqa: PLC0415

    from tinker_conformance.generated.strategies import ordinary_scenarios, scenarios  # noqa: PLC0415

    strategy = ordinary_scenarios(refused=refused) if ordinary else scenarios()
    drawn: dict[str, Scenario] = {}

    def collect(scenario: Scenario) -> None:
        if len(drawn) < count and (refused or not scenario.is_refused) and wanted(scenario):
            drawn.setdefault(repr(scenario), scenario)

    for number in range(_MOST_ROUNDS):
        if len(drawn) >= count:
            break
        settings(
            max_examples=max(count - len(drawn), _LEAST_EXAMPLES),
            phases=[Phase.generate],
            database=None,
            deadline=None,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )(seed(seeded if number == 0 else f"{seeded}, round {number}")(given(strategy)(collect)))()
    return tuple(
        msgspec.structs.replace(scenario, id=f"generated-{seeded}-{number}")
        for number, scenario in enumerate(drawn.values(), 1)
    )
