"""A thousand futures in flight together: the kit mixes up none of them, in process and over sockets."""

from __future__ import annotations

import http.client
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from urllib.parse import urlsplit

import pytest

from fake_server import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from fake_server.script import complete, script, timeout, try_again
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario, decode_scenario
from tinker_conformance.sdk.in_process.worker_session import WorkerSession
from tinker_conformance.sdk.session import Run
from tinker_conformance.timeline import Callback, Log, Outcome, OutcomeKind, Request, Response, Timeline

FUTURES = 1_000
FEW = 300
"""What `make test` has in flight."""
THREADS = 20
PROFILE = load_profile("tinker-0.5.1")


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[int, int], Run]]:
    """Runs the reference with a number of clients and futures, once each."""
    command = [sys.executable, "-m", "tinker_conformance.sdk.in_process.worker", "reference"]
    session = WorkerSession("reference", command, scenario_seconds=600)
    yield cache(lambda clients, futures: session.run(_scenario(clients, futures), PROFILE))
    session.close()


def _scenario(clients: int, futures: int) -> Scenario:
    """Futures that each have as many pauses as its number says: none, one or two."""
    names = [f"client-{number}" for number in range(clients)]
    pause = {"timeout": {"queue_state": "paused_capacity"}}
    return decode_scenario(
        {
            "id": f"stress-{clients}-{futures}",
            "concurrent": True,
            "clients": {name: {"kind": "sampling", "id": f"sampler-{name}"} for name in names},
            "futures": [
                {"client": names[number % clients], "steps": [pause] * (number % 3) + [{"complete": {}}]}
                for number in range(futures)
            ],
        },
        "stress",
    )


def _lines(timeline: Timeline) -> list[str]:
    return [event.message for event in timeline if isinstance(event, Log) and "paused" in event.message]


@pytest.mark.parametrize(
    ("clients", "futures"), [(1, FEW), pytest.param(20, FUTURES, marks=pytest.mark.nightly)]
)
def test_the_futures_of_some_clients_are_kept_apart(
    run: Callable[[int, int], Run], clients: int, futures: int
) -> None:
    timeline, fault = run(clients, futures).timeline, run(clients, futures).fault
    assert fault is None
    expected = {number: number_of % 3 for number, number_of in enumerate(range(futures), 1)}
    polls = Counter(e.future for e in timeline if isinstance(e, Request) and e.iteration is not None)
    replies = Counter(e.future for e in timeline if isinstance(e, Response))
    callbacks = Counter(e.future for e in timeline if isinstance(e, Callback))
    ends = {e.future: e.kind for e in timeline if isinstance(e, Outcome)}
    assert polls == replies == {number: pauses + 1 for number, pauses in expected.items()}
    assert callbacks == {number: pauses for number, pauses in expected.items() if pauses}
    assert ends == dict.fromkeys(expected, OutcomeKind.RESULT)
    assert Counter(_lines(timeline)) == {
        f"Sampling is paused for sampler sampler-client-{number}. Reason: out of capacity": 1
        for number in range(clients)
    }


def test_the_futures_were_in_flight_together(run: Callable[[int, int], Run]) -> None:
    timeline = run(1, FEW).timeline
    first_end = next(place for place, event in enumerate(timeline) if isinstance(event, Outcome))
    begun = {event.future for event in timeline[:first_end] if isinstance(event, Request)}
    assert len(begun) > FEW / 2


def test_a_thousand_futures_polled_by_twenty_threads_get_each_its_own_replies() -> None:
    engine = FakeTinker()
    for number in range(FUTURES):
        steps = script()
        for _ in range(number % 3):
            steps = steps.then(timeout(queue_state="paused_capacity"))
        engine.add_script(steps.then(try_again(future=number)).then(complete()), name=f"f-{number}")
    everything_is_submitted = threading.Barrier(THREADS)

    def live(address: tuple[str, int]) -> list[tuple[list[int], int]]:
        connection = http.client.HTTPConnection(*address, timeout=60)

        def post(path: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())

        sample: dict[str, object] = {"num_samples": 1, "sampling_session_id": "s", "prompt": {"chunks": []}}
        futures = [post("/api/v1/asample", sample)[1]["request_id"] for _ in range(FUTURES // THREADS)]
        everything_is_submitted.wait(60)
        polled: dict[object, tuple[list[int], int]] = {future: ([], -1) for future in futures}
        waiting = futures
        while waiting:
            going_on = []
            for future in waiting:
                statuses, mark = polled[future]
                status, body = post("/api/v1/retrieve_future", {"request_id": future})
                seen = body.get("future", mark)
                assert isinstance(seen, int)
                polled[future] = ([*statuses, status], seen)
                if status != 200 or body.get("type") == "try_again":
                    going_on.append(future)
            waiting = going_on
        connection.close()
        return list(polled.values())

    with FakeTinkerServer(engine) as server, ThreadPoolExecutor(THREADS) as threads:
        url = urlsplit(server.url)
        address = (str(url.hostname), int(url.port or 0))
        lives = [life for thread in threads.map(live, [address] * THREADS) for life in thread]
    engine.verify()
    assert sorted(mark for _, mark in lives) == list(range(FUTURES))
    assert all(statuses == [408] * (mark % 3) + [200, 200] for statuses, mark in lives)
