"""The fakes in every scope: a module, a session, several at once, pools, unittest."""

from __future__ import annotations

import concurrent.futures
import contextvars
import multiprocessing
import os
import unittest

# At the top: a run of pytest inside a test would forget the module that it imports.
from concurrent.futures import ProcessPoolExecutor

import httpx
import pytest

from fake_server.core.errors import ScriptError, ScriptViolation
from fake_server.in_process.respx_router import UnexpectedHostError
from fake_server.script import complete, script, timeout
from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.process_state import changed, state
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.downstream.clock import frozen_clock
from tinker_conformance.downstream.faking import tinker_in_process, tinker_on_a_socket
from tinker_conformance.downstream.options import FakeTinkerOptions
from tinker_conformance.downstream.shared_server import shared_server
from tinker_conformance.error_families import UserError

EPOCH = 1_750_000_000.0


def _sample(url: str | None = None, key: str | None = None) -> int:
    """Sample until the future ends; return how many polls it took."""
    headers = {"X-API-Key": key or os.environ["TINKER_API_KEY"]}
    base_url = url or os.environ["TINKER_BASE_URL"]
    with httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        polls = 1
        while (reply := client.post("/api/v1/retrieve_future", json=future)).status_code == 408:
            polls += 1
        assert reply.status_code == 200, reply.text
        return polls


def test_fakes_of_one_server_know_nothing_of_each_other() -> None:
    before = state()
    with shared_server() as server:
        with server.test("one", environment=False) as one, server.test("two", environment=False) as two:
            first = one.add_script(script(timeout(), complete()))
            second = two.add_script(script(complete()))
            assert (_sample(one.url, one.api_key), _sample(two.url, two.api_key)) == (2, 1)
            one.assert_polls(first, 2)
            two.assert_polls(second, 1)
        with server.test("three") as three:
            three.add_script([complete()])
            assert os.environ["TINKER_BASE_URL"] == three.url
            assert _sample() == 1
            gone = httpx.post(f"{one.url}/api/v1/asample", json={}, trust_env=False)
            assert gone.status_code == 404
            assert "belongs to no running test" in gone.text
            assert len(three.journal) == 2
        with pytest.raises(ScriptViolation, match="no submission took it"), server.test("four") as four:
            four.add_script([complete()])
    assert changed(before, state()) == set()


def test_a_fake_of_a_shared_server_moves_the_clock() -> None:
    with shared_server() as server, frozen_clock(EPOCH) as clock, server.test("one", clock=clock) as tinker:
        tinker.add_script(script().advance(60).then(complete()))
        assert _sample() == 1
        assert clock.elapsed == 60


CONFTEST = """
import pytest
from tinker_conformance.downstream.shared_server import shared_server

@pytest.fixture(scope="session")
def tinker_server():
    with shared_server() as server:
        yield server

@pytest.fixture
def tinker(tinker_server, request):
    with tinker_server.test(request.node.nodeid) as tinker:
        yield tinker
"""


def test_a_session_has_one_server_and_a_module_may_have_one_fake(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        test_session="""
import os
import httpx
import pytest
from fake_server.script import complete
from tinker_conformance.downstream.faking import tinker_in_process

PORTS = set()

def sample():
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"], trust_env=False) as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        return client.post("/api/v1/retrieve_future", json=future).status_code

@pytest.mark.parametrize("number", [1, 2])
def test_each(tinker, number):
    PORTS.add(httpx.URL(tinker.url).port)
    tinker.add_script([complete()])
    assert sample() == 200
    assert len(tinker.journal) == 2
    assert len(PORTS) == 1

def test_undrained(tinker):
    tinker.add_script([complete()])

@pytest.fixture(scope="module")
def module_tinker():
    with tinker_in_process() as tinker:
        yield tinker

@pytest.fixture
def own(module_tinker):
    module_tinker.reset()
    return module_tinker

@pytest.mark.parametrize("number", [1, 2])
def test_module(own, number):
    own.add_script([complete()])
    assert sample() == 200
    assert len(own.journal) == 2
"""
    )
    result = run_pytest(pytester, *QUIET, "-W", "error", timeout=60)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*no submission took it*"])


def test_several_fakes_in_one_test() -> None:
    options = [FakeTinkerOptions(base_url=f"http://{name}.test") for name in ("one", "two")]
    with (
        tinker_in_process(options[0]) as one,
        tinker_in_process(options[1]) as two,
        tinker_on_a_socket() as three,
    ):
        for polls, tinker in enumerate((one, two, three), 1):
            tinker.add_script(script(*[timeout()] * (polls - 1), complete()))
        assert [_sample(tinker.url, tinker.api_key) for tinker in (three, two, one)] == [3, 2, 1]


def test_fakes_with_the_default_url_do_not_get_each_other_s_requests() -> None:
    with tinker_in_process() as outer:
        for polls in (1, 2):
            with tinker_in_process() as inner:
                inner.add_script(script(*[timeout()] * (polls - 1), complete()))
                assert (inner.url, os.environ["TINKER_BASE_URL"]) == ("http://tinker-2.test",) * 2
                outer.add_script([complete()])
                assert (_sample(), _sample(outer.url, outer.api_key)) == (polls, 1)
        assert os.environ["TINKER_BASE_URL"] == outer.url == "http://tinker.test"
        assert len(outer.journal) == 4


def test_two_fakes_cannot_have_one_url_that_was_chosen() -> None:
    chosen = FakeTinkerOptions(base_url="http://one.test")
    with (
        tinker_in_process(chosen),
        pytest.raises(UserError, match=r"http://one.test belongs to another fake .* its own base_url"),
        tinker_in_process(chosen),
    ):
        pass
    with tinker_in_process(chosen) as again:
        assert again.url == "http://one.test"


def test_what_the_client_of_an_ended_fake_still_sends_is_no_problem_of_the_next() -> None:
    with tinker_in_process(FakeTinkerOptions(base_url="http://one.test")) as one:
        context = contextvars.copy_context()
    headers = {"X-API-Key": one.api_key}
    with tinker_in_process() as two, tinker_in_process() as three:
        with httpx.Client(base_url=one.url, headers=headers, trust_env=False) as client:
            beat = context.run(client.post, "/api/v1/session_heartbeat", json={})
            ended = context.run(client.post, "/api/v1/retrieve_future", json={"request_id": "future-1"})
            with pytest.raises(UnexpectedHostError, match=r"went to one.test"):
                client.post("/api/v1/get_info", json={})
            three.problems.clear()
        assert beat.status_code == 410
        assert (ended.status_code, "which has ended" in ended.text) == (404, True)
        assert [leftover.path for leftover in (*two.leftovers, *three.leftovers)] == [
            "/api/v1/session_heartbeat",
            "/api/v1/retrieve_future",
        ]


def test_a_tinker_host_that_none_of_several_fakes_serves_is_refused_by_one_of_them() -> None:
    quiet = FakeTinkerOptions(verify=False)
    with tinker_in_process(quiet) as one, tinker_in_process(quiet) as two:
        with pytest.raises(UnexpectedHostError, match=r"went to nobody.test"):
            httpx.post("http://nobody.test/api/v1/asample", json={}, trust_env=False)
        assert (len(one.problems), len(two.problems)) == (0, 1)


def test_a_fake_of_a_wider_scope_moves_the_clock_of_a_test() -> None:
    with tinker_in_process() as wide, shared_server() as server, server.test("wide") as shared:
        for epoch in (EPOCH, 2 * EPOCH):
            with frozen_clock(epoch) as clock:
                for tinker in (wide, shared):
                    tinker.add_script(script().advance(60).then(complete()))
                    assert _sample(tinker.url, tinker.api_key) == 1
                assert clock.elapsed == 120
        with pytest.raises(ScriptError, match="no clock is frozen here"):
            wide.add_script(script().advance(60).then(complete()))


def test_a_pool_of_threads_shares_the_fake_and_its_clock() -> None:
    with frozen_clock(EPOCH) as clock, tinker_in_process(clock=clock) as tinker:
        for _ in range(8):
            tinker.add_script(script().advance(1).then(complete()))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: _sample(), range(8), timeout=60)) == [1] * 8
        assert clock.elapsed == 8


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_a_pool_of_processes_reaches_a_fake_on_a_socket(method: str) -> None:
    with shared_server() as server, server.test("pool") as tinker:
        for _ in range(2):
            tinker.add_script(script(timeout(), complete()))
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert [future.result(60) for future in [pool.submit(_sample) for _ in range(2)]] == [2, 2]


def test_a_test_case_of_unittest_enters_a_fake_and_verifies_it() -> None:
    class Case(unittest.TestCase):
        def setUp(self) -> None:
            self.tinker = self.enterContext(tinker_in_process())

        def test_sample(self) -> None:
            self.tinker.add_script([complete()])
            assert _sample() == 1

        def test_undrained(self) -> None:
            self.tinker.add_script([complete()])

    before = state()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert result.testsRun == 2
    ((case, traceback),) = result.failures
    assert case.id().endswith("test_undrained")
    assert "no submission took it" in traceback
    assert result.errors == []
    assert changed(before, state()) == set()


def test_a_test_case_of_unittest_takes_the_fixtures_of_pytest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import unittest

# At the top: a run of pytest inside a test would forget the module that it imports.
from concurrent.futures import ProcessPoolExecutor
import pytest
import httpx
from fake_server.script import complete

class Case(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _fake(self, fake_tinker, fake_tinker_clock):
        self.tinker, self.clock = fake_tinker, fake_tinker_clock

    def test_sample(self):
        self.tinker.add_script([complete()])
        with httpx.Client(base_url=self.tinker.url) as client:
            future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
            self.assertEqual(client.post("/api/v1/retrieve_future", json=future).status_code, 200)
        self.clock.advance(60)
        self.assertEqual(self.clock.elapsed, 60)

    def test_undrained(self):
        self.tinker.add_script([complete()])
"""
    )
    run_pytest(pytester, *QUIET, "-W", "error", timeout=60).assert_outcomes(passed=2, errors=1)
