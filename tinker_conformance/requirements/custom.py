"""An observer that the caller hands in."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.choices import CustomObserver
from tinker_conformance.requirements.requirement import Requirement
from tinker_conformance.sdk.adapter import Capability

CUSTOM: Final = (
    Requirement(
        "custom_observer.replaces_client",
        "An observer that the caller hands in hears of its future in place of the client's own.",
        "seed, 'Do NOT': break code that passes a custom :queue_state_observer",
        ("custom-observer",),
        same(seen.custom_callbacks, seen.line_times),
        holds=lambda p: p.observer.custom_observer is CustomObserver.REPLACES_CLIENT,
        needs=frozenset({Capability.CUSTOM_OBSERVER}),
    ),
)
