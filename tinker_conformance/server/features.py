"""The parts of the API that a server may leave out, and the request that finds out whether it has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Feature(StrEnum):
    """A part of the API that a server may leave out.

    The value is the HTTP method and the path below `/api/v1/` of the request that finds out.
    """

    CLIENT_CONFIG = "POST client/config"
    DYNAMIC_CONFIG = "POST client/dynamic_config"
    CAPABILITIES = "GET get_server_capabilities"
    HEALTH = "GET healthz"
    TELEMETRY = "POST telemetry"
    HEARTBEAT = "POST session_heartbeat"
    SAMPLING_SESSION = "POST create_sampling_session"
    SAMPLE = "POST asample"
    CREATE_MODEL = "POST create_model"
    GET_INFO = "POST get_info"
    FORWARD = "POST forward"
    FORWARD_BACKWARD = "POST forward_backward"
    OPTIM_STEP = "POST optim_step"
    SAVE_STATE = "POST save_weights"
    LOAD_STATE = "POST load_weights"
    SAVE_FOR_SAMPLER = "POST save_weights_for_sampler"
    UNLOAD_MODEL = "POST unload_model"
    CANCEL = "POST cancel_future"
    WEIGHTS_INFO = "POST weights_info"
    TRAINING_RUNS = "GET training_runs"
    CHECKPOINTS = "GET checkpoints"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.value.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path from `/api/v1/` on."""
        return f"/api/v1/{self.value.partition(' ')[2]}"


TRAINING: Final = frozenset({Feature.CREATE_MODEL, Feature.FORWARD_BACKWARD})
SAMPLING: Final = frozenset({Feature.SAMPLING_SESSION, Feature.SAMPLE})
