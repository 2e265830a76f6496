"""Requirements on the wording of a pause line: verb phrase, identifier, whole text and level."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import every, exact_text, observes_creation
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import CREATION, SAMPLING, TRAINING

REQUIREMENTS: Final = (
    Requirement(
        id="messages.sampling_verb",
        sentence="The pause line of a sampling client uses the profile's verb phrase.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-sampling",),
        check=same(seen.line_verbs),
    ),
    Requirement(
        id="messages.sampling_identifier",
        sentence="The pause line of a sampling client names the client as the profile does.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-sampling",),
        check=same(seen.line_identifiers),
    ),
    Requirement(
        id="messages.sampling_text",
        sentence="The pause line of a sampling client equals the official one, character for character.",
        source="official SDK by revision",
        scenarios=("messages-sampling",),
        check=same(seen.line_texts),
        holds=exact_text,
    ),
    Requirement(
        id="messages.sampling_level",
        sentence="The pause line of a sampling client is a warning.",
        source="seed, success criterion 4; official SDK, every release",
        scenarios=("messages-sampling",),
        check=same(seen.line_levels),
    ),
    Requirement(
        id="messages.training_verb",
        sentence="The pause line of a training client uses the profile's verb phrase.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-training",),
        check=same(seen.line_verbs),
        needs=TRAINING,
    ),
    Requirement(
        id="messages.training_identifier",
        sentence="The pause line of a training client names the client as the profile does.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-training",),
        check=same(seen.line_identifiers),
        needs=TRAINING,
    ),
    Requirement(
        id="messages.training_text",
        sentence="The pause line of a training client equals the official one, character for character.",
        source="official SDK by revision",
        scenarios=("messages-training",),
        check=same(seen.line_texts),
        holds=exact_text,
        needs=TRAINING,
    ),
    Requirement(
        id="messages.training_level",
        sentence="The pause line of a training client is a warning.",
        source="seed, success criterion 4; official SDK, every release",
        scenarios=("messages-training",),
        check=same(seen.line_levels),
        needs=TRAINING,
    ),
    Requirement(
        id="messages.model_creation_verb",
        sentence="The pause line of a model's creation uses the profile's verb phrase.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-model-creation",),
        check=same(seen.line_verbs),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="messages.model_creation_identifier",
        sentence="The pause line of a model's creation names the model as the profile does.",
        source="seed, 'Phase 1'; official SDK by revision",
        scenarios=("messages-model-creation", "messages-two-creations"),
        check=same(seen.line_identifiers),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="messages.model_creation_text",
        sentence="The pause line of a model's creation equals the official one, character for character.",
        source="official SDK by revision",
        scenarios=("messages-model-creation",),
        check=same(seen.line_texts),
        holds=every(observes_creation, exact_text),
        needs=CREATION,
    ),
    Requirement(
        id="messages.model_creation_level",
        sentence="The pause line of a model's creation is a warning.",
        source="seed, success criterion 4; official SDK, every release",
        scenarios=("messages-model-creation",),
        check=same(seen.line_levels),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="messages.any_sampling_identifier",
        sentence="The identifier in the pause line of a sampling client is shown unchanged.",
        source="official SDK 0.1.0, 0.6.3 and 0.38.0, measured",
        scenarios=("texts-of-sampling-identifiers", "texts-of-more-sampling-identifiers"),
        check=same(seen.line_identifiers, seen.outcomes),
        needs=SAMPLING,
    ),
    Requirement(
        id="messages.any_training_identifier",
        sentence="The identifier in the pause line of a training client is shown unchanged.",
        source="official SDK 0.1.0, 0.6.3 and 0.38.0, measured",
        scenarios=("texts-of-training-identifiers", "texts-of-more-training-identifiers"),
        check=same(seen.line_identifiers, seen.outcomes),
        needs=TRAINING,
    ),
    Requirement(
        id="messages.any_creation_identifier",
        sentence="The identifier in the pause line of a model's creation is shown unchanged.",
        source="official SDK 0.20.0 and 0.38.0, measured",
        scenarios=("texts-of-creation-identifiers", "texts-of-more-creation-identifiers"),
        check=same(seen.line_identifiers, seen.outcomes),
        holds=observes_creation,
        needs=CREATION,
    ),
)
