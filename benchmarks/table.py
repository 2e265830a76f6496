"""What was measured, as tables and targets, in Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = (
    "httptools",
    "httpx",
    "respx",
    "freezegun",
    "msgspec",
    "pytest",
    "pytest-httpserver",
    "uvicorn",
    "uvloop",
    "aiohttp",
    "numpy",
    "pydantic",
    "transformers",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A bound, and what was measured.

    Attributes:
        text: What is bounded.
        measured: The number, in ``unit``; None if it could not be measured.
        bound: What it is held against.
        unit: Of both; ``times`` for a ratio.
        at_least: Whether the bound is a lower one.
        note: Why it could not be measured, or why it is missed.
    """

    text: str
    measured: float | None
    bound: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """None if it could not be measured."""
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report."""

    title: str
    about: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    targets: Sequence[Target] = field(default=())


def markdown(sections: Iterable[Section], *, quick: bool) -> str:
    """The whole report."""
    sections = list(sections)
    targets = [target for section in sections for target in section.targets]
    lines = ["# Benchmarks", "", *_about(quick=quick), "", "## Targets", "", *_target_table(targets), ""]
    for section in sections:
        lines += [f"## {section.title}", "", section.about, "", *table(section.header, section.rows), ""]
    return "\n".join(lines)


def verdicts(targets: Iterable[Target]) -> dict[str, int]:
    """How many targets are met, missed, not measured."""
    found = [_verdict(target) for target in targets]
    return {word: found.count(word) for word in ("met", "missed", "not measured")}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def made_on() -> str:
    """When and where it is measured, and with which Python."""
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    where = f"{_processor()}, {cores()} cores, load {load}"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {where}; Python {platform.python_version()}"


def _about(*, quick: bool) -> list[str]:
    found = [f"{name} {_version(name)}" for name in _PACKAGES if _version(name) is not None]
    how = (
        "`make bench` writes this file, `make soak` its section. Ratios are of one run; where a machine is "
        "not idle, trust them more."
    )
    if quick:
        how = "A quick run, to see that everything runs: its numbers mean nothing."
    return [how, "", f"{made_on()}; {', '.join(found)}."]


def _target_table(targets: Sequence[Target]) -> list[str]:
    return table(
        ("target", "measured", "bound", ""),
        [
            (
                target.text,
                "" if target.measured is None else f"{target.measured:.2f} {target.unit}",
                f"{'≥' if target.at_least else '≤'} {target.bound:g} {target.unit}",
                _verdict(target) + (f": {target.note}" if target.note and not target.met else ""),
            )
            for target in targets
        ],
    )


def _verdict(target: Target) -> str:
    return {True: "met", False: "missed", None: "not measured"}[target.met]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table's lines."""
    if not header:
        return []
    return [
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
