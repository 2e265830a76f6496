"""Who is let in while the server stops, refuses or is full: nobody is left half way."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import pytest

from fake_server import FakeTinker, FakeTinkerServer, Reply, Request, TransportFault
from fake_server.http import listening_socket
from fake_server.http.listening_socket import ListeningSocket
from fake_server.script import complete, refuse, script

WAIT = 10.0
NOTHING = b"GET /api/v1/nothing HTTP/1.1\r\nHost: t\r\n\r\n"


class Slow:
    """An engine that, during one request, waits until further connections are queued."""

    def __init__(self) -> None:
        self.engine = FakeTinker()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def handle(self, request: Request) -> Reply | TransportFault:
        if request.path.endswith("healthz"):
            self.asked.set()
            assert self.go_on.wait(WAIT)
        return self.engine.handle(request)

    @contextmanager
    def others_at_the_door(self, server: FakeTinkerServer) -> Iterator[list[socket.socket]]:
        """Connections that the server accepts together with what happens in the block."""
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout=WAIT) as first:
            first.sendall(b"GET /api/v1/healthz HTTP/1.1\r\nHost: t\r\n\r\n")
            assert self.asked.wait(WAIT)
            others = [socket.create_connection(address, timeout=WAIT) for _ in range(5)]
            try:
                yield others
            finally:
                self.go_on.set()
                for other in others:
                    other.close()


def test_who_comes_while_the_server_stops_is_closed() -> None:
    slow = Slow()
    server = FakeTinkerServer(slow)
    server.start()
    with slow.others_at_the_door(server) as others:
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        # The stop is told to the loop before anybody is let in; both happen in its next turn.
        stopping.join(0.05)
        slow.go_on.set()
        stopping.join(WAIT)
        assert not stopping.is_alive()
        for other in others:
            assert _ended(other)
    gc.collect()  # what was left open would warn here, and warnings are errors


def test_who_comes_while_the_server_begins_to_refuse_is_served() -> None:
    slow = Slow()
    slow.engine.add_script(script(refuse(0.01), complete()), name="mine")
    slow.engine.handle(Request("POST", "/api/v1/asample", body=b"{}"))
    with (
        FakeTinkerServer(slow) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as poll,
    ):
        poll.sendall(NOTHING)
        assert poll.recv(4096).startswith(b"HTTP/1.1 404 ")
        with slow.others_at_the_door(server) as others:
            for other in others:
                other.sendall(NOTHING)
            # What is ready first is done first: the others are accepted, then this is answered.
            body = b'{"request_id":"mine"}'
            head = b"POST /api/v1/retrieve_future HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n"
            poll.sendall(head % len(body) + body)
            slow.go_on.set()
            assert poll.recv(4096) == b""
            for other in others:
                assert other.recv(4096).startswith(b"HTTP/1.1 404 ")
    gc.collect()


class Full(socket.socket):
    """A listening socket of a process without a free file descriptor, twice."""

    refusals = 2

    def accept(self) -> tuple[Self, object]:  # type: ignore[override]
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "no descriptor is left")
        return super().accept()  # type: ignore[return-value]


def test_a_full_server_lets_in_who_waits_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_socket, "FULL_SECONDS", 0.001)
    made: list[asyncio.BaseTransport] = []

    async def waited() -> int:
        loop = asyncio.get_running_loop()
        entered = loop.create_future()

        class Guest(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                made.append(transport)
                entered.set_result(None)

        listening = Full(fileno=_listening().detach())
        door = ListeningSocket(Guest, listening, _unused, 5)
        door.open()
        with socket.create_connection(listening.getsockname(), timeout=WAIT):
            await asyncio.wait_for(entered, WAIT)
            await door.close()
            made[0].close()
            await asyncio.sleep(0)
        return listening.refusals

    assert asyncio.run(waited()) == 0
    assert len(made) == 1


@pytest.mark.parametrize("turns", range(6))
def test_it_can_close_in_any_turn_of_the_loop_while_it_opens_again(turns: int) -> None:
    made = [_listening()]
    reports: list[object] = []

    def listen(port: int) -> socket.socket:
        made.append(_listening(port))
        return made[-1]

    async def closed_after_turns() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
        door = ListeningSocket(asyncio.Protocol, made[0], listen, backlog=1)
        door.open()
        door.refuse(0.0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await door.close()
        await asyncio.sleep(0)

    asyncio.run(closed_after_turns())
    assert {sock.fileno() for sock in made} == {-1}
    assert not reports


def _listening(port: int = 0) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(5)
    return listening


def _unused(port: int) -> socket.socket:
    raise AssertionError(f"port {port} was never refused")


def _ended(client: socket.socket) -> bool:
    """Whether the server ended the connection, with whatever it said before."""
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True
