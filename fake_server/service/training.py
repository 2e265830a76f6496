"""Training runs: what each operation does to a model, and the result that the client gets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from fake_server.core.operations import Operation
from fake_server.core.seeded_numbers import single
from fake_server.service.archives import check_recipients
from fake_server.service.checkpoints import SCHEME, Checkpoint, Checkpoints, CheckpointType, LoraConfig
from fake_server.service.language_model import BaseModel
from fake_server.service.losses import loss_of
from fake_server.service.optimizer import AdamParams, PackedTrained, PackedWeights, Trained
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, items, mapping, text
from fake_server.service.service_clock import EPOCH, later, stamp
from fake_server.service.training_data import Datum, forward_input
from fake_server.service.work import Json, Queue, Work

OWNER: Final = "tml:user:user-1"
"""The only user of the service, who owns everything; `whoami` returns the same user."""
SAVES: Final[Mapping[Operation, CheckpointType]] = {
    Operation.SAVE_STATE: CheckpointType.TRAINING,
    Operation.SAVE_WEIGHTS_FOR_SAMPLER: CheckpointType.SAMPLER,
    Operation.SAVE_WEIGHTS_EXTERNAL: CheckpointType.EXTERNAL,
}
"""The type of checkpoint that each saving operation creates."""


@dataclass(slots=True)
class TrainingRun:
    """A model that is being trained.

    Attributes:
        run_id: The id of the model.
        base_model: The name of the base model.
        lora: The LoRA configuration.
        session_id: The session that created the model; None for ``tinker`` 0.1.x.
        user_metadata: The metadata that the client gave when it created the model.
        trained: The weights and the optimizer state.
        gradient: The gradient that was accumulated since the last optimizer step.
        unloaded: Whether the client has unloaded the model.
        last_request: When the model's last work was done, on the service's own clock.
        queue: The work that is not done yet.
        requests: The number of submissions for the model, not counting its creation.
        inflight: The weights that the model's samplers of kind ``inflight`` share; None before the first of
            them.
    """

    run_id: str
    base_model: BaseModel
    lora: LoraConfig
    session_id: str | None = None
    user_metadata: Mapping[str, object] | None = None
    trained: Trained = field(default_factory=Trained)
    gradient: dict[int, float] = field(default_factory=dict)
    unloaded: bool = False
    last_request: datetime = EPOCH
    queue: Queue = field(default_factory=Queue)
    requests: int = 0
    inflight: PackedWeights | None = None

    def to_json(self, checkpoints: Checkpoints) -> Json:
        """Return the description of the training run that the REST client of ``tinker`` reads."""
        last: dict[CheckpointType, Checkpoint] = {each.kind: each for each in checkpoints.of_run(self.run_id)}
        training, sampler = last.get(CheckpointType.TRAINING), last.get(CheckpointType.SAMPLER)
        return {
            "training_run_id": self.run_id,
            "base_model": self.base_model.name,
            "model_owner": OWNER,
            "is_lora": True,
            "lora_rank": self.lora.rank,
            "corrupted": False,
            "last_request_time": stamp(self.last_request),
            "last_checkpoint": None if training is None else training.to_json(),
            "last_sampler_checkpoint": None if sampler is None else sampler.to_json(),
            "user_metadata": None if self.user_metadata is None else dict(self.user_metadata),
        }

    def info(self) -> Json:
        """Return the reply to ``get_info``."""
        name = self.base_model.name
        return {
            "type": "get_info",
            "model_data": {"arch": "unknown", "model_name": name, "tokenizer_id": name},
            "model_id": self.run_id,
            "model_name": name,
            "is_lora": True,
            "lora_rank": self.lora.rank,
        }


class Training:
    """Does the work of training runs. The service holds its lock around all calls."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        """Create it.

        Args:
            checkpoints: The checkpoints that operations save and load.
        """
        self._checkpoints = checkpoints
        self._saved = 0
        self._clock = checkpoints.clock

    def do(self, run: TrainingRun, work: Work) -> Json:  # noqa: PLR0911 - one for each operation
        """Do one piece of work, and return its result in JSON form.

        Raises:
            ServiceRefusal: The work fails, and the submission's future fails with it.
        """
        request = work.request
        if run.unloaded:
            raise ServiceRefusal(
                f"the model {run.run_id!r} was unloaded; create another, or load a checkpoint"
            )
        run.last_request = self._clock.now
        match work.operation:
            case Operation.FORWARD:
                return self._forward(run, request, backward=False)
            case Operation.FORWARD_BACKWARD:
                return self._forward(run, request, backward=True)
            case Operation.OPTIM_STEP:
                run.trained = run.trained.stepped(run.gradient, AdamParams.of(request))
                run.gradient = {}
                return {"type": "optim_step", "metrics": {}}
            case Operation.SAVE_STATE:
                return {"type": "save_weights", "path": self._save(run, request, work.operation).path}
            case Operation.SAVE_WEIGHTS_EXTERNAL:
                saved = self._save(run, request, work.operation)
                return {"type": "save_weights_external", "path": saved.path, "size_bytes": saved.size_bytes}
            case Operation.SAVE_WEIGHTS_FOR_SAMPLER:
                saved = self._save(run, request, work.operation)
                return {"type": "save_weights_for_sampler", "path": saved.path}
            case Operation.LOAD_STATE:
                return self._load(run, request)
            case Operation.UNLOAD_MODEL:
                run.unloaded = True
                return {"type": "unload_model", "model_id": run.run_id}
            case _:
                return {"type": "create_model", "model_id": run.run_id}

    def _forward(self, run: TrainingRun, request: Mapping[str, object], *, backward: bool) -> Json:
        asked = forward_input(request)
        losses, outputs, gradients = [], [], []
        for datum in asked.data:
            logprobs = _logprobs(run, datum)
            loss = loss_of(asked.loss_fn, datum, logprobs, asked.config)
            losses.append(loss.total)
            gradients.append((datum, loss.slopes))
            outputs.append({"logprobs": {"data": single(logprobs), "dtype": "float32", "shape": datum.shape}})
        # Only after every datum was valid: a pass that fails must not change the gradient.
        for datum, slopes in gradients if backward else ():
            for context, token, slope in zip(datum.contexts, datum.tokens, slopes, strict=True):
                if slope:
                    run.base_model.add_gradient(context, token, run.trained.weights, slope, run.gradient)
        return {
            "loss_fn_output_type": "ArrayRecord",
            "loss_fn_outputs": outputs,
            "metrics": {"loss:sum": math.fsum(losses)},
        }

    def _save(self, run: TrainingRun, request: Mapping[str, object], operation: Operation) -> Checkpoint:
        kind = SAVES[operation]
        recipients = tuple(filter(None, map(text, items(request.get("age_encryption_recipients")))))
        check_recipients(recipients)
        self._saved += 1
        name = text(request.get("path")) or f"unnamed-{self._saved}"
        trained = run.trained if kind is CheckpointType.TRAINING else run.trained.without_optimizer()
        packed = PackedTrained.of(trained)
        made = Checkpoint(run.run_id, kind, name, self._clock.tick(), run.base_model, run.lora, packed)
        if (seconds := integer(request.get("ttl_seconds"), 0)) > 0:
            made = replace(made, expires_at=later(made.time, seconds))
        if metadata := mapping(request.get("user_metadata")):
            made = replace(made, user_metadata=metadata)
        return self._checkpoints.save(replace(made, recipients=recipients))

    def _load(self, run: TrainingRun, request: Mapping[str, object]) -> Json:
        path = text(request.get("path")) or ""
        if not path.startswith(SCHEME):
            raise ServiceRefusal(f"{path!r} is not a checkpoint path; give one that begins with {SCHEME}")
        found = self._checkpoints.find(path)
        if found.kind is not CheckpointType.TRAINING:
            raise ServiceRefusal(f"{path!r} is a {found.kind} checkpoint; load one that save_state made")
        if found.base_model.name != run.base_model.name:
            raise ServiceRefusal(
                f"{path!r} belongs to {found.base_model.name} and the model to {run.base_model.name}; "
                "load it into a model of the same base"
            )
        # Releases before 0.2 do not send this key, and load both.
        whole = request.get("optimizer", True)
        loaded = found.trained.unpacked()
        run.trained = loaded if whole else loaded.without_optimizer()
        run.gradient = {}
        return {"type": "load_weights", "path": path}


def _logprobs(run: TrainingRun, datum: Datum) -> list[float]:
    model, weights = run.base_model, run.trained.weights
    return [
        model.logprob(context, token, weights)
        for context, token in zip(datum.contexts, datum.tokens, strict=True)
    ]
