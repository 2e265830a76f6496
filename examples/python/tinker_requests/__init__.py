"""A small blocking client of the Tinker API, on `requests`."""

from tinker_requests.clients import ModelCreation, SamplingClient, ServiceClient, TrainingClient
from tinker_requests.errors import (
    FutureExpiredError,
    PollEndedError,
    RequestFailedError,
    SubmissionRefusedError,
    TinkerError,
    WaitTimeoutError,
)
from tinker_requests.queue_state import ClientKind, QueueState, parse_queue_state, reason_for

__all__ = [
    "ClientKind",
    "FutureExpiredError",
    "ModelCreation",
    "PollEndedError",
    "QueueState",
    "RequestFailedError",
    "SamplingClient",
    "ServiceClient",
    "SubmissionRefusedError",
    "TinkerError",
    "TrainingClient",
    "WaitTimeoutError",
    "parse_queue_state",
    "reason_for",
]
