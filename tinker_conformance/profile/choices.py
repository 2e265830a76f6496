"""The values that a profile can choose from; each value's docstring says which SDK behaves so.

Sources: *official* is the Python SDK ``tinker``, measured and read release by release. *seed* is the document
that describes Tinkex, an SDK in Elixir.
"""

from __future__ import annotations

from enum import StrEnum


class NotifyOn408(StrEnum):
    """Which HTTP 408 replies notify the observer."""

    TRUTHY_STATE = "truthy_state"
    """Any ``queue_state`` of a JSON object that is true in Python's sense (official, every release)."""
    NEVER = "never"
    """A 408 only makes the SDK poll again (so Tinkex)."""


class NotifyOnTryAgain(StrEnum):
    """Which HTTP 200 ``try_again`` replies notify the observer."""

    NEVER = "never"
    """Official 0.1 to 0.20."""
    KNOWN_STATE_OR_REASON = "known_state_or_reason"
    """The state is not UNKNOWN, or there is a reason, even an empty one (official since 0.21)."""
    STATE_CHANGE = "state_change"
    """The state differs from the previous one of the same future; the first always counts (so Tinkex)."""


class Unparseable408(StrEnum):
    """The effect of a ``queue_state`` that is a list or an object on a 408."""

    UNKNOWN = "unknown"
    """The observer is notified of UNKNOWN (official 0.1 to 0.20)."""
    SILENT = "silent"
    """The observer is not notified (official since 0.21)."""


class UnparseableTryAgain(StrEnum):
    """The effect of a ``queue_state`` that is a list or an object on a 200 ``try_again``."""

    UNKNOWN = "unknown"
    """It counts as UNKNOWN."""
    ENDS_POLL = "ends_poll"
    """The future ends in an error (official since 0.21: TypeError)."""


class ObserverError(StrEnum):
    """What happens to an exception that an observer raises."""

    SWALLOWED = "swallowed"
    ENDS_POLL = "ends_poll"
    """It becomes the error of the future."""


class CustomObserver(StrEnum):
    """Whether a caller can pass its own observer to one call."""

    UNSUPPORTED = "unsupported"
    """Official, every release: a client is its own observer."""
    REPLACES_CLIENT = "replaces_client"
    """The caller's is notified instead of the client's (specification of Tinkex, "Do NOT")."""


class TelemetrySource(StrEnum):
    """Which telemetry event accompanies a pause, in addition to the observer."""

    NONE = "none"
    STATUS_ERROR = "status_error"
    """One ``api_status_error`` for each 408 and other error status (official)."""
    STATE_CHANGE = "state_change"
    """One for each change of a future's state (so Tinkex)."""


class MessageMatch(StrEnum):
    """How a pause line is compared with the profile's."""

    EXACT = "exact"
    PARTS = "parts"
    """It must contain verb phrase, identifier and reason: Tinkex's specification allows several wordings."""


class ClockKind(StrEnum):
    """Which clock measures a length of time."""

    WALL = "wall"
    """``time.time()``: steps back when the wall clock does."""
    MONOTONIC = "monotonic"
    """``time.monotonic()``."""


class Identifier(StrEnum):
    """The identifier by which a message names the client."""

    SAMPLING_SESSION_ID = "sampling_session_id"
    MODEL_PATH = "model_path"
    """Prints as ``None`` for a sampler of a base model (official 0.1 to 0.5.0)."""
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
    """Polls again at once, without a limit."""
    BACK_OFF = "back_off"
    """Polls again after the back-off of connection errors."""
    BUDGET = "budget"
    """Polls again at once, up to ``bad_request_budget`` times; then the future ends in an error."""
    BILLING_PAUSE = "billing_pause"
    """Polls every ``billing_pause_seconds`` until ``billing_limit_seconds``; then ends in an error."""
    EXPIRES = "expires"
    """The future no longer exists; see ``expired``."""
    ENDS = "ends"
    """The future ends in an error."""


class OnExpired(StrEnum):
    """What a client does when its future no longer exists (HTTP 410)."""

    RESUBMITS = "resubmits"
    """It submits the request again after a jittered delay."""
    RAISES = "raises"


class BudgetRefill(StrEnum):
    """Which replies refill the budget for HTTP 400."""

    NOTHING = "nothing"
    ANY_408 = "any_408"
    """Official 0.15 to 0.20."""
    JSON_408 = "json_408"
    """A 408 whose body is JSON and not null (official since 0.21)."""


class BackOffReset(StrEnum):
    """Which replies reset the back-off of connection errors."""

    ERROR_STATUS = "error_status"
    """Any HTTP status that is not a success; a 200 ``try_again`` does not (official 0.1 to 0.20)."""
    ANY_REPLY = "any_reply"
    """Any complete reply, except one that itself starts a back-off or a pause (official since 0.21)."""


class UnusableBody(StrEnum):
    """The effect of a 200 whose body is empty, not JSON or not an object."""

    ENDS_POLL = "ends_poll"
    """Official, every release."""
    POLL_AGAIN = "poll_again"


class ResultFormat(StrEnum):
    """The format in which a result is requested and accepted."""

    JSON = "json"
    JSON_OR_PROTOBUF = "json_or_protobuf"
    """``Accept`` prefers protobuf; both are accepted (official 0.18.1 to 0.24)."""
    PROTOBUF = "protobuf"
    """A result in JSON ends the future in an error (official since 0.25)."""


class SamplerAddress(StrEnum):
    """How a sample request names its sampler."""

    IN_REQUEST = "in_request"
    """``model_path`` or ``base_model`` in each request (official 0.1 to 0.2)."""
    SESSION = "session"
    """A ``sampling_session_id``, created once (official since 0.3)."""


class FailureClass(StrEnum):
    """The exception for a failure that the server reports."""

    VALUE_ERROR = "ValueError"
    """Official 0.1 to 0.2."""
    REQUEST_FAILED = "RequestFailedError"
    """Official since 0.3."""


class WaitTimeout(StrEnum):
    """What ends when a caller's timeout on a result passes."""

    STOPS_WAITING = "stops_waiting"
    """Only the wait; the SDK continues to poll."""
    CANCELS_POLL = "cancels_poll"


class SubmissionRetries(StrEnum):
    """Which retries a request gets that the server does not accept; see ``submission`` for their delays."""

    QUICK_ONLY = "quick_only"
    """Quick ones, and then the request fails (official: sessions and the creation of a model)."""
    SLOW_ONLY = "slow_only"
    """Slow ones (official: samples; since 0.18 also what saves weights)."""
    QUICK_THEN_SLOW = "quick_then_slow"
    """When the quick ones are used up, a slow one, and the quick ones begin again (official: training)."""
