"""How a call can end other than in a result."""


class TinkerError(Exception):
    """What all errors of this SDK are."""


class SubmissionRefusedError(TinkerError):
    """The server did not accept a request."""


class RequestFailedError(TinkerError):
    """The server reported that a request failed; `category` says whose fault it is."""

    def __init__(self, message: str, category: str) -> None:
        super().__init__(message)
        self.category = category


class FutureExpiredError(TinkerError):
    """The server no longer has the result (HTTP 410); the request can be submitted again."""


class PollEndedError(TinkerError):
    """A reply that polling cannot go on from."""


class WaitTimeoutError(TinkerError, TimeoutError):
    """The time limit of the call passed."""
