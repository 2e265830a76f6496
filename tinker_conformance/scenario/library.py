"""The scenarios that come with the kit, by id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from tinker_conformance.scenario.decoding import parse_scenarios
from tinker_conformance.scenario.scenario import Scenario, ScenarioError


@cache
def shipped_scenarios() -> Mapping[str, Scenario]:
    """Return all shipped scenarios by id, in the order of their files.

    Raises:
        ScenarioError: Two shipped scenarios have the same id.
    """
    found: dict[str, Scenario] = {}
    folder = files("tinker_conformance.scenario")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            for scenario in parse_scenarios(entry.read_text(encoding="utf-8"), source=entry.name):
                if scenario.id in found:
                    message = f"{entry.name}: another file has a scenario {scenario.id!r}; rename one"
                    raise ScenarioError(message)
                found[scenario.id] = scenario
    return MappingProxyType(found)
