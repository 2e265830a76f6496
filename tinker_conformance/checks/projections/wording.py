"""How facts put into words what several projections speak of."""

from __future__ import annotations

from tinker_conformance.timeline import Log


def quoted(log: Log) -> str:
    """A log line, to the letter."""
    return f"the line {log.message!r}"


def counted(number: int, noun: str) -> str:
    """So many of something: "1 poll", "2 polls"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
