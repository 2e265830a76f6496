"""The part of the polling facet about what an SDK sends for a whole session, and not for one future."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tinker_conformance.profile.choices import SubmissionRetries
from tinker_conformance.profile.facet import Facet, Seconds, check_places


class FromCheckpoint(Facet, frozen=True):
    """How a training client is created from a saved state.

    Official since 0.6.3, driven with 0.6.3, 0.20.0, 0.36.0 and 0.38.0. (Older releases have no way to load
    the optimizer's state.) What an SDK asks about the checkpoint first is no part of it.

    Attributes:
        loading_creates: Whether one load, which names the session in place of a model, creates the model.
            Otherwise a model is created, and the state is loaded into it. Official: since 0.38.
        failure_drains_again: Whether a failure takes `failure_drain_seconds` twice to reach the caller.
            Official: until 0.19.
    """

    loading_creates: bool
    failure_drains_again: bool


class Cancellation(Facet, frozen=True):
    """How the server is told of samples that a caller gives up, where its configuration says so.

    Official since 0.26.0, driven with 0.26.0, 0.36.0 and 0.38.0. What is given up is not polled any more.

    Attributes:
        flag: The field of the server's configuration that switches it on. Official: off by default.
        config_path: The path of that configuration, which is asked after the client's. Official.
        path: The path of a cancellation. Official.
        retries: The retries of a cancellation. Official: slow ones.
    """

    flag: str
    config_path: str
    path: str
    retries: SubmissionRetries


class SessionPolling(Facet, frozen=True):
    """How the samples of one sampling session wait together, where the server's configuration says so.

    Official since 0.27.1, measured with 0.27.1, 0.33.0, 0.36.0 and 0.38.0. One task polls for the session. A
    sample is polled itself only once that task has heard that it is finished or failed.

    Attributes:
        flag: The field of the server's configuration that switches it on. Official: off by default.
        path: The path of its polls. Official.
        retry_seconds: The delay after HTTP 400, 408, 409, 429 and 5xx, and after a lost reply. Official: 1.
        bad_request_budget: How many times in a row HTTP 400 is polled again. Official: 3.
        reports_retrieved: Whether polls name the futures whose results have been fetched. Official since
            0.36.
        acknowledges: Whether a poll that nobody waits for says at once what has been heard. Official 0.38.
        failure_error: The ERROR line and the error of every waiting sample when a poll ends in any other
            status; placeholders ``{session}`` and ``{error}``, "class: text". Official.
    """

    flag: str
    path: str
    retry_seconds: Seconds
    bad_request_budget: Annotated[int, msgspec.Meta(ge=0)]
    reports_retrieved: bool
    acknowledges: bool
    failure_error: str

    def __post_init__(self) -> None:
        """Check that every placeholder has a value."""
        check_places("failure_error", self.failure_error, frozenset({"session", "error"}))
