"""The enumerations from which a profile chooses its values, with the SDKs that behave so.

In these docstrings, *official* is the Python SDK ``tinker``, measured and read release by release. *Tinkex*
is an SDK in Elixir. *poll again* means: send the same poll once more. An *ending* future raises an error.
"""

from __future__ import annotations

from enum import StrEnum


class NotifyOn408(StrEnum):
    """Which HTTP 408 replies notify the observer."""

    TRUTHY_STATE = "truthy_state"
    """Any ``queue_state`` of a JSON object that is true in Python's sense (official, every release)."""
    NEVER = "never"
    """No 408 does; a 408 only makes the SDK poll again (Tinkex)."""


class NotifyOnTryAgain(StrEnum):
    """Which HTTP 200 ``try_again`` replies notify the observer."""

    NEVER = "never"
    """No ``try_again`` does (official 0.1 to 0.20)."""
    KNOWN_STATE_OR_REASON = "known_state_or_reason"
    """Replies with a state other than UNKNOWN, or with a reason, even an empty one (official since 0.21)."""
    STATE_CHANGE = "state_change"
    """Replies whose state differs from the previous one of the same future, and its first reply (Tinkex)."""


class Unparseable408(StrEnum):
    """What an SDK does with an HTTP 408 whose ``queue_state`` is a list or an object."""

    UNKNOWN = "unknown"
    """The observer is notified of UNKNOWN (official 0.1 to 0.20)."""
    SILENT = "silent"
    """The observer is not notified (official since 0.21)."""


class UnparseableTryAgain(StrEnum):
    """What an SDK does with an HTTP 200 ``try_again`` whose ``queue_state`` is a list or an object."""

    UNKNOWN = "unknown"
    """The SDK reads the state as UNKNOWN."""
    ENDS_POLL = "ends_poll"
    """The future ends in an error (official since 0.21: TypeError)."""


class ObserverError(StrEnum):
    """What an SDK does with an exception that an observer raises."""

    SWALLOWED = "swallowed"
    ENDS_POLL = "ends_poll"
    """The future ends with that exception."""


class CustomObserver(StrEnum):
    """Whether a caller can pass its own observer to one call."""

    UNSUPPORTED = "unsupported"
    """The caller cannot; a client is its own observer (official, every release)."""
    REPLACES_CLIENT = "replaces_client"
    """The caller's observer is notified in place of the client's (specification of Tinkex, "Do NOT")."""


class TelemetrySource(StrEnum):
    """Which telemetry event accompanies a pause, in addition to the observer."""

    NONE = "none"
    STATUS_ERROR = "status_error"
    """An event ``api_status_error`` for each 408 or other error status (official)."""
    STATE_CHANGE = "state_change"
    """An event for each change of a future's queue state (Tinkex)."""


class MessageMatch(StrEnum):
    """How the text of a pause line is compared with the text in the profile."""

    EXACT = "exact"
    PARTS = "parts"
    """The line must contain verb phrase, identifier and reason; the rest may differ (Tinkex)."""


class ClockKind(StrEnum):
    """Which clock measures a length of time."""

    WALL = "wall"
    """``time.time()``, which steps back when the wall clock is set back."""
    MONOTONIC = "monotonic"
    """``time.monotonic()``."""


class Identifier(StrEnum):
    """Which id of the client a log line contains."""

    SAMPLING_SESSION_ID = "sampling_session_id"
    MODEL_PATH = "model_path"
    """The path of the weights, printed as ``None`` for a base model (official 0.1 to 0.5.0)."""
    MODEL_ID = "model_id"
    BASE_MODEL = "base_model"


class LogLevel(StrEnum):
    """The level of a log line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class StatusAction(StrEnum):
    """What an SDK does when a poll gets an HTTP status that is not a success."""

    POLL_AGAIN = "poll_again"
    """The SDK polls again at once, without a limit."""
    BACK_OFF = "back_off"
    """The SDK polls again after a delay that doubles each time, as after connection errors."""
    BUDGET = "budget"
    """The SDK polls again at once, up to ``bad_request_budget`` times; then the future ends in an error."""
    BILLING_PAUSE = "billing_pause"
    """The SDK polls every ``billing_pause_seconds``, until the future fails at ``billing_limit_seconds``."""
    EXPIRES = "expires"
    """The future no longer exists; ``expired`` in the polling facet says what the SDK does."""
    ENDS = "ends"
    """The future ends in an error."""


class OnExpired(StrEnum):
    """What a client does when its future no longer exists (HTTP 410)."""

    RESUBMITS = "resubmits"
    """The client submits the request again after a random delay."""
    RAISES = "raises"


class BudgetRefill(StrEnum):
    """Which replies reset the count of HTTP 400 in a row, so that ``bad_request_budget`` applies again."""

    NOTHING = "nothing"
    ANY_408 = "any_408"
    """Any HTTP 408 (official 0.15 to 0.20)."""
    JSON_408 = "json_408"
    """A 408 whose body is JSON and not null (official since 0.21)."""


class BackOffReset(StrEnum):
    """Which replies reset the doubling delay after connection errors to its first value."""

    ERROR_STATUS = "error_status"
    """Any HTTP status that is not a success; a 200 ``try_again`` does not (official 0.1 to 0.20)."""
    ANY_REPLY = "any_reply"
    """Any complete reply that does not itself start a delay or a billing pause (official since 0.21)."""


class UnusableBody(StrEnum):
    """What an SDK does with an HTTP 200 whose body is empty, not JSON or not an object."""

    ENDS_POLL = "ends_poll"
    """The future ends in an error (official, every release)."""
    POLL_AGAIN = "poll_again"


class ResultFormat(StrEnum):
    """The format in which a result is requested and accepted."""

    JSON = "json"
    JSON_OR_PROTOBUF = "json_or_protobuf"
    """Either format; the header ``Accept`` prefers protobuf (official 0.18.1 to 0.24)."""
    PROTOBUF = "protobuf"
    """Protobuf only; a result in JSON ends the future in an error (official since 0.25)."""


class SamplerAddress(StrEnum):
    """How a sample request says which weights to sample from."""

    IN_REQUEST = "in_request"
    """With ``model_path`` or ``base_model`` in each request (official 0.1 to 0.2)."""
    SESSION = "session"
    """With a ``sampling_session_id``, which the client creates once (official since 0.3)."""


class FailureClass(StrEnum):
    """The class of the exception for a failure that the server reports."""

    VALUE_ERROR = "ValueError"
    """``ValueError`` (official 0.1 to 0.2)."""
    REQUEST_FAILED = "RequestFailedError"
    """``RequestFailedError`` (official since 0.3)."""


class WaitTimeout(StrEnum):
    """What an SDK stops when the caller's timeout for a result has passed."""

    STOPS_WAITING = "stops_waiting"
    """The wait for the result; the SDK continues to poll."""
    CANCELS_POLL = "cancels_poll"


class SubmissionRetries(StrEnum):
    """How a request is sent again that the server did not accept; ``submission`` has the delays."""

    QUICK_ONLY = "quick_only"
    """A few times with short delays, then the request fails (official: sessions, creation of a model)."""
    SLOW_ONLY = "slow_only"
    """With longer delays, for some minutes (official: samples; since 0.18 also saving weights)."""
    QUICK_THEN_SLOW = "quick_then_slow"
    """A few times with short delays, then after a long delay from the start again (official: training)."""
