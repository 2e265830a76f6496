"""The part of the polling facet about what an SDK sends for a whole session, and not for one future."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tinker_conformance.profile.facet import Facet, Seconds, check_places


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
