"""How a future of the reference can end other than in a result."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """The kinds of ends that a timeline tells apart, apart from a result."""

    FAILED = "failed"
    EXPIRED = "expired"
    ERROR = "error"
    TIMEOUT = "timeout"


class FutureError(Exception):
    """A future ended without a result.

    Attributes:
        kind: The kind of end.
        official_class: The class of the exception in the official SDK; it gets into its log lines.
        official_text: The text of that exception, as far as the profile has it.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.ERROR

    def __init__(self, message: str, *, official_class: str, official_text: str) -> None:
        super().__init__(message)
        self.official_class = official_class
        self.official_text = official_text


class RequestFailedError(FutureError):
    """The server reported that the request failed.

    Attributes:
        category: ``user``, ``server`` or ``unknown``, as the server said; ``unknown`` for anything else.
    """

    kind = ErrorKind.FAILED

    def __init__(self, message: str, category: str, *, official_class: str, official_text: str) -> None:
        super().__init__(message, official_class=official_class, official_text=official_text)
        self.category = category


class FutureExpiredError(FutureError):
    """The server no longer has the future (HTTP 410); submit the request again."""

    kind = ErrorKind.EXPIRED


class PollError(FutureError):
    """A reply that a poll cannot go on from: a status that ends it, or a body that is no result."""


class StalledError(FutureError):
    """No sample of the client was done for too long."""


class SubmissionError(FutureError):
    """A request was not accepted."""


class WaitTimeoutError(FutureError, TimeoutError):
    """The caller's time limit on a result passed."""

    kind = ErrorKind.TIMEOUT


class UnsupportedByProfileError(ValueError):
    """The call is one that an SDK of this profile does not have."""


def error_kind(error: BaseException) -> ErrorKind:
    """The kind of end that an exception from a client of the reference stands for.

    An exception that is none of the reference's came out of an observer and ended the poll.
    """
    return error.kind if isinstance(error, FutureError) else ErrorKind.ERROR
