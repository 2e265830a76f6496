"""In-process transports beside respx and httpx's own mocks: microseconds a poll, client included.

The same client, the same bodies; each back end plays the script of five replies.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import httpx
import respx

from benchmarks.table import Section, Target
from benchmarks.workload import PATH, PAUSED, PAUSED_BODY, POLLS, RESULT_BODY, future_name, try_again_body
from fake_server import FakeTinker, FakeTinkerTransport, Request, Script, mounted
from fake_server.script import complete, script, timeout, try_again

_URL: Final = "http://tinker.test"
_JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class BackEnd:
    """What answers a client: a transport, or a context in which any client is answered."""

    name: str
    transport: httpx.MockTransport | FakeTinkerTransport | None = None
    context: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext


def _replies(name: str) -> Iterator[httpx.Response]:
    bodies = [(408, PAUSED_BODY)] * 3 + [(200, try_again_body(name)), (200, RESULT_BODY)]
    return (httpx.Response(status, content=body, headers=_JSON) for status, body in bodies)


def script_of_five() -> Script:
    """The script that every back end plays."""
    return script().then(timeout(PAUSED)).times(3).then(try_again(PAUSED), complete()).build()


def engine_with(futures: int) -> FakeTinker:
    """An engine whose futures have been submitted."""
    engine, steps = FakeTinker(), script_of_five()
    for number in range(futures):
        engine.add_script(steps, name=future_name(number))
        engine.handle(Request("POST", "/api/v1/asample", body=b'{"num_samples":1}'))
    engine.journal.clear()
    return engine


@contextlib.contextmanager
def _respx_list(requests: int) -> Iterator[None]:
    replies = [reply for n in range(requests // POLLS) for reply in _replies(future_name(n))]
    with respx.mock(using="httpx", assert_all_called=False) as router:
        router.post(f"{_URL}{PATH}").side_effect = replies
        yield


def _mock_transport() -> httpx.MockTransport:
    polls: dict[str, int] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        name = json.loads(request.content)["request_id"]
        count = polls[name] = polls.get(name, 0) + 1
        return next(itertools.islice(_replies(name), count - 1, None))

    return httpx.MockTransport(answer)


def _constant_transport() -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(408, content=PAUSED_BODY, headers=_JSON))


def _back_ends(requests: int) -> list[BackEnd]:
    futures = requests // POLLS
    return [
        BackEnd("MockTransport", _constant_transport()),
        BackEnd("MockTransport, with a script", _mock_transport()),
        BackEnd("fake_server as a transport", FakeTinkerTransport(engine_with(futures))),
        BackEnd("respx, list", context=lambda: _respx_list(requests)),
        _on_respx(engine_with(futures)),
    ]


def _on_respx(engine: FakeTinker) -> BackEnd:
    return BackEnd("fake_server on respx", context=lambda: mounted(engine, _URL))


def _bodies(requests: int, first: int) -> list[dict[str, object]]:
    return [
        {"request_id": future_name(first + number // POLLS), "allow_metadata_only": True}
        for number in range(requests)
    ]


def sync_poll(back_end: BackEnd, requests: int, first: int = 0) -> float:
    """Microseconds a poll of a synchronous client."""
    with back_end.context(), httpx.Client(base_url=_URL, transport=back_end.transport) as client:
        bodies = _bodies(requests, first)
        gc.collect()
        start = time.process_time()
        for body in bodies:
            client.post(PATH, json=body)
        return (time.process_time() - start) / requests * 1e6


def async_poll(back_end: BackEnd, requests: int, first: int = 0) -> float:
    """Microseconds a poll of an asynchronous client."""

    async def polls() -> float:
        async with httpx.AsyncClient(base_url=_URL, transport=back_end.transport) as client:
            bodies = _bodies(requests, first)
            gc.collect()
            start = time.process_time()
            for body in bodies:
                await client.post(PATH, json=body)
            return (time.process_time() - start) / requests * 1e6

    with back_end.context():
        return asyncio.run(polls())


def measured(*, requests: int, rounds: int, futures: int) -> Section:
    """Every back end, and ours beside very many futures.

    Args:
        requests: Of one turn of one back end.
        rounds: Turns of each.
        futures: How many are very many; at least twice ``requests * rounds / POLLS``.
    """
    found: dict[tuple[str, str], float] = {}
    full = _on_respx(engine_with(futures))
    turns = itertools.count(step=requests // POLLS)
    for _ in range(rounds):
        for kind, poll in _KINDS.items():
            taken = [(back_end.name, poll(back_end, requests, 0)) for back_end in _back_ends(requests)]
            taken.append((f"fake_server on respx, {futures:,} futures", poll(full, requests, next(turns))))
            for name, took in taken:
                found[name, kind] = min(took, found.get((name, kind), took))
    names = tuple(dict.fromkeys(name for name, _ in found))
    rows = [(name, *(f"{found[name, kind]:.0f}" for kind in _KINDS)) for name in names]
    targets = [
        Target(f"{ours} beside {peer}, {kind}", found[ours, kind] / found[peer, kind], 1.15, "times")
        for ours, peer in (
            ("fake_server on respx", "respx, list"),
            (names[-1], "respx, list"),
            ("fake_server as a transport", "MockTransport"),
        )
        for kind in _KINDS
    ]
    about = (
        "Microseconds of processor time a poll, the client's own included; the fastest of many rounds taken "
        "in turns. MockTransport's function answers with a constant; with a script it does what ours does."
    )
    return Section("In process", about, ("back end", *_KINDS), rows, targets)


_KINDS: Final = {"sync": sync_poll, "async": async_poll}
