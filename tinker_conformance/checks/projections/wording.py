"""Wording that several projections share."""

from __future__ import annotations

from tinker_conformance.timeline import Log


def quoted(log: Log) -> str:
    """Return the text of a fact about a log line: the line's exact message in quotes."""
    return f"the line {log.message!r}"
