"""What submissions and polls say: the key, the client, the numbers, and what is asked for."""

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

_DRIVEN: Final = "official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, driven"

REQUIREMENTS: Final = (
    Requirement(
        id="requests.api_key",
        sentence="Submissions and polls of samples carry the API key in the header `X-API-Key` alone.",
        source=_DRIVEN,
        scenarios=("requests-sampling",),
        check=same(seen.request_keys),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.api_key_of_training",
        sentence="Submissions and polls of training carry the API key in the header `X-API-Key` alone.",
        source=_DRIVEN,
        scenarios=("requests-training",),
        check=same(seen.request_keys),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.base_path",
        sentence="Every request goes below the path of the base URL, if it has one.",
        source=_DRIVEN,
        scenarios=(
            "requests-base-path-sampling",
            "requests-base-path-training",
            "requests-base-path-model-creation",
        ),
        check=same(seen.request_paths),
    ),
    Requirement(
        id="requests.client_of_a_sample",
        sentence="A sample names the sampling session, the weights or the base model of its own client.",
        source=_DRIVEN,
        scenarios=("requests-sampling", "requests-base-model"),
        check=same(seen.request_clients),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.client_of_training",
        sentence="A training operation names the model of its own client.",
        source=_DRIVEN,
        scenarios=("requests-training",),
        check=same(seen.request_clients),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.base_model_of_a_creation",
        sentence="The creation of a model names its base model.",
        source=_DRIVEN,
        scenarios=("requests-creation",),
        check=same(seen.request_clients),
        holds=observes_creation,
        needs=CREATION,
    ),
    Requirement(
        id="requests.numbers_of_samples",
        sentence="The `seq_id` of a client's samples grows from each to the next, also after a failure.",
        source="official SDK since 0.3.0; the service takes a number that it knows for a repetition",
        scenarios=("requests-sampling",),
        check=same(seen.request_numbers),
        holds=numbers_its_submissions,
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.numbers_of_training",
        sentence="The `seq_id` of a client's training operations grows, also after a failure.",
        source="official SDK since 0.3.0; the service takes a number that it knows for a repetition",
        scenarios=("requests-training",),
        check=same(seen.request_numbers),
        holds=numbers_its_submissions,
        needs=TRAINING,
    ),
    Requirement(
        id="requests.content_of_a_sample",
        sentence="A sample has a prompt, its parameters, and the number of samples.",
        source=_DRIVEN,
        scenarios=("requests-sampling",),
        check=same(seen.request_contents),
        needs=SAMPLING,
    ),
    Requirement(
        id="requests.content_of_compute_logprobs",
        sentence="A request for the log-probabilities of a prompt says so.",
        source=_DRIVEN,
        scenarios=("requests-compute-logprobs",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.content_of_forward_backward",
        sentence="A forward-backward pass has its input, no datum twice, and a loss, and goes backward.",
        source=_DRIVEN,
        scenarios=("requests-training",),
        check=same(seen.request_contents),
        needs=TRAINING,
    ),
    Requirement(
        id="requests.content_of_forward",
        sentence="A forward pass has its input, no datum twice, and a loss; `forward_only` since 0.25.",
        source="official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, driven",
        scenarios=("requests-forward",),
        check=same(seen.request_contents, seen.outcomes),
    ),
    Requirement(
        id="requests.content_of_optim_step",
        sentence="An optimizer step has the optimizer's parameters.",
        source=_DRIVEN,
        scenarios=("requests-optim-step",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.content_of_load_state",
        sentence="The load of a state has its path, and by default leaves the optimizer's state out.",
        source=_DRIVEN,
        scenarios=("requests-load-state",),
        check=same(seen.request_contents),
    ),
    Requirement(
        id="requests.id_of_the_future",
        sentence="A poll names its future by the id that the server gave, to the letter.",
        source="official SDK 0.6.3, 0.20.0 and 0.38.0, driven",
        scenarios=("requests-any-id-sampling", "requests-any-id-training", "requests-any-id-model-creation"),
        check=same(seen.polled_ids),
    ),
    Requirement(
        id="requests.metadata_only",
        sentence="Every poll allows the server to answer with metadata alone.",
        source="official SDK since 0.14.0",
        scenarios=("requests-sampling",),
        check=same(seen.request_metadata),
        holds=polls_for_metadata,
        level=Level.QUIRK,
        needs=SAMPLING,
    ),
)
