"""Ten thousand idle connections: what each costs, and that everyone else is served beside them."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Where no process may open so many files there are as many as it may.
COUNT = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)
MOST_BYTES = 6_000
HEAD = """
import gc, json, resource, socket, sys, time
from pathlib import Path

limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
"""
SERVER = """
from fake_server import FakeTinker, FakeTinkerServer

with FakeTinkerServer(FakeTinker()) as server:
    print(server.port, flush=True)
    for line in sys.stdin:
        if line == "stop\\n":
            break
        wanted = int(line)
        end = time.monotonic() + 30
        while len(server._connections) < wanted and time.monotonic() < end:
            time.sleep(0.005)
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        begin = time.process_time()
        server._connections.sweep(time.clock_gettime(time.CLOCK_MONOTONIC))
        swept = time.process_time() - begin
        figures = {"open": len(server._connections), "resident": resident, "swept": swept}
        print(json.dumps(figures), flush=True)
    begin = time.monotonic()
print(time.monotonic() - begin, flush=True)
"""
CLIENTS = """
HEALTH = b"GET /api/v1/healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
address = ("127.0.0.1", int(sys.argv[1]))
idle = []
for number in range(int(sys.argv[2])):
    idle.append(socket.create_connection(address, timeout=30))
    if number % 500 == 499:  # the queue of the listening socket is short
        idle[-1].sendall(HEALTH)
        idle[-1].recv(1_000)
begin = time.monotonic()
for sock in (socket.create_connection(address, timeout=30), idle[0], idle[-1]):
    sock.sendall(HEALTH)
    assert sock.recv(15) == b"HTTP/1.1 200 OK"
print(time.monotonic() - begin, flush=True)
sys.stdin.read()
"""


@contextmanager
def running(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str], line: str = "") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return process.stdout.readline()


def test_each_costs_little_and_everyone_else_is_served() -> None:
    with running(SERVER) as server:
        port = ask(server).strip()
        before = json.loads(ask(server, "0"))
        with running(CLIENTS, port, str(COUNT)) as clients:
            served = float(ask(clients))
            after = json.loads(ask(server, str(COUNT)))
            assert after["open"] >= COUNT
            each = (after["resident"] - before["resident"]) / COUNT
            print(
                f"{COUNT} idle connections: {each:.0f} bytes each, {served * 1000:.0f} ms for three requests,"
            )
            stopped = float(ask(server, "stop"))
            print(f"a sweep {after['swept'] * 1000:.1f} ms, stopped in {stopped * 1000:.0f} ms")
    assert each < MOST_BYTES
    assert served < 5
    assert stopped < 5
