"""SDKs that do not pass the observer in one operation, or send a wrong request type."""

from __future__ import annotations

from typing import Final

from fake_server.operations import Operation
from tinker_conformance.profile.profile_files import load_profile

from .declaration import ACROSS_TRAINING, TIMES_OF_LINES, Chapter

SDKS: Final = Chapter()

_OLDEST: Final = "tinker-0.1+tinker-0.1"
_UNDER: Final = {
    Operation.UNLOAD_MODEL: _OLDEST,
    Operation.SAVE_WEIGHTS_EXTERNAL: "tinker-0.38",
    Operation.CREATE_MODEL: "tinker-0.10",
    Operation.FORWARD: "tinkex-seed",
    Operation.LOAD_STATE: "tinker-0.21",
    Operation.SAVE_STATE: "tinker-0.7",
}
_OF_A_CHECKPOINT: Final = (Operation.LOAD_STATE, Operation.CREATE_MODEL)
"""The operations by which a training client is created from a saved state."""
for _operation in Operation:
    _under = _UNDER.get(_operation, "tinker-0.5.1")
    _observed = load_profile(_under).observer.observed_operations
    SDKS.edited(
        f"does_not_observe_{_operation.value}",
        under=_under,
        changes={"observer.observed_operations": [o for o in _observed if o is not _operation]},
        caught_by=f"wiring.{_operation.value}",
        saying="wanted a pause line with the identifier",
        also=("checkpoints.pause",) if _operation is Operation.LOAD_STATE else (),
    )
    SDKS.edited(
        f"sends_a_wrong_request_type_for_{_operation.value}",
        under=_under,
        changes={f"polling.operations.{_operation.value}.request_type": "Job"},
        caught_by=f"polling.request_type_{_operation.value}",
        saying="with X-Tinker-Request-Type: Job",
        also=("checkpoints.into_a_new_model",) if _operation in _OF_A_CHECKPOINT else (),
    )

_SEED: Final = load_profile("tinker-0.5.1").observer.observed_operations
SDKS.edited(
    "does_not_observe_samples_and_logs_every_pause",
    under="tinker-0.5.1",
    changes={
        "observer.observed_operations": [o for o in _SEED if o is not Operation.SAMPLE],
        "observer.interval_seconds": 0.0,
    },
    caught_by="wiring.sample",
    saying="wanted a pause line with the identifier",
    also=(
        "debounce.long_uptime",
        "debounce.summer_time",
        *ACROSS_TRAINING,
        "concurrency.a_minute_for_each_client",
        "concurrency.clients_on_threads",
        "concurrency.one_minute_for_a_client",
        "concurrency.one_minute_on_threads",
        "concurrency.training_on_threads",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        "debounce.across_load_state",
        "debounce.across_save_state",
        "debounce.across_save_weights_for_sampler",
        *TIMES_OF_LINES,
        "debounce.begins_at_the_line",
        "debounce.separate_clients",
        "debounce.training",
        "debounce.within_a_minute",
        "telemetry.beside_the_line",
        "debounce.any_time_of_day",
    ),
)
