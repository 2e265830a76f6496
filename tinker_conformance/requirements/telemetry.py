"""Requirements on telemetry events that accompany a pause."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import emits_telemetry
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import TELEMETRY

REQUIREMENTS: Final = (
    Requirement(
        id="telemetry.beside_the_line",
        sentence="A telemetry event accompanies each pause, in addition to the observer call.",
        source="seed, success criterion 10; official SDK, every release",
        scenarios=("telemetry-beside-the-line",),
        check=same(seen.telemetry_names, seen.line_times),
        holds=emits_telemetry,
        needs=TELEMETRY,
    ),
)
