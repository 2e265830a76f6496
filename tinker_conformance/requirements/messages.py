"""The rest of a line: verb, identifier, text, level."""

from __future__ import annotations

from typing import Final

from tinker_conformance.judging import projections as seen
from tinker_conformance.judging.projections import same
from tinker_conformance.profile import Profile
from tinker_conformance.requirements.conditions import exact_text, observes_creation
from tinker_conformance.requirements.requirement import Requirement
from tinker_conformance.sdk.adapter import Capability

_TRAINING: Final = frozenset({Capability.TRAINING})
_CREATION: Final = frozenset({Capability.MODEL_CREATION})


def _message_requirements(kind: str, scenario: str, needs: frozenset[Capability]) -> tuple[Requirement, ...]:
    def holds(profile: Profile) -> bool:
        return kind != "model_creation" or observes_creation(profile)

    def holds_exactly(profile: Profile) -> bool:
        return holds(profile) and exact_text(profile)

    subject = {"sampling": "a sampling client", "training": "a training client"}.get(
        kind, "the creation of a model"
    )
    return (
        Requirement(
            f"messages.{kind}_verb",
            f"The line about {subject} says so in the profile's words.",
            "seed, 'Phase 1'; official SDK by revision",
            (scenario,),
            same(seen.line_verbs),
            holds=holds,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_identifier",
            f"The line about {subject} names it as the profile does.",
            "seed, 'Phase 1'; official SDK by revision",
            (scenario,),
            same(seen.line_identifiers),
            holds=holds,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_text",
            f"The line about {subject} is the official one, to the letter.",
            "official SDK by revision",
            (scenario,),
            same(seen.line_texts),
            holds=holds_exactly,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_level",
            f"The line about {subject} is a warning.",
            "seed, success criterion 4; official SDK, every release",
            (scenario,),
            same(seen.line_levels),
            holds=holds,
            needs=needs,
        ),
    )


MESSAGES: Final = (
    *_message_requirements("sampling", "messages-sampling", frozenset()),
    *_message_requirements("training", "messages-training", _TRAINING),
    *_message_requirements("model_creation", "messages-model-creation", _CREATION),
)
