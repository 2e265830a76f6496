"""The state of the queue that a request waits in, and how it is reported to the user."""

from __future__ import annotations

import logging
import threading
import time
from enum import StrEnum
from typing import Any

log = logging.getLogger("tinker_requests")

LOG_INTERVAL = 60.0
"""The least time between two lines of one client, in seconds on the wall clock."""


class QueueState(StrEnum):
    """The words of the API."""

    ACTIVE = "active"
    PAUSED_RATE_LIMIT = "paused_rate_limit"
    PAUSED_CAPACITY = "paused_capacity"
    UNKNOWN = "unknown"


class ClientKind(StrEnum):
    """Who waits."""

    SAMPLING = "sampling"
    TRAINING = "training"
    MODEL_CREATION = "model_creation"


_FORMS = {
    ClientKind.SAMPLING: "Sampling is paused for sampler {name}. Reason: {reason}",
    ClientKind.TRAINING: "Training for {name} is paused. Reason: {reason}.",
    ClientKind.MODEL_CREATION: "Model creation for {name} is paused. Reason: {reason}.",
}
_CAPACITY = "Tinker backend is running short on capacity, please wait"


def parse_queue_state(value: object) -> QueueState:
    """Reads a state from any JSON value; what is none of the words is `UNKNOWN`."""
    try:
        return QueueState(value)  # type: ignore[arg-type]
    except ValueError:
        return QueueState.UNKNOWN


def reason_for(state: QueueState, kind: ClientKind) -> str:
    """The reason for a pause where the server gives none."""
    match state, kind:
        case QueueState.PAUSED_CAPACITY, _:
            return _CAPACITY
        case QueueState.PAUSED_RATE_LIMIT, ClientKind.SAMPLING:
            return "concurrent sampler weights limit hit"
        case QueueState.PAUSED_RATE_LIMIT, _:
            return "concurrent training clients rate limit hit"
        case _:
            return "unknown"


class PauseWatcher:
    """Logs the pauses of one client, once a minute at most; safe to call from several threads."""

    def __init__(self, kind: ClientKind, name: str) -> None:
        self._kind = kind
        self._name = name
        self._logged_at = 0.0
        self._lock = threading.Lock()

    def queue_state_changed(self, state: QueueState, server_reason: Any = None) -> None:
        """Takes a state that the server reported, and the reason that it gave, if any."""
        if state is QueueState.ACTIVE or not self._is_due():
            return
        reason = server_reason or reason_for(state, self._kind)
        log.warning("%s", _FORMS[self._kind].format(name=self._name, reason=reason))

    def _is_due(self) -> bool:
        with self._lock:
            now = time.time()
            if now - self._logged_at < LOG_INTERVAL:
                return False
            self._logged_at = now
            return True
