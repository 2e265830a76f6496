"""Input as data: what an SDK is asked and what the fake server answers, with the shipped scenarios."""

from __future__ import annotations

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
    decode_scenario,
    encode_scenario,
    load_scenarios,
    parse_scenarios,
)

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
    "load_scenarios",
    "parse_scenarios",
]
