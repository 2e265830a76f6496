"""One soak: the server in a process of its own, the clients in this one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import IO, Any, Final

from benchmarks.soak.clients import Clients
from benchmarks.soak.measures import ServerCounts, Soak, Usage
from benchmarks.soak.plan import Plan

CONNECTIONS: Final = 64
JOURNAL_LIMIT: Final = 5_000
_TENTHS: Final = 10
_CLOSED_SECONDS: Final = 5.0


def soaked(plan: Plan, *, connections: int = CONNECTIONS, journal_limit: int = JOURNAL_LIMIT) -> Soak:
    """Runs a soak to its end; judges nothing.

    Args:
        plan: What happens.
        connections: How many clients live futures at a time, each on a connection.
        journal_limit: How many exchanges the server's journal keeps.
    """
    numbers = (plan.seed, plan.futures, plan.seconds, journal_limit)
    command = [sys.executable, "-m", "benchmarks.soak.server", *map(str, numbers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            return _measured(plan, connections, _Line(process.stdin, process.stdout))
        finally:
            process.kill()


class _Line:
    """Asks the server's process on its standard input."""

    def __init__(self, commands: IO[str], out: IO[str]) -> None:
        self._commands, self._out = commands, out
        self.port: int = self._received()["port"]

    def usage(self) -> Usage:
        return Usage(**self._asked("usage")["usage"])

    def cpu(self) -> float:
        return float(self._asked("usage")["cpu"])

    def counts(self) -> ServerCounts:
        found = self._asked("counts")
        statuses = {int(status): count for status, count in found["statuses"].items()}
        return ServerCounts(**{**found, "statuses": statuses})

    def _asked(self, what: str) -> dict[str, Any]:
        self._commands.write(f"{what}\n")
        self._commands.flush()
        return self._received()

    def _received(self) -> dict[str, Any]:
        line = self._out.readline()
        if not line:
            raise RuntimeError("the server of the soak has ended; its error is above")
        found: dict[str, Any] = json.loads(line)
        return found


def _measured(plan: Plan, connections: int, line: _Line) -> Soak:
    before, cpu = line.usage(), line.cpu()
    along: list[Usage] = []

    def answered(count: int) -> None:
        if count * _TENTHS // plan.futures > len(along):
            along.append(line.usage())

    clients = Clients(plan, line.port, answered)
    began = time.perf_counter()
    asyncio.run(clients.run(connections))
    real = time.perf_counter() - began
    return Soak(
        plan=plan,
        connections=connections,
        real=real,
        cpu=line.cpu() - cpu,
        seen=clients.seen(),
        counts=line.counts(),
        before=before,
        along=tuple(along) or (line.usage(),),
        after=_closed(line, before),
    )


def _closed(line: _Line, before: Usage) -> Usage:
    """The server once it has noticed that every connection was closed, or has had time to."""
    end = time.monotonic() + _CLOSED_SECONDS
    while (found := line.usage()).descriptors != before.descriptors and time.monotonic() < end:
        time.sleep(0.01)
    return found
