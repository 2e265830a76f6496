"""Checkpoints: saved weights, each under a path such as ``tinker://RUN/weights/NAME``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from fake_server.core.errors import suggestion
from fake_server.service.language_model import BaseModel
from fake_server.service.optimizer import PackedTrained
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer
from fake_server.service.service_clock import ServiceClock, later, stamp

SCHEME: Final = "tinker://"
MIN_TTL_SECONDS: Final = 3_600
MAX_TTL_SECONDS: Final = 10 * 366 * 86_400
"""Longest time to live of a checkpoint in seconds: ten years; the shortest is one hour
(``TrainingClient.save_state`` and ``RestClient.set_checkpoint_ttl…`` of 0.38.0).
"""
BAD_IDENTIFIER: Final = (
    "Invalid checkpoint identifier. Expected format 'weights/<name>' (training weights) or "
    "'sampler_weights/<name>' (sampler weights), where <name> is a single path segment."
)
"""The real service's message for an invalid identifier (source: ``skyrl/tinker/api.py`` of NovaSky-AI/SkyRL,
which copies the message).
"""
_BYTES_OF_A_WEIGHT: Final = 8
_BYTES_OF_A_RANK: Final = 1_000_000


class CheckpointType(StrEnum):
    """What a checkpoint can be used for; the values are those of ``Checkpoint.checkpoint_type``."""

    TRAINING = "training"
    SAMPLER = "sampler"
    EXTERNAL = "external"


FOLDERS: Final = {
    CheckpointType.TRAINING: "weights",
    CheckpointType.SAMPLER: "sampler_weights",
    CheckpointType.EXTERNAL: "external_weights",
}
"""The middle part of a checkpoint's path, for each kind of checkpoint (``ParsedCheckpointTinkerPath`` of
``tinker`` 0.38.0).
"""


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """The LoRA configuration with which a model was created."""

    rank: int = 32
    train_unembed: bool = True
    train_mlp: bool = True
    train_attn: bool = True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint: saved weights, with what is known of them.

    Attributes:
        run_id: The id of the training run, which is the model's id.
        kind: What the checkpoint can be used for.
        name: The last part of the path.
        time: When the weights were saved, on the service's own clock.
        base_model: The base model of the weights.
        lora: The LoRA configuration of the model.
        trained: The weights, with the optimizer state if the checkpoint is for training.
        public: Whether the checkpoint was published.
        expires_at: When the checkpoint expires, on the service's own clock; None for never.
        user_metadata: The metadata that the client gave when it created the model.
        recipients: The age recipients for whom the files are encrypted (``tinker`` 0.38.0); empty for no
            encryption.
    """

    run_id: str
    kind: CheckpointType
    name: str
    time: datetime
    base_model: BaseModel
    lora: LoraConfig
    trained: PackedTrained
    public: bool = False
    expires_at: datetime | None = None
    user_metadata: Mapping[str, object] | None = None
    recipients: tuple[str, ...] = ()

    @property
    def checkpoint_id(self) -> str:
        """The checkpoint's id within the training run, such as ``weights/step-1``."""
        return f"{FOLDERS[self.kind]}/{self.name}"

    @property
    def path(self) -> str:
        """The full path, ``tinker://RUN/weights/NAME``."""
        return f"{SCHEME}{self.run_id}/{self.checkpoint_id}"

    @property
    def size_bytes(self) -> int:
        """An invented size in bytes, which grows with the rank and with the number of trained weights."""
        return self.lora.rank * _BYTES_OF_A_RANK + _BYTES_OF_A_WEIGHT * len(self.trained.weights)

    def to_json(self) -> dict[str, object]:
        """Return the description of the checkpoint that the REST client of ``tinker`` reads."""
        return {
            "checkpoint_id": self.checkpoint_id,
            "checkpoint_type": self.kind.value,
            "time": stamp(self.time),
            "tinker_path": self.path,
            "size_bytes": self.size_bytes,
            "public": self.public,
            "user_metadata": None if self.user_metadata is None else dict(self.user_metadata),
            "expires_at": None if self.expires_at is None else stamp(self.expires_at),
        }


class Checkpoints:
    """All checkpoints of one service, in order of saving. The service holds its lock around calls.

    An expired checkpoint behaves like a deleted one, except that the error says that it expired.
    """

    def __init__(self, clock: ServiceClock) -> None:
        """Create an empty store.

        Args:
            clock: The clock by which checkpoints expire.
        """
        self.clock = clock
        self._by_path: dict[str, Checkpoint] = {}

    def save(self, checkpoint: Checkpoint) -> Checkpoint:
        """Store a checkpoint, in place of any that has the same path."""
        self._by_path.pop(checkpoint.path, None)
        self._by_path[checkpoint.path] = checkpoint
        return checkpoint

    def exists(self, path: str) -> bool:
        """Return whether there is a checkpoint at this path that has not expired."""
        found = self._by_path.get(path)
        return found is not None and not self._expired(found)

    def find(self, path: str) -> Checkpoint:
        """Return the checkpoint of a path.

        Raises:
            ServiceRefusal: HTTP 404: there is no such checkpoint (the message names the nearest path), or the
                checkpoint has expired.
        """
        found = self._by_path.get(path)
        if found is None:
            hint = suggestion(path, self._by_path, "save it first")
            raise ServiceRefusal(f"no checkpoint was saved at {path!r}; {hint}", 404)
        if self._expired(found):
            ended = stamp(found.expires_at or self.clock.now)
            raise ServiceRefusal(
                f"the checkpoint {path!r} expired at {ended}; save with a larger ttl_seconds, or with none",
                404,
            )
        return found

    def delete(self, path: str) -> None:
        """Remove a checkpoint.

        Raises:
            ServiceRefusal: HTTP 404: there is no such checkpoint.
        """
        self.find(path)
        del self._by_path[path]

    def publish(self, path: str, *, public: bool) -> None:
        """Make a checkpoint public or private.

        Args:
            path: The path of the checkpoint.
            public: Whether to make it public.

        Raises:
            ServiceRefusal: HTTP 404: there is no such checkpoint. HTTP 409: the checkpoint is public, or
                private, already (``publish_checkpoint_from_tinker_path`` of ``tinker`` 0.38.0).
        """
        found = self.find(path)
        if found.public is public:
            state = "public" if public else "private"
            raise ServiceRefusal(f"{path!r} is {state} already; leave it", 409)
        self._by_path[path] = replace(found, public=public)

    def set_ttl(self, path: str, seconds: int | None) -> None:
        """Let a checkpoint expire a number of seconds from now; None lets it never expire."""
        found = self.find(path)
        ends = None if seconds is None else later(self.clock.now, seconds)
        self._by_path[path] = replace(found, expires_at=ends)

    def of_run(self, run_id: str) -> list[Checkpoint]:
        """Return the checkpoints of one training run, the oldest first."""
        return [each for each in self.all() if each.run_id == run_id]

    def all(self) -> list[Checkpoint]:
        """Return all checkpoints that have not expired, the oldest first."""
        return [each for each in self._by_path.values() if not self._expired(each)]

    def _expired(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.expires_at is not None and checkpoint.expires_at <= self.clock.now


def checkpoint_path(run_id: str, folder: str, name: str) -> str:
    """Return the path of a checkpoint, whose parts the request gives separately.

    Args:
        run_id: The id of the training run.
        folder: The middle part of the path, such as ``weights``.
        name: The name of the checkpoint.

    Raises:
        ServiceRefusal: HTTP 400: the kind of checkpoint is unknown, or the name is missing.
    """
    if folder not in FOLDERS.values() or not name or "/" in name:
        raise ServiceRefusal(BAD_IDENTIFIER)
    return f"{SCHEME}{run_id}/{folder}/{name}"


def parsed_path(path: str) -> str:
    """Return a checkpoint's path unchanged, after checking its form.

    Raises:
        ServiceRefusal: HTTP 400: the path does not have the form ``tinker://RUN/weights/NAME``.
    """
    parts = path.removeprefix(SCHEME).split("/")
    if not path.startswith(SCHEME) or len(parts) != 3:
        raise ServiceRefusal(f"{path!r} is not a checkpoint path; write it as tinker://RUN/weights/NAME")
    return checkpoint_path(*parts)


def checked_ttl(value: object) -> int | None:
    """Return the ``ttl_seconds`` of a request, in seconds; None for no expiry.

    Raises:
        ServiceRefusal: HTTP 400: the value is out of range or not a whole number (tinker-cookbook #603: 300
            was refused).
    """
    if value is None:
        return None
    seconds = integer(value, 0)
    if not MIN_TTL_SECONDS <= seconds <= MAX_TTL_SECONDS:
        raise ServiceRefusal(
            f"ttl_seconds is {value!r}; give {MIN_TTL_SECONDS} (one hour) to {MAX_TTL_SECONDS} (ten years)"
        )
    return seconds
