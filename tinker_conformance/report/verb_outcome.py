"""The outcome of one verb (connect, sample, train, …) of a release of the official SDK against a server."""

from __future__ import annotations

from enum import StrEnum


class VerbOutcome(StrEnum):
    """Whether one verb of a release works against a server."""

    WORKS = "works"
    ERROR = "error"
    HANG = "hang"
    NOT_TESTABLE = "not testable"
    """The verb needs what an earlier verb makes, and the earlier one did not work."""
    NOT_OFFERED = "not offered"
    """The server does not have the endpoint for the verb."""
    ABSENT = "absent"
    """The release does not have the method for the verb."""
