"""SDKs whose pause lines give a wrong reason."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver

from .declaration import Chapter
from .patches import WithObserver
from .shows_in import gives_a_reason

SDKS: Final = Chapter()

SDKS.edited(
    "uses_the_training_reason_in_sampling",
    under="tinker-0.5.1",
    changes={"observer.sampling.reasons.paused_rate_limit": "concurrent models rate limit hit"},
    caught_by="reasons.sampling",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: concurrent models ra",
    also=(
        "functions.log_state_change",
        "functions.reason_for_state",
        "messages.sampling_text",
        "reasons.not_of_the_server",
    ),
)

SDKS.edited(
    "rewords_the_capacity_reason_in_sampling",
    under="tinker-0.7",
    changes={"observer.sampling.reasons.paused_capacity": "out of capacity"},
    caught_by="reasons.sampling",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: out of capacity'",
    also=(
        "functions.reason_for_state",
        "messages.sampling_text",
        "reasons.of_the_server",
    ),
)

SDKS.edited(
    "rewords_the_unknown_reason_in_sampling",
    under="tinker-0.5.1",
    changes={"observer.sampling.reasons.unknown": "no idea"},
    caught_by="reasons.sampling_unknown",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: no idea'",
    also=("functions.reason_for_state",),
)

SDKS.edited(
    "uses_the_sampling_reason_in_training",
    under="tinkex-seed",
    changes={"observer.training.reasons.paused_rate_limit": "concurrent LoRA rate limit hit"},
    caught_by="reasons.training",
    saying="got the line 'Training is paused for model-1. Reason: concurrent LoRA rate limit hit'",
    also=("functions.reason_for_state",),
)

SDKS.edited(
    "rewords_the_capacity_reason_in_training",
    under="tinker-0.38",
    changes={"observer.training.reasons.paused_capacity": "out of capacity"},
    caught_by="reasons.training",
    saying="got the line 'Training for model-1 is paused. Reason: out of capacity.'",
    also=(
        "functions.log_state_change",
        "functions.reason_for_state",
        "messages.training_text",
        "reasons.of_the_server",
    ),
)

SDKS.edited(
    "rewords_the_unknown_reason_in_training",
    under="tinker-0.10",
    changes={"observer.training.reasons.unknown": "no idea"},
    caught_by="reasons.training_unknown",
    saying="got the line 'Training for model-1 is paused. Reason: no idea.'",
    also=(
        "functions.log_state_change",
        "functions.reason_for_state",
    ),
)

SDKS.edited(
    "rewords_the_rate_limit_reason_in_creation",
    under="tinker-0.10",
    changes={"observer.model_creation.reasons.paused_rate_limit": "too many models"},
    caught_by="reasons.model_creation",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: too many models.'",
    also=("messages.model_creation_text",),
)

SDKS.edited(
    "rewords_the_capacity_reason_in_creation",
    under="tinker-0.38",
    changes={"observer.model_creation.reasons.paused_capacity": "out of capacity"},
    caught_by="reasons.model_creation",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: out of capacity.'",
    also=(
        "reasons.of_the_server_for_creation",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "rewords_the_unknown_reason_in_creation",
    under="tinker-0.21",
    changes={"observer.model_creation.reasons.unknown": "no idea"},
    caught_by="reasons.model_creation_unknown",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: no idea.'",
)

SDKS.edited(
    "ignores_the_server_reason_in_sampling",
    under="tinker-0.7",
    changes={"observer.sampling.server_reason_replaces": False},
    caught_by="reasons.of_the_server",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: Tinker backend is ru",
    also=("reasons.any_text",),
)

SDKS.edited(
    "ignores_the_server_reason_in_training",
    under="tinker-0.21",
    changes={"observer.training.server_reason_replaces": False},
    caught_by="reasons.of_the_server",
    saying="got the line 'Training for model-1 is paused. Reason: Tinker backend is running shor",
    also=("reasons.any_text",),
)

SDKS.edited(
    "ignores_the_server_reason_in_creation",
    under="tinker-0.10",
    changes={"observer.model_creation.server_reason_replaces": False},
    caught_by="reasons.of_the_server_for_creation",
    saying="got the line 'Model creation for Qwen/Qwen3-8B is paused. Reason: Tinker backend is ",
    also=("reasons.any_text",),
)


class _ShowsAnyReason(ClientObserver):
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(state, " " if reason == "" else reason)


@SDKS.adapter(
    "shows_an_empty_reason",
    under="tinker-0.7",
    caught_by="reasons.of_the_server",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason:  '",
    shows_in=gives_a_reason,
)
class _ShowsAnEmptyReason(WithObserver):
    observer = _ShowsAnyReason


SDKS.edited(
    "shows_the_server_reason_of_training_in_an_old_revision",
    under="tinker-0.5.1",
    changes={"observer.passes_reason": True, "observer.training.server_reason_replaces": True},
    caught_by="reasons.not_of_the_server",
    saying="got the line 'Training is paused for model-1. Reason: the cluster is full'",
    shows_in=gives_a_reason,
)

SDKS.edited(
    "shows_the_server_reason_in_an_old_revision",
    under="tinker-0.5.1",
    changes={"observer.passes_reason": True, "observer.sampling.server_reason_replaces": True},
    caught_by="reasons.not_of_the_server",
    saying="got the line 'Sampling is paused for sampler sampler-1. Reason: the cluster is full'",
    shows_in=gives_a_reason,
)
