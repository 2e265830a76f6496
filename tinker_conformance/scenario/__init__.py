"""Input as data: what an SDK does, what the fake server replies, how the clocks move.

YAML (the kit's own, or a user's) goes in; frozen ``Scenario`` values come out. ``scenario_yaml`` writes them
back as YAML, and ``stepwise`` splits them for clocks that can only be moved between two futures.
"""

from __future__ import annotations

from tinker_conformance.scenario.decoding import decode_scenario, load_scenarios, parse_scenarios
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import (
    DEFAULT_OPERATION,
    FUNCTIONS,
    OPERATIONS_OF,
    ClientSpec,
    FunctionCall,
    FutureSpec,
    ObserverUse,
    Scenario,
    ScenarioError,
)
from tinker_conformance.scenario.short_form import scenario_yaml
from tinker_conformance.scenario.stepwise import for_clock, moves_clock, without_drain

__all__ = [
    "DEFAULT_OPERATION",
    "FUNCTIONS",
    "OPERATIONS_OF",
    "ClientSpec",
    "FunctionCall",
    "FutureSpec",
    "ObserverUse",
    "Scenario",
    "ScenarioError",
    "decode_scenario",
    "encode_scenario",
    "for_clock",
    "load_scenarios",
    "moves_clock",
    "parse_scenarios",
    "scenario_yaml",
    "shipped_scenarios",
    "without_drain",
]
