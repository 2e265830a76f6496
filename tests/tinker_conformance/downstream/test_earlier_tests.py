"""A client that one test leaves running does not take the results of the next, nor make it fail."""

from __future__ import annotations

import pytest

from tests.tinker_conformance.downstream.runs import QUIET

CLIENT = """
import asyncio, contextvars, os, threading, time
import httpx
from fake_server.script import complete, script, timeout

CLIENTS = []

class Client:
    def __init__(self):
        self.http = httpx.Client(
            base_url=os.environ["TINKER_BASE_URL"], headers={"X-API-Key": os.environ["TINKER_API_KEY"]}
        )

    def submit(self):
        return self.http.post("/api/v1/asample", json={"num_samples": 1, "sampling_session_id": "sampler-1"})

    def poll(self, future):
        return self.http.post("/api/v1/retrieve_future", json=future)

    def in_the_background(self, path):
        return self.http.post(f"/api/v1/{path}", json={"session_id": "session-1"})

    def sample(self):
        future = self.submit().json()
        while (reply := self.poll(future)).status_code == 408:
            pass
        return reply.status_code
"""

LEFT_BEHIND = """
def test_first(fake_tinker):
    fake_tinker.add_script(script(timeout()).exhausted("repeat"))
    client = Client()
    future = client.submit().json()
    assert client.poll(future).status_code == 408
    CLIENTS.append((client, future))
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(client=CLIENT)
    return pytester


def _run(suite: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    suite.makepyfile(test_it=f"import pytest\nfrom client import *\n{tests}")
    return suite.runpytest_subprocess(*QUIET, "-W", "error", *options, timeout=60)


def test_no_leftover_of_any_kind_reaches_the_next_test(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        LEFT_BEHIND
        + """
CONTEXTS = []

@pytest.fixture(autouse=True)
def context(fake_tinker):
    CONTEXTS.append(contextvars.copy_context())

def started_by_the_first(call, *arguments):
    return CONTEXTS[0].copy().run(call, *arguments)

def in_a_thread(call, *arguments):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call(*arguments)))
    thread.start()
    thread.join()
    return answers[0]

@pytest.mark.parametrize("number", [1, 2])
def test_next(fake_tinker, number):
    future = fake_tinker.add_script(script(timeout(), complete()))
    left, left_future = CLIENTS[0]
    answers = [started_by_the_first(left.submit)]
    own = Client()
    submitted = own.submit().json()
    assert submitted == left_future, "the ids are equal"
    answers.append(started_by_the_first(left.poll, left_future))
    assert own.poll(submitted).status_code == 408
    answers.append(in_a_thread(left.poll, left_future))
    assert own.poll(submitted).status_code == 200
    assert {answer.status_code for answer in answers} == {404}
    for path, ends in {"session_heartbeat": 410, "telemetry": 200, "cancel_future": 200}.items():
        answers.append(in_a_thread(left.in_the_background, path))
        assert answers[-1].status_code == ends
    assert "test_it.py::test_first" in answers[0].json()["error"]
    fake_tinker.assert_polls(future, 2)
    assert len(fake_tinker.leftovers) == len(answers)
    assert {exchange.status for exchange in fake_tinker.journal.exchanges()} == {200, 408}
""",
    )
    result.assert_outcomes(passed=3)


def test_a_client_that_a_test_shares_with_an_earlier_one_is_served(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        LEFT_BEHIND
        + """
def test_next(fake_tinker):
    fake_tinker.add_script(script(timeout(), complete()))
    assert CLIENTS[0][0].sample() == 200
    assert not fake_tinker.leftovers
""",
    )
    result.assert_outcomes(passed=2)


def test_a_failure_names_the_clients_that_disturbed_it(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        LEFT_BEHIND
        + """
def test_next(fake_tinker):
    fake_tinker.add_script(script(complete()))
    left, future = CLIENTS[0]
    thread = threading.Thread(target=left.poll, args=(future,))
    thread.start()
    thread.join()
""",
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        ["*refused meanwhile, 1 time: POST /api/v1/retrieve_future, from a client of test_it.py::test_first"]
    )


def test_on_a_socket_a_port_that_comes_again_tells_them_apart(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        LEFT_BEHIND.replace("fake_tinker", "fake_tinker_server")
        + """
def test_next(fake_tinker_server):
    fake_tinker_server.add_script(script(complete()))
    own, (left, future) = Client(), CLIENTS[0]
    left.http.base_url = fake_tinker_server.url
    submitted = own.submit().json()
    assert submitted == future
    assert left.poll(future).status_code == 404
    assert own.poll(submitted).status_code == 200
    assert len(fake_tinker_server.leftovers) == 1
""",
    )
    result.assert_outcomes(passed=2)
