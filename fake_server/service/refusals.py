"""The error by which the simulated service refuses a request: as a failed future, or with an HTTP status."""

from __future__ import annotations

from fake_server.core.errors import FakeServerError
from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded
from fake_server.script.steps import Fail, FailCategory


class ServiceRefusal(FakeServerError):  # noqa: N818 - it carries the answer
    """The service refuses a request, as the real service would; the test's script is not at fault.

    Attributes:
        status: The HTTP status of an endpoint that answers at once. A future fails with category ``user``
            instead.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

    @property
    def reply(self) -> Reply:
        """Return the error as the reply of an endpoint; the SDK raises an error and does not retry."""
        return Reply(self.status, JSON_HEADERS, encoded({"detail": str(self)}))

    @property
    def failure(self) -> Reply:
        """Return the reply to a poll: ``{"error", "category": "user"}`` (``tinker`` 0.1.0 and later)."""
        return Fail(FailCategory.USER, str(self)).reply
