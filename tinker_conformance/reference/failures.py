"""The errors in which a future of the reference can end."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from tinker_conformance.error_families import ConformanceError


class ErrorKind(StrEnum):
    """The kinds of end, besides a result, that a timeline distinguishes."""

    FAILED = "failed"
    EXPIRED = "expired"
    ERROR = "error"
    TIMEOUT = "timeout"


class FutureError(ConformanceError):
    """A future ended without a result.

    Attributes:
        kind: The kind of end.
        official_class: The class of the exception in the official SDK, as its log lines print it.
        official_text: The text of that exception, if the profile has it.
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


class SubmissionError(FutureError):
    """The server did not accept a request.

    Attributes:
        is_retried: Whether a sample starts over, as after the loss of its future.
    """

    def __init__(
        self, message: str, *, official_class: str, official_text: str, is_retried: bool = False
    ) -> None:
        super().__init__(message, official_class=official_class, official_text=official_text)
        self.is_retried = is_retried


class WaitTimeoutError(FutureError, TimeoutError):
    """The caller's timeout on a result passed."""

    kind = ErrorKind.TIMEOUT


def error_kind(error: BaseException) -> ErrorKind:
    """Return the kind of end that an exception from a client of the reference means.

    Any exception but a `FutureError` came from an observer, and ended the poll with `ErrorKind.ERROR`.
    """
    return error.kind if isinstance(error, FutureError) else ErrorKind.ERROR
