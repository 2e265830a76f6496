"""Measures everything, prints the report and writes it.

python -m benchmarks [--quick] [--only NAME] [--out FILE]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from benchmarks import flat, in_process, loopback, starting, suite
from benchmarks.kept import kept_part
from benchmarks.table import Section, markdown, verdicts

RESULTS: Final = Path(__file__).with_name("RESULTS.md")

_PARTS: Final[dict[str, tuple[Callable[[], Section], Callable[[], Section]]]] = {
    "loopback": (
        lambda: loopback.measured(requests=10_000, rounds=5, million=1_000_000),
        lambda: loopback.measured(requests=100, rounds=1, million=1_000),
    ),
    "flat": (
        lambda: flat.measured(sizes=(1, 1_000, 100_000), polls=2_000, rounds=60),
        lambda: flat.measured(sizes=(1, 1_000), polls=100, rounds=1),
    ),
    "in_process": (
        lambda: in_process.measured(requests=250, rounds=40, futures=10_000),
        lambda: in_process.measured(requests=25, rounds=1, futures=100),
    ),
    "starting": (
        lambda: starting.measured(rounds=50, runs=15),
        lambda: starting.measured(rounds=2, runs=1),
    ),
    "suite": (
        lambda: suite.measured(rounds=2, official=True),
        lambda: suite.measured(rounds=1, official=False, suite="tinker_conformance.suite.test_parsing"),
    ),
}
"""Each part in full, and quickly."""


@click.command()
@click.option("--quick", is_flag=True, help="see that everything runs; the numbers mean nothing")
@click.option(
    "--only", type=click.Choice(list(_PARTS)), multiple=True, help="this part only; may be repeated"
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="the file to write; by default RESULTS.md beside this"
)
def main(*, quick: bool, only: tuple[str, ...], out: Path | None) -> None:
    """Measures the kit beside its peers. Only a full run writes RESULTS.md."""
    sections = []
    for name in only or _PARTS:
        click.echo(f"measuring {name} …", err=True)
        sections.append(_PARTS[name][quick]())
    report = markdown(sections, quick=quick)
    click.echo(report)
    if out is None and not quick and not only:
        out = RESULTS
    if out is not None:
        out.write_text(report + _kept(out), encoding="utf-8")
    found = verdicts(target for section in sections for target in section.targets)
    click.echo("targets: " + ", ".join(f"{count} {word}" for word, count in found.items()))


def _kept(file: Path) -> str:
    return kept_part(file.read_text(encoding="utf-8")) if file.exists() else ""


if __name__ == "__main__":
    main()
