"""Parity: compares the reference (the model of the official SDK) with published releases, event by event.

Releases and scenarios go in. Differences come out, each with the smallest script that shows it, and a draft
of a profile that would explain them. Golden timelines are recordings of real releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.parity.campaign import Campaign, ReleaseReport, all_scenarios
    from tinker_conformance.parity.comparison import Finding
    from tinker_conformance.parity.difference import FAULT
    from tinker_conformance.parity.golden import encoded, recorded
    from tinker_conformance.parity.store import Store

__all__ = [
    "FAULT",
    "Campaign",
    "Finding",
    "ReleaseReport",
    "Store",
    "all_scenarios",
    "encoded",
    "recorded",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "campaign": "Campaign ReleaseReport all_scenarios",
        "comparison": "Finding",
        "difference": "FAULT",
        "golden": "encoded recorded",
        "store": "Store",
    },
)
