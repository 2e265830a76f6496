"""Requirements on the contents of submissions and polls: API key, client, numbers and body."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    numbers_its_submissions,
    observes_creation,
    polls_for_metadata,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CREATION, SAMPLING, TRAINING

_MEASURED: Final = "official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, measured"

REQUIREMENTS: Final = (
    Requirement(
        id="requests.api_key",
        sentence=(
            "Submissions and polls of samples send the API key in the header `X-API-Key`, and nowhere else."
        ),
        source=_MEASURED,
        scenarios=("requests-sampling",),
        check=same(seen.request_keys),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.api_key_of_training",
        sentence=(
            "Submissions and polls of training operations send the API key in the header `X-API-Key`, and "
            "nowhere else."
        ),
        source=_MEASURED,
        scenarios=("requests-training",),
        check=same(seen.request_keys),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.base_path",
        sentence="If the base URL has a path, every request goes to a path below it.",
        source=_MEASURED,
        scenarios=(
            "requests-base-path-sampling",
            "requests-base-path-training",
            "requests-base-path-model-creation",
        ),
        check=same(seen.request_paths),
    ),
    Requirement(
        id="requests.client_of_a_sample",
        sentence="A sample request names the sampling session, the weights or the base model of its client.",
        source=_MEASURED,
        scenarios=("requests-sampling", "requests-base-model"),
        check=same(seen.request_clients),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.client_of_training",
        sentence="The request for a training operation names the model of its client.",
        source=_MEASURED,
        scenarios=("requests-training",),
        check=same(seen.request_clients),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.base_model_of_a_creation",
        sentence="The request that creates a model names its base model.",
        source=_MEASURED,
        scenarios=("requests-creation",),
        check=same(seen.request_clients),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="requests.numbers_of_samples",
        sentence="Each sample of a client has a higher `seq_id` than the one before, also after a failure.",
        source="official SDK since 0.3.0; the service takes a number that it knows for a repetition",
        scenarios=("requests-sampling",),
        check=same(seen.request_numbers),
        holds=numbers_its_submissions,
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.numbers_of_training",
        sentence=(
            "Each training operation of a client has a higher `seq_id` than the one before, also after a "
            "failure."
        ),
        source="official SDK since 0.3.0; the service takes a number that it knows for a repetition",
        scenarios=("requests-training",),
        check=same(seen.request_numbers),
        holds=numbers_its_submissions,
        needs=TRAINING,
    ),
    Requirement(
        id="requests.content_of_a_sample",
        sentence="A sample request contains a prompt, sampling parameters and the number of samples.",
        source=_MEASURED,
        scenarios=("requests-sampling",),
        check=same(seen.request_contents),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.content_of_compute_logprobs",
        sentence="The request of compute_logprobs asks for the log-probabilities of the prompt.",
        source=_MEASURED,
        scenarios=("requests-compute-logprobs",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.content_of_forward_backward",
        sentence=(
            "The request for a forward-backward pass contains each datum once and a loss function, and asks "
            "for the backward pass."
        ),
        source=_MEASURED,
        scenarios=("requests-training",),
        check=same(seen.request_contents),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.content_of_forward",
        sentence=(
            "The request for a forward pass contains each datum once and a loss function, and from release "
            "0.25 on `forward_only`."
        ),
        source="official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, measured",
        scenarios=("requests-forward",),
        check=same(seen.request_contents, seen.outcomes),
    ),
    Requirement(
        id="requests.content_of_optim_step",
        sentence="The request for an optimizer step contains the optimizer's parameters.",
        source=_MEASURED,
        scenarios=("requests-optim-step",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.content_of_load_state",
        sentence=(
            "The request to load a state names its path, and by default does not ask for the optimizer's "
            "state."
        ),
        source=_MEASURED,
        scenarios=("requests-load-state",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.id_of_the_future",
        sentence="A poll names its future by the id that the server gave, unchanged.",
        source="official SDK 0.6.3, 0.20.0 and 0.38.0, measured",
        scenarios=("requests-any-id-sampling", "requests-any-id-training", "requests-any-id-model-creation"),
        check=same(seen.polled_ids),
    ),
    Requirement(
        id="requests.metadata_only",
        sentence="Every poll allows the server to answer with metadata in place of the result.",
        source="official SDK since 0.14.0",
        scenarios=("requests-sampling",),
        check=same(seen.request_metadata),
        holds=polls_for_metadata,
        level=Level.QUIRK,
        needs=SAMPLING,
    ),
)
