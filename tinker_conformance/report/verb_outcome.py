"""What a release of the official SDK met when it did one thing against a server."""

from __future__ import annotations

from enum import StrEnum


class VerbOutcome(StrEnum):
    """What came of one verb."""

    WORKS = "works"
    ERROR = "error"
    HANG = "hang"
    NOT_TESTABLE = "not testable"
    """It needs what an earlier verb makes, and that one did not work."""
    NOT_OFFERED = "not offered"
    """The server does not have the endpoint."""
    ABSENT = "absent"
    """The release does not have the method."""
