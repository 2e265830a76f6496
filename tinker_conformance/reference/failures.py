"""The errors with which a future of the reference can end: `FutureError` and its kinds."""

from __future__ import annotations

from enum import StrEnum

from tinker_conformance.error_families import ConformanceError


class ErrorKind(StrEnum):
    """How a future ended without a result, as a timeline (the record of a run) distinguishes it."""

    FAILED = "failed"
    """The server reported that the request failed."""
    EXPIRED = "expired"
    """The server no longer has the future (HTTP 410)."""
    ERROR = "error"
    TIMEOUT = "timeout"
    """The caller's timeout on a result passed."""


class FutureError(ConformanceError):
    """A future ended without a result.

    Attributes:
        kind: How the future ended; `ERROR` if no other kind fits, as for a request that was not accepted.
        official_class: The name of the exception's class in the official SDK, as log lines there print it.
        official_text: The text of that exception in the official SDK; empty if the profile does not have it.
        category: Who caused a failure, as the server says: `user`, `server` or `unknown`.
        is_retried: Whether a sampling client submits the sample again after this error.
    """

    def __init__(
        self,
        message: str,
        kind: ErrorKind = ErrorKind.ERROR,
        *,
        official_class: str,
        official_text: str,
        category: str = "unknown",
        is_retried: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.official_class = official_class
        self.official_text = official_text
        self.category = category
        self.is_retried = is_retried or kind is ErrorKind.EXPIRED


def error_kind(error: BaseException) -> ErrorKind:
    """Return how a future ended, from the exception that a client of the reference raised.

    Any exception other than a `FutureError` came from an observer, and counts as `ErrorKind.ERROR`.
    """
    return error.kind if isinstance(error, FutureError) else ErrorKind.ERROR
