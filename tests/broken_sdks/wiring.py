"""SDKs that forget the observer in one operation, or call it by a wrong name."""

from __future__ import annotations

from typing import Final

from fake_server.operations import Operation
from tinker_conformance.profile_files import load_profile

from .declaration import Chapter

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
_ALSO: Final = {
    # The operations by which the other chapters look at a kind of client.
    Operation.SAMPLE: (
        "callback.error_is_swallowed",
        "clock.moves",
        "concurrency.a_minute_for_each_client",
        "concurrency.each_future_is_heard",
        "debounce.first_pause_logs",
        "polling.compressed_reply",
        "polling.header_twice",
        "reasons.sampling_unknown",
        "trigger.malformed_408",
    ),
    Operation.FORWARD_BACKWARD: (
        "callback.nothing_on_completion",
        "callback.nothing_on_fatal_status",
        "debounce.training",
        "messages.training_identifier",
        "messages.training_level",
        "messages.training_text",
        "messages.training_verb",
        "reasons.training",
        "reasons.training_unknown",
        "trigger.http_408",
    ),
    Operation.CREATE_MODEL: (
        "debounce.separate_creations",
        "messages.model_creation_identifier",
        "messages.model_creation_level",
        "messages.model_creation_text",
        "messages.model_creation_verb",
        "reasons.model_creation",
        "reasons.model_creation_unknown",
        "reasons.of_the_server_for_creation",
    ),
}

for _operation in Operation:
    _under = _UNDER.get(_operation, "tinker-0.5.1")
    _observed = load_profile(_under).observer.observed_operations
    SDKS.edited(
        f"forgets_the_observer_in_{_operation.value}",
        under=_under,
        changes={"observer.observed_operations": [o for o in _observed if o is not _operation]},
        caught_by=f"wiring.{_operation.value}",
        saying="wanted a pause line with the identifier",
        also=_ALSO.get(_operation, ()),
    )
    SDKS.edited(
        f"calls_{_operation.value}_a_job",
        under=_under,
        changes={f"polling.operations.{_operation.value}.request_type": "Job"},
        caught_by=f"polling.request_type_{_operation.value}",
        saying="with X-Tinker-Request-Type: Job",
    )
