"""The cost of a poll by the number of scripted futures."""

from __future__ import annotations

import time
from itertools import cycle, islice
from typing import Final

from benchmarks.table import Section, Target
from benchmarks.workload import PAUSED, body_of, future_name, heads
from fake_server import FakeTinker, Request
from fake_server.http.http_protocol import HttpProtocol
from fake_server.http.open_connections import Connections
from fake_server.script import script, timeout

_POLLED: Final = 100
"""Futures that are polled in turn, spread over all of them: their number shall not matter, nor the cache."""


class _Nowhere:
    def write(self, data: bytes) -> None:
        pass


def measured(*, sizes: tuple[int, ...], polls: int, rounds: int) -> Section:
    """Microseconds a poll at each number of futures."""
    feeds = {size: (_connection(size), _messages(size, polls)) for size in sizes}
    found = dict.fromkeys(sizes, float("inf"))
    for _ in range(rounds):
        for size, (connection, messages) in feeds.items():
            start = time.process_time()
            for message in messages:
                connection.data_received(message)
            found[size] = min(found[size], (time.process_time() - start) / polls * 1e6)
    rows = [(f"{size:,}", f"{took:.2f}") for size, took in found.items()]
    about = (
        "Parser, engine and journal, without a socket; the fastest of many rounds taken in turns. "
        f"At most {_POLLED} of the futures are polled, spread evenly."
    )
    ratio = max(found.values()) / min(found.values())
    counts = ", ".join(f"{size:,}" for size in sizes)
    target = Target(f"the dearest poll beside the cheapest, at {counts} futures", ratio, 1.1, "times")
    return Section("Flat", about, ("scripted futures", "µs a poll"), rows, [target])


def _connection(futures: int) -> HttpProtocol:
    engine = FakeTinker()
    steps = script().then(timeout(PAUSED)).exhausted("repeat").build()
    for number in range(futures):
        engine.add_script(steps, name=future_name(number))
        engine.handle(Request("POST", "/api/v1/asample", body=b'{"num_samples":1}'))
    engine.journal.clear()
    protocol = HttpProtocol(engine.handle, Connections())
    protocol._transport = _Nowhere()  # type: ignore[assignment] # noqa: SLF001 - no socket, no asyncio
    return protocol


def _messages(futures: int, polls: int) -> list[bytes]:
    before, after = heads()[1]
    chosen = [number * futures // _POLLED for number in range(_POLLED)]
    names = islice(cycle(chosen), polls)
    return [b"%b%08x%b%b" % (before, key, after, body_of(future_name(n))) for key, n in enumerate(names)]
