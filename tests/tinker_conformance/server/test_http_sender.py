"""The kit's HTTP client against servers that hang, flood, end early or answer garbage."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore
import pytest

from tinker_conformance.server import http_sender
from tinker_conformance.server.exchanges import NoAnswerError, Question
from tinker_conformance.server.http_sender import HttpSender
from tinker_conformance.server.target import server_under_test

QUESTION = Question("POST", "/api/v1/retrieve_future", (("accept", "*/*"),), b"{}")
SECONDS = 0.3
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[HttpSender]:
    """A sender to a server that treats its first connection like this."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                try:
                    talk(connection)
                except OSError:
                    return
                ended.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        sender = HttpSender(server_under_test(f"http://127.0.0.1:{listening.getsockname()[1]}"))
        try:
            yield sender
        finally:
            ended.set()
            sender.close()
            thread.join(10)


def _asked(talk: Callable[[socket.socket], None]) -> str:
    with serving(talk) as sender, pytest.raises(NoAnswerError) as caught:
        sender.send(QUESTION, SECONDS)
    assert caught.value.connected
    return str(caught.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    assert _asked(lambda _: None) == "nothing came for 0.3 s"


def test_a_server_that_ends_the_connection_is_no_reply() -> None:
    assert "the connection broke" in _asked(lambda connection: connection.shutdown(socket.SHUT_RDWR))


def test_a_server_that_answers_garbage_is_no_reply() -> None:
    assert "the connection broke" in _asked(lambda connection: connection.sendall(b"\x00\xffgarbage\r\n\r\n"))


def test_a_body_that_ends_early_is_no_reply() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"content-length: 100\r\n\r\n{")
        connection.shutdown(socket.SHUT_RDWR)

    assert "the connection broke" in _asked(talk)


def test_a_body_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_sender, "MOST_BYTES", 1000)

    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"content-length: 100000\r\n\r\n" + b" " * 100_000)

    assert _asked(talk) == "more than 1000 bytes came, and the reply was not complete"


def test_a_body_in_drops_is_cut_after_the_time() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"content-length: 1000000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.02)

    assert _asked(talk) == "the reply was not complete after 0.3 s"


@pytest.mark.parametrize("piece", [b"a", b"\r\n\r\nHTTP/1.1 103 Early Hints\r\nx: "])
def test_a_head_in_drops_is_cut_after_the_time(piece: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nx: ")
        while True:
            connection.sendall(piece)
            threading.Event().wait(0.02)

    assert _asked(talk) == "the reply was not complete after 0.3 s"


def test_a_certificate_that_is_not_trusted_is_reported_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = HttpSender(server_under_test("https://127.0.0.1:1"))

    def refuse(*_: object, **__: object) -> None:
        raise httpcore.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", refuse)
    with pytest.raises(NoAnswerError, match=r"in the variable SSL_CERT_FILE$") as caught:
        sender.send(QUESTION, SECONDS)
    assert not caught.value.connected
    sender.close()


def test_a_refused_connection_differs_from_other_failures() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    sender = HttpSender(server_under_test(f"http://127.0.0.1:{port}"))
    with pytest.raises(NoAnswerError, match="the connection failed") as caught:
        sender.send(QUESTION, SECONDS)
    assert not caught.value.connected
    sender.close()


def test_the_key_goes_in_one_header_and_a_redirect_is_not_followed() -> None:
    received: list[bytes] = []

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                received.append(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        sender = HttpSender(server_under_test(f"http://127.0.0.1:{port}", api_key="tml-secret"))
        assert sender.send(QUESTION, 10).status == 302
        sender.close()
        thread.join(10)
    assert received[0].lower().count(b"tml-secret") == 1
    assert b"x-api-key: tml-secret" in received[0].lower()


def test_hanging_up_closes_the_connection_without_the_reply() -> None:
    seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.settimeout(5)
        while seen[-1:] != [b""]:
            seen.append(connection.recv(1000))

    with serving(talk) as sender:
        sender.abandon(QUESTION)
    assert b"".join(seen) in {b"", b"{}"}
