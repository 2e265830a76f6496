"""Why a request is not answered: a status and a sentence, as the client is told."""

from __future__ import annotations

from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded


class RefusedError(Exception):
    """What came is refused; after the reply the connection ends.

    Attributes:
        reply: Status, and ``{"error": text}``; the text ends with what the client's author can do.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, JSON_HEADERS, encoded({"error": text}))
