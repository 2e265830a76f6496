"""The kit's HTTP client of servers: connections that a server closes after an error."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tinker_conformance.server.exchanges import NoAnswerError, Question
from tinker_conformance.server.http_sender import HttpSender
from tinker_conformance.server.probe_bodies import session_body
from tinker_conformance.server.target import server_under_test


class Replies(httpx.BaseTransport):
    """Answers with these statuses; None breaks the connection, as a server that has closed it does."""

    def __init__(self, *statuses: int | None) -> None:
        self.statuses: Iterator[int | None] = iter(statuses)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status = next(self.statuses)
        if status is None:
            raise httpx.ReadError("Connection reset by peer", request=request)
        return httpx.Response(status, stream=httpx.ByteStream(b"{}"))


def answers(count: int, *statuses: int | None) -> list[int | str]:
    """What the sender says of this many questions."""
    sender = HttpSender(server_under_test("http://127.0.0.1:1"), Replies(*statuses))
    found: list[int | str] = []
    for _ in range(count):
        try:
            found.append(sender.send(Question("GET", "/api/v1/healthz"), 5).status)
        except NoAnswerError as error:
            found.append(str(error))
    sender.close()
    return found


BROKEN = "the connection broke (Connection reset by peer)"


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ((500, None, 200), [500, 200]),
        ((500, None, None, 200), [500, BROKEN, 200]),
        ((200, None, 200), [200, BROKEN, 200]),
        ((500, 200, None, 200), [500, 200, BROKEN, 200]),
    ],
)
def test_a_connection_that_was_closed_after_an_error_is_replaced_once(
    statuses: tuple[int | None, ...], wanted: list[int | str]
) -> None:
    assert answers(len(wanted), *statuses) == wanted


def test_the_metadata_of_a_session_are_an_object_as_every_release_sends_them() -> None:
    """tinker 0.3.0 to 0.38.0 send `{}`; hatchery-core 0.3.0 refuses null."""
    assert session_body()["user_metadata"] == {}
