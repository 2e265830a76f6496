"""How the service refuses: with the failure of a future, or with an HTTP status."""

from __future__ import annotations

from fake_server.core.errors import FakeServerError
from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded
from fake_server.script.steps import Fail, FailCategory


class ServiceRefusal(FakeServerError):  # noqa: N818 - it carries the answer
    """A request that the real service would refuse as well, and so not a difference from a script.

    Attributes:
        status: The HTTP status of endpoints that answer at once; a future fails with category ``user``.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

    @property
    def reply(self) -> Reply:
        """Return the reply of an endpoint; the SDK raises its error for the status and does not retry."""
        return Reply(self.status, JSON_HEADERS, encoded({"detail": str(self)}))

    @property
    def failure(self) -> Reply:
        """Return the reply to a poll: ``{"error", "category": "user"}`` (``tinker`` 0.1.0 and later)."""
        return Fail(FailCategory.USER, str(self)).reply
