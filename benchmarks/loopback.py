"""Servers on a loopback socket, each in a process of its own, under the same load in turns.

A server is judged by its own processor time a request: the fewest microseconds of any round, since what
disturbs it only ever adds. So with p99.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from benchmarks.processes import Load, ServerProcess, served
from benchmarks.table import Section, Target
from benchmarks.workload import POLLS

CONNECTIONS: Final = (1, 32, 256)
_NEEDS: Final = {
    "uvicorn": ("uvicorn", "uvloop"),
    "aiohttp": ("aiohttp",),
    "pytest-httpserver": ("pytest_httpserver",),
}
_SERVERS: Final = (
    "limit",
    "fake_server",
    "fake_server, no journal",
    "uvicorn",
    "aiohttp",
    "pytest-httpserver",
)
_SLOW: Final = {"pytest-httpserver": 10}
"""By how much the load is cut for servers that would take minutes."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best of several loads, figure by figure."""

    rate: float
    cpu: float
    p99: float
    memory: int


def measured(*, requests: int, rounds: int, million: int) -> Section:
    """Loads every server that is installed.

    Args:
        requests: Of one load, but for slow servers.
        rounds: Loads at each number of connections.
        million: Requests of the run that shows what a full journal takes.
    """
    missing = [name for name, modules in _NEEDS.items() if not all(map(find_spec, modules))]
    found: dict[tuple[str, int], Best] = {}
    futures = len(CONNECTIONS) * rounds * (requests // POLLS + max(CONNECTIONS) + 1)
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(served(name, futures)) for name in _SERVERS if name not in missing
        }
        for connections in CONNECTIONS:
            for name, loads in _loaded(servers, connections, requests, rounds).items():
                found[name, connections] = _best(loads)
    rows = [
        (
            *(name, str(connections), f"{best.rate:,.0f}", f"{best.cpu:.1f}", f"{best.p99:.2f}"),
            f"{best.memory / 1e6:.0f}",
        )
        for (name, connections), best in found.items()
    ]
    rows += [(name, "", "not installed", "", "", "") for name in missing]
    about = (
        "A future is polled five times (408 three times, `try_again`, result), with the 22 header lines of "
        "`tinker` 0.38.0, by one closed-loop load generator that never sleeps. The limit is httptools, a "
        "dictionary and one write on `asyncio.Protocol`, without journal, checks of the head or scripts. "
        f"{_memory(million)}"
    )
    header = ("server", "connections", "requests/s", "server CPU µs a request", "p99 ms", "memory MB")
    return Section("Loopback", about, header, rows, _targets(found))


def _loaded(
    servers: Mapping[str, ServerProcess], connections: int, requests: int, rounds: int
) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, server in servers.items():
            asked = max(requests // _SLOW.get(name, 1), 2 * connections)
            loads[name].append(server.load(connections, asked))
    return loads


def _best(loads: list[Load]) -> Best:
    return Best(
        rate=max(load.rate for load in loads),
        cpu=min(load.cpu for load in loads),
        p99=min(load.p99 for load in loads),
        memory=max(load.memory for load in loads),
    )


def _targets(found: Mapping[tuple[str, int], Best]) -> list[Target]:
    def cpu(name: str) -> float | None:
        best = found.get((name, 32))
        return None if best is None else best.cpu / found["fake_server", 32].cpu

    absent = "not installed here; `make bench` installs it"
    peers = [
        Target(f"times the speed of {peer}", cpu(peer), bound, "times", at_least=True, note=absent)
        for peer, bound in (("pytest-httpserver", 15), ("uvicorn", 2))
    ]
    ours, limit = found["fake_server", 32], found["limit", 32]
    return [
        *peers,
        Target("part of the limit's speed", cpu("limit"), 0.8, "times", at_least=True),
        Target("p99 beside the limit's", ours.p99 / limit.p99, 2, "times"),
    ]


def _memory(requests: int) -> str:
    with served("fake_server", requests // POLLS + 100) as server:
        before = int(server.usage()["memory"])
        half = server.load(32, requests // 2).memory
        full = server.load(32, requests // 2).memory
        futures = server.started["bytes_per_future"]
    return (
        f"Memory after {requests:,} requests, the journal at its default limit of 100,000 exchanges: "
        f"{full / 1e6:.0f} MB, after half as many {half / 1e6:.0f} MB, before the first "
        f"{before / 1e6:.0f} MB. Each of the {requests // POLLS:,} scripted futures takes {futures:,.0f} "
        "bytes, submitted, its request included."
    )
