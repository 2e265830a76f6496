"""The part of the polling facet about requests that an SDK sends for a whole session, not for one future."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tinker_conformance.profile.choices import SubmissionRetries
from tinker_conformance.profile.facet import Facet, Seconds, check_places


class FromCheckpoint(Facet, frozen=True):
    """How a training client is created from a saved state.

    Official since 0.6.3, driven with 0.6.3, 0.20.0, 0.36.0 and 0.38.0. (Older releases have no way to load
    the optimizer's state.) The requests by which an SDK first asks about the checkpoint are not described.

    Attributes:
        loading_creates: Whether a single load request, sent with the session's id and without a model's,
            creates the model. Otherwise one request creates a model, and another loads the state. Official:
            since 0.38.
        failure_drains_again: Whether a failure takes `failure_drain_seconds` twice to reach the caller.
            Official: until 0.19.
    """

    loading_creates: bool
    failure_drains_again: bool


class Cancellation(Facet, frozen=True):
    """How an SDK cancels samples that a caller gives up, if the server's configuration asks for that.

    Official since 0.26.0, driven with 0.26.0, 0.36.0 and 0.38.0. A sample that is given up is not polled any
    more.

    Attributes:
        flag: The field of the server's configuration that switches cancellations on. Official: off by
            default.
        config_path: The path of the request for that configuration, sent after the one for the client's
            configuration. Official.
        path: The path of the request that cancels a sample. Official.
        retries: How that request is sent again if the server does not accept it. Official: slowly.
    """

    flag: str
    config_path: str
    path: str
    retries: SubmissionRetries


class SessionPolling(Facet, frozen=True):
    """How all samples of a sampling session share one poll, if the server's configuration asks for it.

    Official since 0.27.1, measured with 0.27.1, 0.33.0, 0.36.0 and 0.38.0. One task polls for the session. A
    sample is polled by itself only after a poll of the session has reported that it is finished or failed.

    Attributes:
        flag: The field of the server's configuration that switches these polls on. Official: off by default.
        path: The path of the polls. Official.
        retry_seconds: The delay after HTTP 400, 408, 409, 429 and 5xx, and after a lost reply. Official: 1.
        bad_request_budget: How many times in a row the SDK polls again after HTTP 400. Official: 3.
        reports_retrieved: Whether polls name the futures whose results have been fetched. Official since
            0.36.
        acknowledges: Whether a poll for which no sample waits tells the server at once which completions the
            SDK has received. Official 0.38.
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
