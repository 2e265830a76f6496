"""What the numeric options of the commands accept; anything else is a usage error that names the limits."""

from __future__ import annotations

import math
from typing import Any, Final

import click


class _Seconds(click.FloatRange):
    """Like `click.FloatRange`, but "nan" is refused: it is neither below a limit nor above one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert a text to seconds.

        Raises:
            click.BadParameter: If it is no number, or one that is out of range.
        """
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


SECONDS: Final = _Seconds(min=0.1, max=86_400.0)
"""A time limit, up to a day."""
COUNT: Final = click.IntRange(min=0, max=1_000_000)
"""How many scripts are generated."""
JOBS: Final = click.IntRange(min=1, max=256)
"""How many at once."""
SEED: Final = click.IntRange(min=-(2**63), max=2**63 - 1)
"""A seed of generated scripts."""
