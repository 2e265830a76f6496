"""Requirements on the reason in a pause line."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    does_not,
    observes_creation,
    shows_server_reason,
    shows_server_reason_for_creation,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CREATION

REQUIREMENTS: Final = (
    Requirement(
        id="reasons.sampling",
        sentence=(
            "The pause line of a sampling client gives the profile's reason for a rate limit and for a lack "
            "of capacity."
        ),
        source="seed, success criterion 6; official SDK by revision",
        scenarios=("reasons-sampling",),
        check=same(seen.line_reasons),
    ),
    Requirement(
        id="reasons.sampling_unknown",
        sentence="The pause line of a sampling client gives the reason 'unknown' for any other state.",
        source="seed, 'Shared Logger Module'; official SDK, every release",
        scenarios=("reasons-sampling-unknown",),
        check=same(seen.line_reasons),
    ),
    Requirement(
        id="reasons.training",
        sentence=(
            "The pause line of a training client gives the profile's reason for a rate limit and for a lack "
            "of capacity."
        ),
        source="seed, success criterion 7; official SDK by revision",
        scenarios=("reasons-training",),
        check=same(seen.line_reasons),
    ),
    Requirement(
        id="reasons.training_unknown",
        sentence="The pause line of a training client gives the reason 'unknown' for any other state.",
        source="seed, 'Shared Logger Module'; official SDK, every release",
        scenarios=("reasons-training-unknown",),
        check=same(seen.line_reasons),
    ),
    Requirement(
        id="reasons.model_creation",
        sentence=(
            "The pause line of a model's creation gives the profile's reason for a rate limit and for a lack "
            "of capacity."
        ),
        source="official SDK since 0.10.0",
        scenarios=("reasons-model-creation",),
        check=same(seen.line_reasons),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="reasons.of_the_server",
        sentence="A reason from the server replaces the profile's reason; an empty one, or null, does not.",
        source="official SDK since 0.7.0",
        scenarios=("reasons-of-the-server", "reasons-of-the-server-training", "callback-reasons-try-again"),
        check=same(seen.line_reasons),
        holds=shows_server_reason,
    ),
    Requirement(
        id="reasons.not_of_the_server",
        sentence="A reason from the server is not shown.",
        source="official SDK 0.1.0 to 0.6.3",
        scenarios=("reasons-of-the-server", "reasons-of-the-server-training"),
        check=same(seen.line_reasons),
        holds=does_not(shows_server_reason),
        level=Level.QUIRK,
    ),
    Requirement(
        id="reasons.model_creation_unknown",
        sentence="The pause line of a model's creation gives the reason 'unknown' for any other state.",
        source="official SDK since 0.10.0",
        scenarios=("reasons-model-creation-unknown",),
        check=same(seen.line_reasons),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="reasons.of_the_server_for_creation",
        sentence="A reason from the server is also shown in the pause line of a model's creation.",
        source="official SDK since 0.10.0",
        scenarios=(
            "reasons-of-the-server-creation",
            "reasons-of-the-server-lasting-model-creation",
        ),
        check=same(seen.line_reasons),
        holds=shows_server_reason_for_creation,
        needs=CREATION,
    ),
    Requirement(
        id="reasons.any_text",
        sentence=(
            "A reason from the server is shown unchanged, in one log line, whatever characters it contains."
        ),
        source="official SDK 0.7.0 and 0.38.0, measured",
        scenarios=("texts-of-reasons", "texts-of-reasons-training", "texts-of-reasons-model-creation"),
        check=same(seen.line_times, seen.line_reasons, seen.outcomes),
        holds=shows_server_reason,
    ),
)
