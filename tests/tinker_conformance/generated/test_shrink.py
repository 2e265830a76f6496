"""What a script is shrunk to can be written down and read again."""

from __future__ import annotations

import pytest

from tinker_conformance.generated.shrink import shrunk
from tinker_conformance.scenario import Scenario, decode_scenario, encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios

ODD = [
    scenario
    for scenario in shipped_scenarios().values()
    if any(future.timeout is not None or future.script.submission for future in scenario.futures)
]
"""Those whose futures have more than steps."""


@pytest.mark.parametrize("scenario", ODD, ids=[scenario.id for scenario in ODD])
def test_each_candidate_is_a_scenario(scenario: Scenario) -> None:
    tried: list[Scenario] = []

    def shows(candidate: Scenario) -> bool:
        tried.append(candidate)
        return False

    assert shrunk(scenario, shows) == scenario
    assert tried
    for candidate in tried:
        assert decode_scenario(encode_scenario(candidate), "candidate") == candidate
