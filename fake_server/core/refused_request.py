"""The error for a request that is refused: a status and a message for the client."""

from __future__ import annotations

from fake_server.core.errors import FakeServerError
from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded


class RefusedError(FakeServerError):
    """A request is refused with an error reply, after which the HTTP server closes the connection.

    Attributes:
        reply: The reply with the status and ``{"error": text}``; the text ends with the fix for the client's
            author.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, JSON_HEADERS, encoded({"error": text}))
