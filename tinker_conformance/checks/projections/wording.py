"""Wording that several projections share."""

from __future__ import annotations

from tinker_conformance.timeline import Log


def quoted(log: Log) -> str:
    """Return the text of a fact about a log line: its exact message."""
    return f"the line {log.message!r}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 poll", "2 polls"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
