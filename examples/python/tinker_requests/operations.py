"""What can be asked of the service."""

from __future__ import annotations

from enum import Enum


class Operation(Enum):
    """Where a request goes, what its polls call it, and what its result must have."""

    SAMPLE = ("asample", "Sample", ("sequences",))
    FORWARD = ("forward", "Forward", ("loss_fn_outputs", "metrics"))
    FORWARD_BACKWARD = ("forward_backward", "ForwardBackward", ("loss_fn_outputs", "metrics"))
    OPTIM_STEP = ("optim_step", "OptimStep", ())
    SAVE_STATE = ("save_weights", "SaveWeights", ("path",))
    LOAD_STATE = ("load_weights", "LoadWeights", ())
    SAVE_WEIGHTS_FOR_SAMPLER = ("save_weights_for_sampler", "SaveWeightsForSampler", ("path",))
    CREATE_MODEL = ("create_model", "CreateModel", ("model_id",))

    def __init__(self, endpoint: str, request_type: str, required: tuple[str, ...]) -> None:
        self.path = f"/api/v1/{endpoint}"
        self.request_type = request_type
        self.required = required
