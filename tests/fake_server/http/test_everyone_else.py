"""A server on a real socket serves everyone else while hostile clients are at it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from fake_server import FakeTinker, FakeTinkerServer
from fake_server.core.http_messages import Reply, Request
from fake_server.http_limits import Limits

WAIT = 5.0
LAST = b"GET /api/v1/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\n"
FLOODS = {
    "idle": b"",
    "half a head": POST + b"X: ",
    "half a body": POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 10_000,
    "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1_000,
    "refused": b"nonsense\r\n",
    "tls": b"\x16\x03\x01",
    "large head": POST + b"X: " + b"x" * 100_000,
    "unread": b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 100,
}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeTinkerServer]:
    with FakeTinkerServer(FakeTinker()) as served:
        yield served


def is_served(server: FakeTinkerServer) -> bool:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
        sock.sendall(LAST)
        answer = b""
        while piece := sock.recv(65_536):
            answer += piece
    return answer.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("flood", FLOODS)
def test_they_are_served(server: FakeTinkerServer, flood: str) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=WAIT))
            with suppress(ConnectionError):
                sock.sendall(FLOODS[flood])
        for _ in range(3):
            assert is_served(server)
    assert is_served(server)


def test_a_flood_of_refused_bodies_leaves_no_bytes_behind() -> None:
    server = FakeTinkerServer(FakeTinker(), limits=Limits(body=50_000, unfinished=200_000))
    with server:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
                sock.sendall(
                    POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n%b\r\n" % (b"x" * 0x400) * 48
                )
                sock.sendall(b"800\r\n" + b"x" * 0x800)
                assert sock.recv(20).startswith(b"HTTP/1.1 413")
        assert is_served(server)
        assert server._connections.unfinished == 0


# Run in a process of its own, since the number of files that may be open is the process's.
EXHAUSTED = """
import logging, resource, socket, sys, threading, time
from fake_server import FakeTinker, FakeTinkerServer

logging.disable()
with FakeTinkerServer(FakeTinker()) as server:
    def served():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
            sock.sendall(b"GET /api/v1/healthz HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
            return sock.recv(15)
    assert served() == b"HTTP/1.1 200 OK"
    clients = [socket.socket() for _ in range(60)]
    free = socket.socket()
    used = free.fileno() + 1
    free.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 30, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for client in clients:
        client.connect(("127.0.0.1", server.port))
    before = time.process_time()
    time.sleep(0.3)
    spent = time.process_time() - before
    assert spent < 0.15, f"it spins: {spent} s"
    early = clients[0]
    early.sendall(b"GET /api/v1/healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    early.settimeout(10)
    assert early.recv(15) == b"HTTP/1.1 200 OK", "a connection that is open is served no more"
    for client in clients:
        client.close()
    assert served() == b"HTTP/1.1 200 OK", "it does not accept again"
print("served again")
"""


def test_it_serves_again_after_all_files_were_used_up() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXHAUSTED], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("served again\n", 0), done.stderr


def test_a_large_body_is_held_once_or_twice_and_given_back() -> None:
    sizes: list[int] = []

    class Sizes:
        def handle(self, request: Request) -> Reply:
            sizes.append(len(request.body))
            return Reply(200)

    with FakeTinkerServer(Sizes()) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
            sock.sendall(POST + b"Content-Length: 60000000\r\nConnection: close\r\n\r\n")
            for _ in range(600):
                sock.sendall(b"x" * 100_000)
            assert sock.recv(15) == b"HTTP/1.1 200 OK"
        assert is_served_plainly(server)
        assert sizes == [60_000_000, 0]
        assert server._connections.unfinished == 0


def is_served_plainly(server: FakeTinkerServer) -> bool:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as sock:
        sock.sendall(LAST)
        return sock.recv(15) == b"HTTP/1.1 200 OK"
