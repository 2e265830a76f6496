"""The rest of a line: verb, identifier, text, level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import Projection, same
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.conditions import exact_text, observes_creation
from tinker_conformance.requirements.needs import CREATION, TRAINING
from tinker_conformance.requirements.requirement import Requirement
from tinker_conformance.sdk.adapter import Capability

_PHASE: Final = "seed, 'Phase 1'; official SDK by revision"


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    says: str
    source: str
    seen: Projection
    exact: bool = False


_PARTS: Final = (
    _Part("verb", "says so in the profile's words", _PHASE, seen.line_verbs),
    _Part("identifier", "names it as the profile does", _PHASE, seen.line_identifiers),
    _Part(
        "text", "is the official one, to the letter", "official SDK by revision", seen.line_texts, exact=True
    ),
    _Part(
        "level",
        "is a warning",
        "seed, success criterion 4; official SDK, every release",
        seen.line_levels,
    ),
)


def _message_requirements(
    kind: str, needs: frozenset[Capability], scenario: str, of_two: str | None = None
) -> Iterator[Requirement]:
    def holds(profile: Profile) -> bool:
        return kind != "model_creation" or observes_creation(profile)

    def holds_exactly(profile: Profile) -> bool:
        return holds(profile) and exact_text(profile)

    subject = {"sampling": "a sampling client", "training": "a training client"}.get(
        kind, "the creation of a model"
    )
    for part in _PARTS:
        yield Requirement(
            f"messages.{kind}_{part.name}",
            f"The line about {subject} {part.says}.",
            part.source,
            (scenario, of_two) if of_two and part.seen is seen.line_identifiers else (scenario,),
            same(part.seen),
            holds=holds_exactly if part.exact else holds,
            needs=needs,
        )


MESSAGES: Final = (
    *_message_requirements("sampling", frozenset(), "messages-sampling"),
    *_message_requirements("training", TRAINING, "messages-training"),
    *_message_requirements("model_creation", CREATION, "messages-model-creation", "messages-two-creations"),
)
