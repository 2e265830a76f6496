"""Checkpoints: weights as they were when they were saved, under a path of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from fake_server.core.errors import nearest
from fake_server.service.language_model import BaseModel
from fake_server.service.optimizer import Trained
from fake_server.service.refusals import ServiceRefusal

SCHEME: Final = "tinker://"
EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""When the service begins; a second passes with each checkpoint, so that times repeat from the seed."""
_BYTES_OF_A_WEIGHT: Final = 8
_BYTES_OF_A_RANK: Final = 1_000_000


class CheckpointType(StrEnum):
    """What can be done with a checkpoint; the values are those of ``Checkpoint.checkpoint_type``."""

    TRAINING = "training"
    SAMPLER = "sampler"
    EXTERNAL = "external"


FOLDERS: Final = {
    CheckpointType.TRAINING: "weights",
    CheckpointType.SAMPLER: "sampler_weights",
    CheckpointType.EXTERNAL: "external_weights",
}
"""The middle part of a path (``ParsedCheckpointTinkerPath`` of ``tinker`` 0.38.0)."""


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """What a model was created with."""

    rank: int = 32
    train_unembed: bool = True
    train_mlp: bool = True
    train_attn: bool = True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Saved weights.

    Attributes:
        run_id: The training run (the model's id).
        kind: What it is for.
        name: The last part of its path.
        time: When it was saved, on the service's own clock.
        base_model: What the weights belong to.
        lora: What the model was created with.
        trained: The weights, with the optimizer's state if it is for training.
        public: Whether it was published.
        expires_at: When it would expire; it never does.
        user_metadata: What it was saved with.
    """

    run_id: str
    kind: CheckpointType
    name: str
    time: datetime
    base_model: BaseModel
    lora: LoraConfig
    trained: Trained
    public: bool = False
    expires_at: datetime | None = None
    user_metadata: Mapping[str, object] | None = None

    @property
    def checkpoint_id(self) -> str:
        """``weights/step-1``, as ``tinker`` names it."""
        return f"{FOLDERS[self.kind]}/{self.name}"

    @property
    def path(self) -> str:
        """``tinker://RUN/weights/NAME``."""
        return f"{SCHEME}{self.run_id}/{self.checkpoint_id}"

    @property
    def size_bytes(self) -> int:
        """A size that grows with the rank and with what was learnt."""
        return self.lora.rank * _BYTES_OF_A_RANK + _BYTES_OF_A_WEIGHT * len(self.trained.weights)

    def to_json(self) -> dict[str, object]:
        """As the REST client reads it."""
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


@dataclass(slots=True)
class Checkpoints:
    """All checkpoints of one service, in the order they were saved."""

    _by_path: dict[str, Checkpoint] = field(default_factory=dict)

    def save(self, checkpoint: Checkpoint) -> Checkpoint:
        """Keeps a checkpoint; one of the same path is replaced."""
        self._by_path.pop(checkpoint.path, None)
        self._by_path[checkpoint.path] = checkpoint
        return checkpoint

    def find(self, path: str) -> Checkpoint:
        """The checkpoint of a path.

        Raises:
            ServiceRefusal: Nothing was saved there; the text has the nearest path.
        """
        found = self._by_path.get(path)
        if found is None:
            near = nearest(path, self._by_path)
            hint = f"did you mean {near!r}?" if near else "save it first"
            raise ServiceRefusal(f"no checkpoint was saved at {path!r}; {hint}", 404)
        return found

    def delete(self, path: str) -> None:
        """Forgets a checkpoint.

        Raises:
            ServiceRefusal: Nothing was saved there.
        """
        self.find(path)
        del self._by_path[path]

    def publish(self, path: str, *, public: bool) -> None:
        """Makes a checkpoint public or private.

        Raises:
            ServiceRefusal: Nothing was saved there, or it is so already (HTTP 409, says ``tinker`` 0.38.0).
        """
        found = self.find(path)
        if found.public is public:
            state = "public" if public else "private"
            raise ServiceRefusal(f"{path!r} is {state} already; leave it", 409)
        self._by_path[path] = replace(found, public=public)

    def set_ttl(self, path: str, seconds: int | None) -> None:
        """Says when a checkpoint would expire, in seconds after it was saved; None for never."""
        found = self.find(path)
        ends = None if seconds is None else found.time + timedelta(seconds=seconds)
        self._by_path[path] = replace(found, expires_at=ends)

    def of_run(self, run_id: str) -> list[Checkpoint]:
        """The checkpoints of one training run."""
        return [each for each in self._by_path.values() if each.run_id == run_id]

    def all(self) -> Iterable[Checkpoint]:
        """All of them."""
        return self._by_path.values()


def stamp(time: datetime) -> str:
    """A time as the service writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
