"""Requirements on an observer that the caller passes in."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import accepts_a_custom_observer
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import CUSTOM_OBSERVER

REQUIREMENTS: Final = (
    Requirement(
        id="custom_observer.replaces_client",
        sentence=(
            "An observer that the caller passes in is notified of its future in place of the client's own "
            "observer."
        ),
        source="seed, 'Do NOT': break code that passes a custom :queue_state_observer",
        scenarios=("custom-observer", "custom-observer-training"),
        check=same(seen.custom_callbacks, seen.line_times),
        holds=accepts_a_custom_observer,
        needs=CUSTOM_OBSERVER,
    ),
)
