"""The types of the numeric options; any other value is a usage error that names the limits."""

from __future__ import annotations

import math
from typing import Any, Final

import click


class _Time(click.FloatRange):
    """A `click.FloatRange` that also rejects "nan", which is neither below nor above a limit."""

    def __init__(self, unit: str, least: float, most: float) -> None:
        """Create the type for times between `least` and `most`, both in `unit`."""
        super().__init__(min=least, max=most)
        self._unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert text to a number.

        Raises:
            click.BadParameter: If the text is not a number, or the number is out of range.
        """
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number of {self._unit}", param, ctx)
        return number


SECONDS: Final = _Time("seconds", 0.1, 86_400.0)
"""A time limit in seconds, up to one day."""
MINUTES: Final = _Time("minutes", 0.01, 1_440.0)
"""A time limit in minutes, up to one day."""
COUNT: Final = click.IntRange(min=0, max=1_000_000)
"""The number of generated scripts."""
JOBS: Final = click.IntRange(min=1, max=256)
"""The number of parallel jobs."""
SEED: Final = click.IntRange(min=-(2**63), max=2**63 - 1)
"""The seed of generated scripts."""
