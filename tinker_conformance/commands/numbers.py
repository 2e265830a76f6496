"""The types of the numeric options; any other value is a usage error that names the limits."""

from __future__ import annotations

import math
from typing import Any, Final

import click


class _Seconds(click.FloatRange):
    """A `click.FloatRange` that also rejects "nan", which is neither below nor above a limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert text to seconds.

        Raises:
            click.BadParameter: If it is not a number, or out of range.
        """
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


SECONDS: Final = _Seconds(min=0.1, max=86_400.0)
"""A time limit in seconds, up to one day."""
COUNT: Final = click.IntRange(min=0, max=1_000_000)
"""The number of generated scripts."""
JOBS: Final = click.IntRange(min=1, max=256)
"""The number of parallel jobs."""
SEED: Final = click.IntRange(min=-(2**63), max=2**63 - 1)
"""The seed of generated scripts."""
