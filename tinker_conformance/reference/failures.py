"""The errors in which a future of the reference can end."""

from __future__ import annotations

from enum import StrEnum

from tinker_conformance.error_families import ConformanceError


class ErrorKind(StrEnum):
    """The kinds of end, besides a result, that a timeline distinguishes."""

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
        kind: The kind of end; `ERROR` if neither of the others fits, as for a request that was not accepted.
        official_class: The class of the exception in the official SDK, as its log lines print it.
        official_text: The text of that exception, if the profile has it.
        category: Of a failure: `user`, `server` or `unknown`, as the server said.
        is_retried: Whether a sample starts over with a new submission.
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
    """Return the kind of end that an exception from a client of the reference means.

    Any exception but a `FutureError` came from an observer, and ended the poll with `ErrorKind.ERROR`.
    """
    return error.kind if isinstance(error, FutureError) else ErrorKind.ERROR
