"""The error that ends in an HTTP error reply: a status, and a message for the author of the client."""

from __future__ import annotations

from fake_server.core.errors import FakeServerError
from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded


class RefusedError(FakeServerError):
    """A request is refused: the client gets an error reply, and the HTTP server closes the connection.

    Attributes:
        reply: The error reply, with the body ``{"error": text}``. The text says how to fix the client.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, JSON_HEADERS, encoded({"error": text}))
