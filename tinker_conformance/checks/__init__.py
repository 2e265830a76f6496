"""Comparison of two timelines: what an SDK did in a scenario, and what it should have done.

A ``Case`` (scenario, profile, expected and observed timeline) goes in; mismatches come out. A requirement
compares only a part of a timeline, such as the times of log lines; a *projection* is a function that picks
that part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.checks.case import Case, Check, Mismatch
    from tinker_conformance.checks.pause_lines import identifier_of

__all__ = [
    "Case",
    "Check",
    "Mismatch",
    "identifier_of",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "case": "Case Check Mismatch",
        "pause_lines": "identifier_of",
    },
)
