"""Why a rule is not tested for a kind of client or an operation, as the matrix of rules shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.queue_state import ClientKind

_NO_CREATION: Final = "the profiles for which it holds do not observe the creation of a model"
_OF_SAMPLES: Final = "the rule is about samples"
_NO_GRACE: Final = "a sampling client has no grace period; `grace.not_for_sampling` asks that"
_OWN_CLIENT: Final = "each creation of a model is a client of its own, with one future"
_FROM_A_STATE: Final = "create_model from a saved state"
_NO_KEY: Final = "its result has no required key"
_IN_JSON: Final = "its result is JSON in every release"

CLIENT_REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("parsing.ignores_case", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("parsing.trims", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("trigger.not_408", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("trigger.only_changes", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("reasons.not_of_the_server", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("custom_observer.replaces_client", ClientKind.MODEL_CREATION): _NO_CREATION,
    ("debounce.separate_clients", ClientKind.MODEL_CREATION): (
        "under a grace period the end of each creation restarts it, so two creations cannot share one"
    ),
    ("grace.then_once_a_minute", ClientKind.SAMPLING): _NO_GRACE,
    ("grace.change_of_state", ClientKind.SAMPLING): _NO_GRACE,
    ("grace.active", ClientKind.SAMPLING): _NO_GRACE,
    ("grace.completion", ClientKind.SAMPLING): _NO_GRACE,
    ("grace.monotonic_clock", ClientKind.SAMPLING): _NO_GRACE,
    ("grace.completion", ClientKind.MODEL_CREATION): _OWN_CLIENT,
    (
        "polling.expired_delay",
        ClientKind.TRAINING,
    ): "a 410 ends its future; `polling.expired_training` asks that",
    ("polling.expired_delay", ClientKind.MODEL_CREATION): (
        "a 410 ends its future; `polling.expired_creation` asks that"
    ),
    ("polling.gives_up", ClientKind.TRAINING): _OF_SAMPLES,
    ("polling.gives_up", ClientKind.MODEL_CREATION): _OF_SAMPLES,
    ("polling.error_line", ClientKind.TRAINING): _OF_SAMPLES,
    ("polling.error_line", ClientKind.MODEL_CREATION): _OF_SAMPLES,
    ("polling.status_line", ClientKind.TRAINING): _OF_SAMPLES,
    ("polling.status_line", ClientKind.MODEL_CREATION): _OF_SAMPLES,
    ("polling.budget_line", ClientKind.TRAINING): _OF_SAMPLES,
    ("polling.budget_line", ClientKind.MODEL_CREATION): _OF_SAMPLES,
}
"""The reason, by the name of a rule and a kind of client."""

OPERATION_REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("debounce.across_futures", Operation.CREATE_MODEL): _OWN_CLIENT,
    ("debounce.across_futures", _FROM_A_STATE): _OWN_CLIENT,
    ("submissions.delays", _FROM_A_STATE): "it sends the request of `load_state`, which is asked",
    ("polling.incomplete_result", Operation.OPTIM_STEP): _NO_KEY,
    ("polling.incomplete_result", Operation.LOAD_STATE): _NO_KEY,
    ("polling.incomplete_result", Operation.UNLOAD_MODEL): _NO_KEY,
    ("polling.incomplete_result", _FROM_A_STATE): _NO_KEY,
    ("polling.result_in_json", Operation.OPTIM_STEP): _IN_JSON,
    ("polling.result_in_json", Operation.SAVE_STATE): _IN_JSON,
    ("polling.result_in_json", Operation.LOAD_STATE): _IN_JSON,
    ("polling.result_in_json", Operation.SAVE_WEIGHTS_FOR_SAMPLER): _IN_JSON,
    ("polling.result_in_json", Operation.UNLOAD_MODEL): _IN_JSON,
    ("polling.result_in_json", Operation.SAVE_WEIGHTS_EXTERNAL): _IN_JSON,
    ("polling.result_in_json", Operation.CREATE_MODEL): _IN_JSON,
    ("polling.result_in_json", _FROM_A_STATE): _IN_JSON,
}
"""The reason, by the name of a rule and an operation."""
