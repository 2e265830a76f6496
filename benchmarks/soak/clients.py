"""The clients of a soak: each runs one future after another, and retries after every fault.

Their waits are virtual, as the server's hour is: a ``retry-after`` or a back-off costs them no real time.
"""

from __future__ import annotations

import asyncio
import json
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urljoin

from benchmarks.soak.http import Broken, Connection, Received
from benchmarks.soak.measures import Seen
from benchmarks.soak.plan import KINDS, RULED_ONE_IN, RULED_REQUEST, Plan, scripted_number
from fake_server.core.http_messages import Reply, Request
from fake_server.engine.tinker_api import POLL_PATH, FakeTinker
from fake_server.operations import API_PREFIX, Operation

FUTURE_SECONDS: Final = 60.0
"""How long, in real time, a future may take."""
_WRONG: Final = 20
_AGAIN: Final = frozenset({408, 429, 500, 502, 503})
_SESSION: Final = b'{"tags":["soak"],"user_metadata":{},"sdk_version":"soak"}'


class Clients:
    """All clients of one soak, and what they have seen."""

    def __init__(
        self, plan: Plan, port: int, answered: Callable[[int], None], patience: float = FUTURE_SECONDS
    ) -> None:
        """Has seen nothing yet.

        Args:
            plan: What the server plays.
            port: Where it listens.
            answered: ServerCounts how many futures have ended, after each.
            patience: Seconds of real time that a future may take.
        """
        self._patience = patience
        self._plan = plan
        self._port = port
        self._answered = answered
        self._tickets: Iterator[tuple[str, bytes, int | None]] = _tickets(plan)
        self._ruled_answer = (200, sample_of(plan.seed))
        self._answers: Counter[str] = Counter()
        self._ended = self._broken = self._submissions = 0
        self._wrong: list[str] = []
        self._statuses: Counter[int] = Counter()
        self._latencies = array("d")

    async def run(self, connections: int) -> None:
        """Lives all futures, so many at a time."""
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._client())

    def seen(self) -> Seen:
        """What came."""
        ordered = sorted(self._latencies) or [0.0]
        return Seen(
            answers=dict(self._answers),
            wrong=tuple(self._wrong),
            statuses=dict(self._statuses),
            broken=self._broken,
            submissions=self._submissions,
            p50=ordered[len(ordered) // 2] * 1e3,
            p99=ordered[len(ordered) * 99 // 100] * 1e3,
        )

    async def _client(self) -> None:
        connection = Connection(self._port)
        try:
            async with asyncio.timeout(self._patience):
                await self._whole(connection, f"{API_PREFIX}create_session", _SESSION)
            for path, body, group in self._tickets:
                async with asyncio.timeout(self._patience):
                    await self._live(connection, path, body, group)
                self._ended += 1
                self._answered(self._ended)
        except TimeoutError:
            self._note(f"a client got no further within {self._patience} s of real time, and gave up")
        finally:
            connection.close()

    async def _live(self, connection: Connection, path: str, body: bytes, group: int | None) -> None:
        name, poll = await self._submit(connection, path, body, group)
        where = POLL_PATH
        while True:
            received = await self._whole(connection, where, poll)
            where = POLL_PATH
            if received.status == 410:
                name, poll = await self._submit(connection, path, body, group)
            elif received.status == 307:
                where = urljoin(where, received.location)
            elif received.status not in _AGAIN and not received.body.startswith(b'{"type":"try_again"'):
                self._end(name, received)
                return

    async def _submit(
        self, connection: Connection, path: str, body: bytes, group: int | None
    ) -> tuple[str, bytes]:
        received = await self._whole(connection, path, body)
        self._submissions += 1
        request_id = json.loads(received.body).get("request_id", "")
        name = request_id.partition("~")[0]
        number = scripted_number(name) if name else None
        # After a 410 whoever submits next goes on with the future: its kind is what must be right.
        wanted = None if group is None else self._plan.kind(group)
        if not name or (None if number is None else self._plan.kind(number)) != wanted:
            self._note(f"a submission of {wanted or 'a sample'} got {received.body!r}")
        return name, json.dumps({"request_id": request_id}).encode()

    async def _whole(self, connection: Connection, path: str, body: bytes) -> Received:
        while True:
            began = time.perf_counter()
            try:
                received = await connection.ask(path, body)
            except Broken:
                self._broken += 1
                continue
            self._latencies.append(time.perf_counter() - began)
            self._statuses[received.status] += 1
            return received

    def _end(self, name: str, received: Received) -> None:
        self._answers[name] += 1
        number = scripted_number(name)
        wanted = self._ruled_answer if number is None else self._plan.answer(number)
        if (received.status, received.body) != wanted:
            self._note(f"{name} got {received.status} {received.body!r}, wanted {wanted}")

    def _note(self, text: str) -> None:
        if len(self._wrong) < _WRONG:
            self._wrong.append(text)


def sample_of(seed: int) -> bytes:
    """What every future under a rule ends with: asked of another engine with the same seed."""
    engine = FakeTinker(seed=seed)
    body = json.dumps(RULED_REQUEST).encode()
    submitted = engine.handle(Request("POST", Operation.SAMPLE.path, body=body))
    assert isinstance(submitted, Reply)
    poll = json.dumps({"request_id": json.loads(submitted.body)["request_id"]}).encode()
    answer = engine.handle(Request("POST", POLL_PATH, body=poll))
    assert isinstance(answer, Reply)
    return answer.body


def _tickets(plan: Plan) -> Iterator[tuple[str, bytes, int | None]]:
    """Path, body and number of each submission, those under rules strewn among the others."""
    bodies = {kind: kind.body for kind in KINDS}
    ruled = json.dumps(RULED_REQUEST).encode()
    number = 0
    for place in range(1, plan.futures + 1):
        if place % RULED_ONE_IN == 0:
            yield Operation.SAMPLE.path, ruled, None
        else:
            kind = plan.kind(number)
            yield kind.operation.path, bodies[kind], number
            number += 1
