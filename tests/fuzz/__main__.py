"""python -m tests.fuzz [--seed N] [--count N] [--replay FILE]

Ends with 1 and a file if an input fails; the file is for --replay.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import click

from .campaign import error_of, load, searched

_EVERY = 20_000
# Failures found before are tried first.
_REMEMBERED = Path(".hypothesis/fuzz")


@click.command()
@click.option("--seed", type=int, default=0, show_default=True, help="chooses the inputs")
@click.option("--count", type=click.IntRange(1), default=100_000, show_default=True, help="how many")
@click.option("--replay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="run one input")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("fuzz-failure.json"),
    show_default=True,
    help="where a failing input goes",
)
def main(seed: int, count: int, replay: Path | None, out: Path) -> None:
    """Look for an input that breaks the server, or what reads bodies, scripts and lines of adapters."""
    if replay is not None:
        target, data = load(replay)
        click.echo(f"{target.name}: {data!r}")
        error = error_of(target, data)
        click.echo(error or "nothing fails")
        sys.exit(bool(error))
    start = time.monotonic()
    numbers = itertools.count(1)

    def count_input() -> None:
        if (done := next(numbers)) % _EVERY == 0:
            click.echo(f"{done:,} inputs, {time.monotonic() - start:.0f} s", err=True)

    failure = searched(seed, count, on_input=count_input, remembered=_REMEMBERED)
    if failure is None:
        click.echo(f"{count:,} inputs in {time.monotonic() - start:.0f} s, none fails")
        return
    failure.save(out)
    click.echo(f"{failure.target}: {failure.data!r}\n{failure.error}")
    click.echo(f"again: python -m tests.fuzz --replay {out}")
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m tests.fuzz")
