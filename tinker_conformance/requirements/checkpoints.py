"""Requirements on training clients that are created from saved states."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    creates_a_model_by_loading,
    loads_into_a_new_model,
    loads_saved_states,
)
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import CHECKPOINTS

_MEASURED: Final = "official SDK 0.6.3, 0.20.0, 0.36.0 and 0.38.0, measured"

REQUIREMENTS: Final = (
    Requirement(
        id="checkpoints.path",
        sentence="A training client that is created from a saved state loads the path that its caller gave.",
        source=_MEASURED,
        scenarios=("checkpoint-weights",),
        check=same(seen.loaded_paths, seen.outcomes),
        holds=loads_saved_states,
        needs=CHECKPOINTS,
    ),
    Requirement(
        id="checkpoints.optimizer",
        sentence=(
            "A training client that is created from a saved state loads the optimizer's state only if its "
            "caller asked for that."
        ),
        source=_MEASURED,
        scenarios=("checkpoint-weights", "checkpoint-optimizer"),
        check=same(seen.request_contents, seen.outcomes),
        holds=loads_saved_states,
        needs=CHECKPOINTS,
    ),
    Requirement(
        id="checkpoints.into_a_new_model",
        sentence=(
            "A saved state is loaded in two steps, each polled with its request type: create a model on the "
            "state's base model, then load the state into it."
        ),
        source="official SDK 0.6.3, 0.20.0 and 0.36.0, measured",
        scenarios=("checkpoint-weights",),
        check=same(seen.request_order, seen.request_clients, seen.poll_types),
        holds=loads_into_a_new_model,
        needs=CHECKPOINTS,
    ),
    Requirement(
        id="checkpoints.in_one_request",
        sentence=(
            "A saved state is loaded by a single load request, which names the session and not a model, and "
            "which creates the model."
        ),
        source="official SDK 0.38.0, measured",
        scenarios=("checkpoint-weights",),
        check=same(seen.request_order, seen.request_clients, seen.poll_types),
        holds=creates_a_model_by_loading,
        needs=CHECKPOINTS,
    ),
    Requirement(
        id="checkpoints.pause",
        sentence="A pause while a saved state is loaded is logged for the new model.",
        source=_MEASURED,
        scenarios=("checkpoint-pause",),
        check=same(seen.notified_states, seen.line_times, seen.line_texts),
        holds=loads_saved_states,
        needs=CHECKPOINTS,
    ),
    Requirement(
        id="checkpoints.failure",
        sentence="If a saved state cannot be loaded, the creation of the training client fails.",
        source=_MEASURED,
        scenarios=("checkpoint-failure",),
        check=same(seen.poll_counts, seen.outcomes),
        holds=loads_saved_states,
        needs=CHECKPOINTS,
    ),
)
