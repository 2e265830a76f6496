"""The verbs: what a user of the SDK does, which each release is made to do in this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that a user of the SDK does.

    Attributes:
        name: The name in the matrix of releases and verbs; the method's name if one method does it.
        sentence: What the user does.
        needs: The names of the verbs that must work first, because this verb uses what they create.
        endpoint: The endpoint that a server may lack, which makes the verb "not offered"; a lack of any other
            is an error. None: any endpoint may be missing; empty: none may.
    """

    name: str
    sentence: str
    needs: tuple[str, ...] = ()
    endpoint: str | None = None


VERBS: Final = (
    Verb("connect", "create a service client, which opens a session", endpoint=""),
    Verb("get_server_capabilities", "ask what the server offers", ("connect",)),
    Verb("create_model", "create a training client with a LoRA adapter", ("connect",), "create_model"),
    Verb("get_info", "describe the model", ("create_model",)),
    Verb("forward", "compute a loss", ("create_model",)),
    Verb("forward_backward", "compute a loss and its gradients", ("create_model",)),
    Verb("optim_step", "apply the gradients", ("forward_backward",)),
    Verb("save_state", "save the weights and the optimizer", ("create_model",)),
    Verb("load_state", "load saved weights into a new model", ("save_state",)),
    Verb("load_state_with_optimizer", "load weights and optimizer into a new model", ("save_state",)),
    Verb("create_training_client_from_state", "resume training from saved weights", ("save_state",)),
    Verb("save_weights_for_sampler", "save weights to sample from", ("create_model",)),
    Verb("create_sampling_client", "open saved weights for sampling", ("save_weights_for_sampler",)),
    Verb("sample", "sample from saved weights", ("create_sampling_client",)),
    Verb("compute_logprobs", "compute log-probabilities of a prompt", ("create_sampling_client",)),
    Verb("sample_base_model", "sample from a base model", ("connect",)),
    Verb("cancel", "cancel a sample, and sample again", ("sample",)),
    Verb("list_sessions", "list sessions", ("connect",)),
    Verb("get_session", "describe a session", ("list_sessions",)),
    Verb("list_training_runs", "list training runs", ("create_model",)),
    Verb("get_training_run", "describe a training run", ("save_state",)),
    Verb("list_checkpoints", "list the checkpoints of a training run", ("save_state",)),
    Verb("list_user_checkpoints", "list all checkpoints", ("save_state",)),
    Verb("get_weights_info_by_tinker_path", "describe saved weights", ("save_state",)),
    Verb("get_sampler", "describe a sampler", ("get_session",)),
    Verb("get_checkpoint_archive_url", "get the address of saved weights", ("save_weights_for_sampler",)),
    Verb("publish_checkpoint_from_tinker_path", "publish saved weights", ("save_state",)),
    Verb(
        "unpublish_checkpoint_from_tinker_path",
        "make published weights private again",
        ("publish_checkpoint_from_tinker_path",),
    ),
    Verb("set_checkpoint_ttl_from_tinker_path", "let saved weights expire", ("save_state",)),
    Verb("delete_checkpoint", "delete everything that was saved", ("save_state",)),
    Verb("unload_model", "unload the model", ("create_model",)),
)
"""The verbs in order: later ones use what earlier ones created, and the last two delete it."""
