"""A server in a process of its own, what it used, and the load on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from benchmarks.workload import POLLS


@dataclass(frozen=True, slots=True)
class Load:
    """The measurements of one load on a server.

    Attributes:
        rate: Requests a second.
        cpu: Processor time of the server, user and system, in microseconds a request.
        p99: The slowest hundredth of the replies took longer, in milliseconds.
        memory: Resident bytes of the server afterwards.
    """

    rate: float
    cpu: float
    p99: float
    memory: int


class ServerProcess:
    """A running server.

    Attributes:
        started: What it said when it was ready; ``port`` at least.
    """

    def __init__(self, process: subprocess.Popen[str], out: IO[str], commands: IO[str]) -> None:
        """Waits until the server is ready.

        Raises:
            RuntimeError: It ended before that.
        """
        self._process = process
        self._out, self._commands = out, commands
        self._polled = 0
        ready = out.readline()
        if not ready:
            raise RuntimeError("the server ended before it was ready; its standard error, above, says why")
        self.started: dict[str, Any] = json.loads(ready)

    def load(self, connections: int, requests: int) -> Load:
        """Polls futures that nobody has polled, and says what that took."""
        first, self._polled = self._polled, self._polled + requests // POLLS + connections + 1
        before = self.usage()
        command = [sys.executable, "-m", "benchmarks.load"]
        numbers = (self.started["port"], connections, requests, first)
        run = subprocess.run(
            [*command, *map(str, numbers)], stdout=subprocess.PIPE, text=True, check=True, timeout=300
        )
        after, found = self.usage(), json.loads(run.stdout)
        return Load(
            rate=found["requests"] / found["seconds"],
            cpu=(after["cpu"] - before["cpu"]) / found["requests"] * 1e6,
            p99=found["p99"],
            memory=int(after["memory"]),
        )

    def usage(self) -> dict[str, float]:
        """Processor seconds and resident bytes, as the process itself sees them."""
        self._commands.write("\n")
        self._commands.flush()
        found: dict[str, float] = json.loads(self._out.readline())
        return found


@contextmanager
def served(name: str, futures: int) -> Iterator[ServerProcess]:
    """One of ``benchmarks.peers`` in a process of its own, with so many futures to be polled."""
    command = [sys.executable, "-m", "benchmarks.peers", name, str(futures)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield ServerProcess(process, process.stdout, process.stdin)
        finally:
            process.kill()
