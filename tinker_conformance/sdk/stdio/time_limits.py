"""How long an adapter may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in real seconds.

    Attributes:
        start: From the start of the process to `started`.
        step: Between two signs of life within a scenario, and to take a line.
        scenario: For a whole scenario, what the kit itself waits for left out.
        end: From the end of standard input to the end of the process.
        quiet: Of silence, after which a clock that stands still is nudged.
    """

    start: float = 30.0
    step: float = 10.0
    scenario: float = 120.0
    end: float = 2.0
    quiet: float = 0.25
