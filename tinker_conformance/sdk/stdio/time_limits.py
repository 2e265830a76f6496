"""Time limits for an adapter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits for an adapter, in real seconds.

    Attributes:
        start: From the start of the process to `started`.
        step: Between two messages or requests within a scenario, and for the adapter to read a line.
        scenario: For a whole scenario, without the time that the kit itself waits.
        end: From the end of standard input to the exit of the process.
        quiet: Without activity, after which the kit moves a libfaketime clock a little. For an SDK that is
            not idle it is half of `step`: it works, or waits in a busy loop.
    """

    start: float = 30.0
    step: float = 10.0
    scenario: float = 120.0
    end: float = 2.0
    quiet: float = 0.25
