"""The executable reference: an SDK of the Tinker API that does what a profile says.

A caller creates clients for a ``Profile``, the description of one revision of the official SDK. The clients
send the requests, log the lines, call the observers and return the results that this revision would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.reference.clients import (
        ModelCreation,
        SamplingClient,
        ServiceClient,
        TrainingClient,
        error_kind,
    )
    from tinker_conformance.reference.observer import (
        ClientObserver,
        QueueStateObserver,
        log_state_change,
        reason_for_state,
        should_log,
    )

__all__ = [
    "ClientObserver",
    "ModelCreation",
    "QueueStateObserver",
    "SamplingClient",
    "ServiceClient",
    "TrainingClient",
    "error_kind",
    "log_state_change",
    "reason_for_state",
    "should_log",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "clients": "ModelCreation SamplingClient ServiceClient TrainingClient error_kind",
        "observer": "ClientObserver QueueStateObserver log_state_change reason_for_state should_log",
    },
)
