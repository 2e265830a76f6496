"""Soaks one server, prints the figures and writes them into RESULTS.md.

python -m benchmarks.soak [--futures N] [--seed S] [--seconds V] [--out FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from benchmarks.__main__ import RESULTS
from benchmarks.kept import with_part
from benchmarks.soak.judging import ENOUGH, faults
from benchmarks.soak.plan import RULED_ONE_IN, Plan
from benchmarks.soak.report import section
from benchmarks.soak.running import soaked

FUTURES: Final = 100_000
SEED: Final = 1
SECONDS: Final = 3_600


@click.command()
@click.option("--futures", type=click.IntRange(2 * RULED_ONE_IN), default=FUTURES, show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True, help="draws what each future meets")
@click.option(
    "--seconds",
    type=click.IntRange(1, 1_000_000),
    default=SECONDS,
    show_default=True,
    help="virtual time that passes",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="the file to write into; by default RESULTS.md, of a full soak",
)
def main(*, futures: int, seed: int, seconds: int, out: Path | None) -> None:
    """Soaks one server; exit code 1 says that something was lost, wrong, or grew."""
    soak = soaked(Plan(seed, futures, seconds))
    found = faults(soak)
    if found:
        click.echo("\n".join(found), err=True)
        again = f"python -m benchmarks.soak --futures {futures} --seed {seed} --seconds {seconds}"
        raise click.ClickException(f"{len(found)} faults; the same soak again: {again}")
    text = section(soak)
    click.echo(text)
    if futures < ENOUGH:
        click.echo(f"memory was not judged: that takes {ENOUGH:,} futures", err=True)
    if out is None and futures >= FUTURES:
        out = RESULTS
    if out is not None:
        old = out.read_text(encoding="utf-8") if out.exists() else "# Benchmarks\n"
        out.write_text(with_part(old, text), encoding="utf-8")


if __name__ == "__main__":
    main()
