"""Hypothesis strategies that draw queue states, replies, clock steps, scripts and whole scenarios."""

from __future__ import annotations

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
    "StepData",
    "clock_steps",
    "ordinary_scenarios",
    "pause_bodies",
    "poll_scripts",
    "queue_states",
    "scenarios",
]
