"""Requirements that a session of the SDK keeps no state of an earlier session."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.model import Requirement

REQUIREMENTS: Final = (
    Requirement(
        id="isolation.sessions",
        sentence="A session behaves the same, whatever happened in an earlier session.",
        source="official SDK, every release: its clients share nothing with those of another session",
        scenarios=(
            "isolation-first-sampling",
            "isolation-second-sampling",
            "isolation-first-training",
            "isolation-second-training",
        ),
        check=same(seen.line_times, seen.notified_states, seen.poll_iterations, seen.outcomes),
        twice=True,
    ),
)
