"""The time limits of an adapter over stdio."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The time limits of an adapter over stdio, in real seconds.

    Attributes:
        start: From the start of the process to the message `started`.
        step: Between two messages or requests within a scenario, and for the adapter to read a line.
        scenario: For a whole scenario, without the time that the kit itself waits.
        end: From the end of standard input to the exit of the process.
        quiet: How long an idle SDK may be silent before the kit moves a libfaketime clock a little. For an
            SDK that is not idle, because it computes or waits in a busy loop, the limit is half of `step`.
    """

    start: float = 30.0
    step: float = 10.0
    scenario: float = 120.0
    end: float = 2.0
    quiet: float = 0.25
