"""Scenarios generated at random or by rule, in addition to the shipped ones.

A seed goes in; scenarios come out, drawn from Hypothesis strategies or combined by rule. The checks of all
requirements judge an SDK in each of them, and a scenario in which the SDK fails is shrunk to a few steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.generated.combinations import matrix
    from tinker_conformance.generated.drawn_scenarios import generated
    from tinker_conformance.generated.judged_scripts import ScriptFailure, ScriptJudge, ScriptJudgement
    from tinker_conformance.generated.shrink import shrunk, steps_of
    from tinker_conformance.generated.strategies import (
        StepData,
        clock_steps,
        ordinary_scenarios,
        pause_bodies,
        poll_scripts,
        queue_states,
        scenarios,
    )

__all__ = [
    "ScriptFailure",
    "ScriptJudge",
    "ScriptJudgement",
    "StepData",
    "clock_steps",
    "generated",
    "matrix",
    "ordinary_scenarios",
    "pause_bodies",
    "poll_scripts",
    "queue_states",
    "scenarios",
    "shrunk",
    "steps_of",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "combinations": "matrix",
        "drawn_scenarios": "generated",
        "judged_scripts": "ScriptFailure ScriptJudge ScriptJudgement",
        "shrink": "shrunk steps_of",
        "strategies": (
            "StepData clock_steps ordinary_scenarios pause_bodies poll_scripts queue_states scenarios"
        ),
    },
)
