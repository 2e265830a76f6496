"""The reason that a line gives."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.conditions import observes_creation
from tinker_conformance.requirements.needs import CREATION
from tinker_conformance.requirements.requirement import Level, Requirement

_LOGGER: Final = "seed, 'Shared Logger Module'; official SDK, every release"


def _server_speaks_of_creation(profile: Profile) -> bool:
    forms = profile.observer.model_creation
    return forms is not None and forms.server_reason_replaces


REASONS: Final = (
    Requirement(
        "reasons.sampling",
        "The line of a sampling client gives the profile's reason for a rate limit, and for capacity.",
        "seed, success criterion 6; official SDK by revision",
        ("reasons-sampling",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.sampling_unknown",
        "The line of a sampling client gives the reason unknown for any other state.",
        _LOGGER,
        ("reasons-sampling-unknown",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.training",
        "The line of a training client gives the profile's reason for a rate limit, and for capacity.",
        "seed, success criterion 7; official SDK by revision",
        ("reasons-training",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.training_unknown",
        "The line of a training client gives the reason unknown for any other state.",
        _LOGGER,
        ("reasons-training-unknown",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.model_creation",
        "The line about a model's creation gives the profile's reasons.",
        "official SDK since 0.10.0",
        ("reasons-model-creation",),
        same(seen.line_reasons),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        "reasons.of_the_server",
        "A reason that the server gives replaces the profile's; an empty one, or null, does not.",
        "official SDK since 0.7.0",
        ("reasons-of-the-server", "reasons-of-the-server-training", "callback-reasons-try-again"),
        same(seen.line_reasons),
        holds=lambda p: p.observer.sampling.server_reason_replaces,
    ),
    Requirement(
        "reasons.not_of_the_server",
        "A reason that the server gives is not shown.",
        "official SDK 0.1.0 to 0.6.3",
        ("reasons-of-the-server",),
        same(seen.line_reasons),
        holds=lambda p: not p.observer.sampling.server_reason_replaces,
        level=Level.QUIRK,
    ),
    Requirement(
        "reasons.model_creation_unknown",
        "The line about a model's creation gives the reason unknown for any other state.",
        "official SDK since 0.10.0",
        ("reasons-model-creation-unknown",),
        same(seen.line_reasons),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        "reasons.of_the_server_for_creation",
        "A reason that the server gives is shown in the line about a model's creation too.",
        "official SDK since 0.10.0",
        ("reasons-of-the-server-creation",),
        same(seen.line_reasons),
        holds=_server_speaks_of_creation,
        needs=CREATION,
    ),
)
