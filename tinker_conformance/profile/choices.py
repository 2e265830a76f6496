"""What the choices in a profile are; each value's docstring says who makes it.

Sources: *official* is the Python SDK ``tinker`` by release, measured and read; *seed* is the document
that describes Tinkex.
"""

from __future__ import annotations

from enum import StrEnum


class NotifyOn408(StrEnum):
    """What of an HTTP 408 reaches the observer."""

    TRUTHY_STATE = "truthy_state"
    """Any ``queue_state`` of a JSON object that is true in Python's sense (official, every release)."""
    NEVER = "never"
    """A 408 is only polled again (seed: Tinkex)."""


class NotifyOnTryAgain(StrEnum):
    """What of an HTTP 200 ``try_again`` reaches the observer."""

    NEVER = "never"
    """Official 0.1 to 0.20."""
    KNOWN_STATE_OR_REASON = "known_state_or_reason"
    """The state is not UNKNOWN, or there is a reason, even an empty one (official since 0.21)."""
    STATE_CHANGE = "state_change"
    """The state differs from the one before in this poll; the first always does (seed: Tinkex)."""


class Unparseable408(StrEnum):
    """What a ``queue_state`` that is a list or an object does on a 408."""

    UNKNOWN = "unknown"
    """The observer is told UNKNOWN (official 0.1 to 0.20)."""
    SILENT = "silent"
    """The observer is not told (official since 0.21)."""


class UnparseableTryAgain(StrEnum):
    """What a ``queue_state`` that is a list or an object does on a 200 ``try_again``."""

    UNKNOWN = "unknown"
    """It counts as UNKNOWN."""
    ENDS_POLL = "ends_poll"
    """The future ends in an error (official since 0.21: TypeError)."""


class ObserverError(StrEnum):
    """What becomes of an exception that an observer raises."""

    SWALLOWED = "swallowed"
    ENDS_POLL = "ends_poll"
    """It is the error of the future."""


class CustomObserver(StrEnum):
    """Whether a caller can give an observer of its own to one call."""

    UNSUPPORTED = "unsupported"
    """Official, every release: a client is its own observer."""
    REPLACES_CLIENT = "replaces_client"
    """The caller's is told instead of the client's (seed, "Do NOT": custom ``:queue_state_observer``)."""


class TelemetrySource(StrEnum):
    """Which telemetry event accompanies a pause, in addition to the observer."""

    NONE = "none"
    STATUS_ERROR = "status_error"
    """One ``api_status_error`` for each 408 and other error status (official)."""
    STATE_CHANGE = "state_change"
    """One for each change of state in a poll (seed: Tinkex)."""


class MessageMatch(StrEnum):
    """How a message is compared with the profile's."""

    EXACT = "exact"
    PARTS = "parts"
    """It contains the verb phrase, the identifier and the reason: the seed gives several wordings."""


class ClockKind(StrEnum):
    """Which clock measures a length of time."""

    WALL = "wall"
    """``time.time()``: steps back when the wall clock does."""
    MONOTONIC = "monotonic"
    """``time.monotonic()``."""


class Identifier(StrEnum):
    """What a message calls the client by."""

    SAMPLING_SESSION_ID = "sampling_session_id"
    MODEL_PATH = "model_path"
    """``None``, the word, for a sampler of a base model (official 0.1 to 0.5.0)."""
    MODEL_ID = "model_id"
    BASE_MODEL = "base_model"


class LogLevel(StrEnum):
    """The level of a log line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class StatusAction(StrEnum):
    """What an HTTP status that is not a success does to a poll."""

    POLL_AGAIN = "poll_again"
    """At once, for ever."""
    BACK_OFF = "back_off"
    """After the delay that connection errors have."""
    BUDGET = "budget"
    """At once, as often as ``bad_request_budget`` says; then the future ends in an error."""
    BILLING_PAUSE = "billing_pause"
    """After ``billing_pause_seconds``, for at most ``billing_limit_seconds``; then it ends in an error."""
    EXPIRES = "expires"
    """The future is gone; see ``expired``."""
    ENDS = "ends"
    """The future ends in an error."""


class OnExpired(StrEnum):
    """What a client does when its future is gone (HTTP 410)."""

    RESUBMITS = "resubmits"
    """The request is submitted anew after a jittered delay."""
    RAISES = "raises"


class BudgetRefill(StrEnum):
    """What refills the budget for HTTP 400."""

    NOTHING = "nothing"
    ANY_408 = "any_408"
    """Official 0.15 to 0.20."""
    JSON_408 = "json_408"
    """A 408 whose body is JSON and not null (official since 0.21)."""


class BackOffReset(StrEnum):
    """What brings the back-off of connection errors to its start."""

    ERROR_STATUS = "error_status"
    """Any HTTP status that is not a success; a 200 ``try_again`` does not (official 0.1 to 0.20)."""
    ANY_REPLY = "any_reply"
    """Any complete reply except those that back off or pause themselves (official since 0.21)."""


class UnusableBody(StrEnum):
    """What a 200 does whose body is empty, not JSON or not an object."""

    ENDS_POLL = "ends_poll"
    """Official, every release."""
    POLL_AGAIN = "poll_again"


class ResultFormat(StrEnum):
    """In which form a result is asked for and accepted."""

    JSON = "json"
    JSON_OR_PROTOBUF = "json_or_protobuf"
    """``Accept`` prefers protobuf; either is taken (official 0.18.1 to 0.24)."""
    PROTOBUF = "protobuf"
    """A result in JSON ends the future in an error (official since 0.25)."""


class SamplerAddress(StrEnum):
    """How a sample request names its sampler."""

    IN_REQUEST = "in_request"
    """``model_path`` or ``base_model`` in each request (official 0.1 to 0.2)."""
    SESSION = "session"
    """A ``sampling_session_id``, made once (official since 0.3)."""


class FailureClass(StrEnum):
    """The exception that a failure reported by the server becomes."""

    VALUE_ERROR = "ValueError"
    """Official 0.1 to 0.2."""
    REQUEST_FAILED = "RequestFailedError"
    """Official since 0.3."""


class WaitTimeout(StrEnum):
    """What a caller's time limit on a result stops."""

    STOPS_WAITING = "stops_waiting"
    """The waiting only; the polling goes on."""
    CANCELS_POLL = "cancels_poll"
