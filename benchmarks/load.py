"""The load generator: one process, the same for every server; keep-alive, closed loop.

Each connection takes a future that nobody has polled, polls it to its end, and takes the next; where the
server ends a connection, it reconnects. It speaks in bytes on plain sockets and never sleeps: a server does
not pay for waking it. Prints one JSON object.

    python -m benchmarks.load PORT CONNECTIONS REQUESTS FIRST_FUTURE
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from array import array
from collections.abc import Iterator
from itertools import count

from benchmarks.workload import POLLS, STATUSES, body_of, future_name, heads

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close\r", re.IGNORECASE)
_EXPECTED = tuple(str(status).encode() for status in STATUSES)


class Connection:
    """One connection, with at most one request in flight."""

    __slots__ = ("body", "ended", "poll", "port", "received", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.port = port
        self.ended = False
        self.connect()
        self.poll = POLLS
        self.body = b""
        self.received = b""
        self.sent = 0.0

    def connect(self) -> None:
        """Connect, or reconnect."""
        self.ended = False
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, halves: tuple[tuple[bytes, bytes], ...], names: Iterator[int], key: int) -> None:
        """Sends the next poll."""
        if self.poll == POLLS:
            self.poll = 0
            self.body = body_of(future_name(next(names)))
        before, after = halves[self.poll]
        self.sent = time.perf_counter()
        self.socket.send(b"%b%08x%b%b" % (before, key, after, self.body))

    def receive(self) -> bool:
        """Reads; whether the reply is whole.

        Raises:
            SystemExit: It is not the reply that the script has next.
        """
        data = self.socket.recv(65_536)
        if self.received:
            data = self.received + data
        end = data.find(b"\r\n\r\n")
        found = _LENGTH.search(data, 0, end + 2) if end > 0 else None
        if found is None or len(data) < end + 4 + int(found[1]):
            if not data or (end > 0 and found is None):
                sys.exit(f"no framed reply: {data!r}")
            self.received = data
            return False
        self.received = b""
        if data[9:12] != _EXPECTED[self.poll]:
            sys.exit(f"poll {self.poll} of {self.body!r} got {data!r}")
        self.poll += 1
        self.ended = _CLOSE.search(data, 0, end + 2) is not None
        return True


def run(port: int, connections: int, requests: int, first: int) -> dict[str, float]:
    """Asks ``requests`` times, and says how long it took in seconds, with percentiles in milliseconds."""
    names, halves = count(first), heads()
    clients = {client.socket.fileno(): client for client in (Connection(port) for _ in range(connections))}
    poll = select.epoll()
    for number in clients:
        poll.register(number, select.EPOLLIN)
    latencies = array("d")
    key = 0
    start = time.perf_counter()
    for client in clients.values():
        client.ask(halves, names, key := key + 1)
    left = requests - connections
    waiting = connections
    while waiting:
        for number, _ in poll.poll(0):
            client = clients[number]
            if not client.receive():
                continue
            latencies.append(time.perf_counter() - client.sent)
            if left > 0:
                left -= 1
                if client.ended:
                    poll.unregister(number)
                    del clients[number]
                    client.socket.close()
                    client.connect()
                    clients[client.socket.fileno()] = client
                    poll.register(client.socket.fileno(), select.EPOLLIN)
                client.ask(halves, names, key := key + 1)
            else:
                waiting -= 1
                poll.unregister(number)
    seconds = time.perf_counter() - start
    for client in clients.values():
        client.socket.close()
    ordered = sorted(latencies)
    return {
        "requests": len(ordered),
        "seconds": seconds,
        "p50": ordered[len(ordered) // 2] * 1e3,
        "p99": ordered[len(ordered) * 99 // 100] * 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(run(*(int(word) for word in sys.argv[1:5]))))
