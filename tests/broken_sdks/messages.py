"""SDKs whose pause lines have a wrong text, identifier or level."""

from __future__ import annotations

from typing import Any, Final

from tinker_conformance.reference.clients import ModelCreation
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import Chapter
from .shows_in import several_creations

SDKS: Final = Chapter()

SDKS.edited(
    "says_that_sampling_is_on_hold",
    under="tinker-0.5.1",
    changes={"observer.sampling.message": "Sampling is on hold for sampler {identifier}. Reason: {reason}"},
    caught_by="messages.sampling_verb",
    saying="got the line 'Sampling is on hold for sampler 7c9e:sample:0. Reason: concurrent LoRA",
    also=(
        "functions.log_state_change",
        "messages.sampling_text",
    ),
)

SDKS.edited(
    "names_the_weights_path",
    under="tinker-0.5.1",
    changes={"observer.sampling.identifier": "model_path"},
    caught_by="messages.sampling_identifier",
    saying="got the line 'Sampling is paused for sampler tinker://run-5/weights/final. Reason: c",
    also=(
        "messages.sampling_text",
        "messages.any_sampling_identifier",
    ),
)

SDKS.edited(
    "opens_no_sampling_session",
    under="tinker-0.5.1",
    changes={"polling.sampler_address": "in_request"},
    caught_by="messages.sampling_identifier",
    saying="got the line 'Sampling is paused for sampler None. Reason: concurrent LoRA rate limi",
    also=(
        "submissions.delays_of_a_session",
        "submissions.session",
        "messages.sampling_text",
        "requests.client_of_a_sample",
        "requests.numbers_of_samples",
        "wiring.compute_logprobs",
        "wiring.sample",
        "messages.any_sampling_identifier",
    ),
)

SDKS.edited(
    "names_the_session_in_an_old_revision",
    under="tinker-0.1",
    changes={"observer.sampling.identifier": "sampling_session_id"},
    caught_by="messages.sampling_identifier",
    saying="got the line 'Sampling is paused for 7c9e:sample:0. Reason: concurrent LoRA rate lim",
    also=(
        "messages.sampling_text",
        "wiring.compute_logprobs",
        "wiring.sample",
        "messages.any_sampling_identifier",
    ),
)

SDKS.edited(
    "omits_the_word_sampler",
    under="tinker-0.5.1",
    changes={"observer.sampling.message": "Sampling is paused for {identifier}. Reason: {reason}"},
    caught_by="messages.sampling_text",
    saying="got the line 'Sampling is paused for 7c9e:sample:0. Reason: concurrent LoRA rate lim",
    also=("functions.log_state_change",),
)

SDKS.edited(
    "logs_sampling_at_info",
    under="tinker-0.5.1",
    changes={"observer.sampling.level": "info"},
    caught_by="messages.sampling_level",
    saying="got the line 'Sampling is paused for sampler 7c9e:sample:0. Reason: concurrent LoRA ",
    also=("functions.log_state_change",),
)

SDKS.edited(
    "says_that_training_is_on_hold",
    under="tinkex-seed",
    changes={"observer.training.message": "Training is on hold for {identifier}. Reason: {reason}"},
    caught_by="messages.training_verb",
    saying="got the line 'Training is on hold for 7c9e:train:0. Reason: concurrent models rate l",
    also=(
        "functions.log_state_change",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "omits_the_model_in_training",
    under="tinker-0.5.1",
    changes={"observer.training.message": "Training is paused for the model. Reason: {reason}"},
    caught_by="messages.training_identifier",
    saying="got the line 'Training is paused for the model. Reason: concurrent models rate limit",
    also=(
        "functions.log_state_change",
        "messages.training_text",
        "wiring.forward",
        "wiring.forward_backward",
        "wiring.load_state",
        "wiring.optim_step",
        "wiring.save_state",
        "wiring.save_weights_for_sampler",
        "messages.any_training_identifier",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "omits_the_full_stop_in_training",
    under="tinker-0.10",
    changes={"observer.training.message": "Training for {identifier} is paused. Reason: {reason}"},
    caught_by="messages.training_text",
    saying="got the line 'Training for 7c9e:train:0 is paused. Reason: concurrent training clien",
    also=(
        "functions.log_state_change",
        "checkpoints.pause",
    ),
)

SDKS.edited(
    "logs_training_at_error",
    under="tinker-0.38",
    changes={"observer.training.level": "error"},
    caught_by="messages.training_level",
    saying="got the line 'Training for 7c9e:train:0 is paused. Reason: concurrent training clien",
    also=("functions.log_state_change",),
)

SDKS.edited(
    "says_that_creation_is_on_hold",
    under="tinker-0.10",
    changes={
        "observer.model_creation.message": "Model creation for {identifier} is on hold. Reason: {reason}."
    },
    caught_by="messages.model_creation_verb",
    saying="got the line 'Model creation for meta-llama/Llama-3.1-8B is on hold. Reason: concurr",
    also=("messages.model_creation_text",),
)

SDKS.edited(
    "omits_the_model_in_creation",
    under="tinker-0.38",
    changes={"observer.model_creation.message": "Model creation is paused. Reason: {reason}."},
    caught_by="messages.model_creation_identifier",
    saying="got the line 'Model creation is paused. Reason: concurrent training clients rate lim",
    also=(
        "messages.any_creation_identifier",
        "messages.model_creation_text",
        "wiring.create_model",
        "checkpoints.pause",
    ),
)


@SDKS.adapter(
    "names_the_first_model_in_every_creation",
    under="tinker-0.38",
    caught_by="messages.model_creation_identifier",
    saying="wanted a pause line with the identifier 'Qwen/Qwen3-4B', got the line 'Model creation for meta",
    shows_in=several_creations,
)
class _NamesTheFirstModelInEveryCreation(ReferenceAdapter):
    def __init__(self) -> None:
        super().__init__()
        self._first: Any = None

    def _listened_to(self, client: Any) -> Any:
        if not isinstance(client, ModelCreation):
            return super()._listened_to(client)
        if self._first is None:
            self._first = super()._listened_to(client).observer
        client.observer = self._first
        return client


SDKS.edited(
    "omits_the_full_stop_in_creation",
    under="tinker-0.21",
    changes={
        "observer.model_creation.message": "Model creation for {identifier} is paused. Reason: {reason}"
    },
    caught_by="messages.model_creation_text",
    saying="got the line 'Model creation for meta-llama/Llama-3.1-8B is paused. Reason: concurre",
)

SDKS.edited(
    "logs_creation_at_debug",
    under="tinker-0.10",
    changes={"observer.model_creation.level": "info"},
    caught_by="messages.model_creation_level",
    saying="got the line 'Model creation for meta-llama/Llama-3.1-8B is paused. Reason: concurre",
)
