"""The fixtures as a downstream suite has them, in pytest runs of their own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
from packaging.version import Version

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET

CLIENT = """
import os, time
import httpx
from fake_server.script import complete, script, timeout

PAUSE = {"queue_state": "paused_capacity"}

def sample(wait=0.0):
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"]) as client:
        body = {"num_samples": 1, "sampling_session_id": "s"}
        future = client.post("/api/v1/asample", json=body).json()
        while (reply := client.post("/api/v1/retrieve_future", json=future)).status_code == 408:
            time.sleep(wait)
        return reply
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(client=CLIENT)
    return pytester


def _run(suite: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    suite.makepyfile(test_it=f"import pytest\nfrom client import *\n{tests}")
    return run_pytest(suite, *QUIET, "-W", "error", *options, timeout=60)


@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_a_script_is_played_and_its_clock_moves_and_gaps_are_virtual(
    suite: pytest.Pytester, fixture: str
) -> None:
    result = _run(
        suite,
        f"""
def test_pause({fixture}, fake_tinker_clock):
    steps = script().then(timeout(PAUSE)).advance(59.999).then(timeout(PAUSE), complete())
    future = {fixture}.add_script(steps)
    assert os.environ["TINKER_BASE_URL"] == {fixture}.url
    assert os.environ["TINKER_API_KEY"] == {fixture}.api_key
    wall = time.time()
    assert sample(wait=2).status_code == 200
    {fixture}.assert_gaps(future, [2, 2])
    {fixture}.assert_polls(future, 3)
    {fixture}.assert_drained(future)
    assert time.time() - wall == pytest.approx(63.999, abs=1e-5)
    assert fake_tinker_clock.elapsed == 63.999
    fake_tinker_clock.advance(wall=-5, monotonic=1)
    assert time.time() - wall == pytest.approx(58.999, abs=1e-5)
    assert fake_tinker_clock.elapsed == 64.999
""",
        "--durations=0",
        "--durations-min=30",
    )
    result.assert_outcomes(passed=1)
    # pytest itself stays on real time: of the 64 virtual seconds its durations show nothing.
    result.stdout.fnmatch_lines(["(3 durations < 30s hidden.*"])


@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_a_clock_that_is_asked_for_late_is_moved_too(suite: pytest.Pytester, fixture: str) -> None:
    result = _run(
        suite,
        f"""
def test_late({fixture}, request):
    clock = request.getfixturevalue("fake_tinker_clock")
    {fixture}.add_script(script().then(timeout(PAUSE)).advance(60).then(complete()))
    sample()
    assert clock.elapsed == 60
""",
    )
    result.assert_outcomes(passed=1)


def test_a_test_that_passed_fails_if_its_script_was_not_drained(suite: pytest.Pytester) -> None:
    result = _run(suite, "def test_idle(fake_tinker): fake_tinker.add_script([complete()], name='mine')")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*future 'mine' (any operation of any client): no submission took it*"])


def test_a_failed_test_reports_its_own_failure_alone(suite: pytest.Pytester) -> None:
    result = _run(
        suite, "def test_sad(fake_tinker):\n    fake_tinker.add_script([complete()])\n    assert 1 == 2"
    )
    result.assert_outcomes(failed=1)


def test_the_options_are_overridden(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
import pytest
from tinker_conformance.downstream.options import FakeTinkerOptions

@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(base_url="http://mine.test", epoch=1_000_000_000, verify=False,
                             unscripted_complete=True, api_key="tml-mine")
"""
    )
    result = _run(
        suite,
        """
def test_it(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script([complete()], client="nobody")
    assert sample().status_code == 200
    assert (os.environ["TINKER_BASE_URL"], os.environ["TINKER_API_KEY"]) == ("http://mine.test", "tml-mine")
    assert time.time() == fake_tinker_clock.wall == 1_000_000_000
""",
    )
    result.assert_outcomes(passed=1)


def test_both_transports_at_once_and_a_clock_step_without_a_clock_are_refused(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        """
def test_both(fake_tinker, fake_tinker_server): pass
def test_clock(fake_tinker): fake_tinker.add_script(script().advance(1).then(complete()))
""",
    )
    result.assert_outcomes(errors=1, failed=1)
    result.stdout.fnmatch_lines(["*; use one of them per test*"])
    result.stdout.fnmatch_lines(["*add the fixture fake_tinker_clock to the test*"])


def test_warnings_have_frozen_times_and_the_debounce_can_be_seen(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        """
import tinker_conformance as kit

def test_debounce(fake_tinker_warnings, fake_tinker_clock):
    observer = kit.ClientObserver(kit.ClientKind.SAMPLING, "s-1", kit.load_profile("tinker-0.5.1").observer)
    for seconds in (0, 59.999, 0.001):
        fake_tinker_clock.advance(seconds)
        observer.on_queue_state_change(kit.QueueState.PAUSED_CAPACITY)
    first, second = fake_tinker_warnings.assert_logged(2, kind="sampling", identifier="s-1")
    assert second.at - first.at == pytest.approx(60, abs=1e-5)
    assert first.state is kit.QueueState.PAUSED_CAPACITY
""",
    )
    result.assert_outcomes(passed=1)


def test_run_has_sleeps_of_a_coroutine_cost_nothing_and_ends_what_waits_for_ever(
    suite: pytest.Pytester,
) -> None:
    result = _run(
        suite,
        """
import asyncio
from tinker_conformance.downstream.clock import ClockStalledError

async def main():
    async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = (await client.post("/api/v1/asample", json={"num_samples": 1})).json()
        for seconds in (1, 2, 4, 3600):
            await client.post("/api/v1/retrieve_future", json=future)
            await asyncio.sleep(seconds)
        return (await client.post("/api/v1/retrieve_future", json=future)).status_code

def test_back_off(fake_tinker, fake_tinker_clock):
    future = fake_tinker.add_script(script().then(timeout(PAUSE)).times(4).then(complete()))
    assert fake_tinker_clock.run(main()) == 200
    fake_tinker.assert_gaps(future, [1, 2, 4, 3600])

def test_for_ever(fake_tinker_clock):
    async def wait():
        await asyncio.Event().wait()
    with pytest.raises(ClockStalledError, match="check what is awaited"):
        fake_tinker_clock.run(wait())
""",
    )
    result.assert_outcomes(passed=2)


def test_the_plugin_loads_nothing_heavy() -> None:
    heavy = {"httpx", "respx", "freezegun", "msgspec", "hypothesis", "fake_server", "asyncio"}
    code = (
        "import pytest, sys; before = set(sys.modules); import tinker_conformance.plugin; "
        f"print(sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


MIXED = """
import datetime
import threading

pytestmark = []
REAL = time.time, time.monotonic, time.sleep, datetime.datetime

async def ask():
    async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = (await client.post("/api/v1/asample", json={"num_samples": 1})).json()
        while (reply := await client.post("/api/v1/retrieve_future", json=future)).status_code == 408:
            pass
        return reply.status_code

STEPS = script().then(timeout(PAUSE)).advance(60).then(complete())

@pytest.mark.asyncio
async def test_asyncio(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(STEPS)
    assert await ask() == 200
    assert fake_tinker_clock.elapsed == 60

@pytest.mark.asyncio
async def test_asyncio_server(fake_tinker_server, fake_tinker_clock):
    fake_tinker_server.add_script(STEPS)
    assert await ask() == 200
    assert fake_tinker_clock.elapsed == 60

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_anyio(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(STEPS)
    assert await ask() == 200

@pytest.mark.anyio
async def test_anyio_server(fake_tinker_server, fake_tinker_clock):
    fake_tinker_server.add_script(STEPS)
    assert await ask() == 200

def test_failing(fake_tinker_server, fake_tinker_clock, fake_tinker_warnings):
    assert False

def test_sync(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(STEPS)
    assert sample(wait=1).status_code == 200
    assert fake_tinker_clock.elapsed == 61

@pytest.mark.parametrize("number", range(4))
def test_nothing_is_left(number):
    assert (time.time, time.monotonic, time.sleep, datetime.datetime) == REAL
    assert "TINKER_BASE_URL" not in os.environ
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fake-tinker")]
"""


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="alone"),
        pytest.param(["-n", "2"], id="two", marks=pytest.mark.slow),
        pytest.param(["-n", "auto"], id="auto", marks=pytest.mark.slow),
    ],
)
def test_async_tests_in_random_order_and_on_workers(suite: pytest.Pytester, options: list[str]) -> None:
    ini = "[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error"
    if Version(version("pytest-asyncio")) < Version("1.4"):
        # These leave the socket of a loop of their own open. Whether ours are closed is asked elsewhere.
        ini += "\n  ignore::pytest.PytestUnraisableExceptionWarning"
    suite.makeini(ini)
    for name in ("test_one", "test_two"):
        suite.makepyfile(**{name: f"import pytest\nfrom client import *\n{MIXED}"})
    result = run_pytest(suite, "-p", "no:cacheprovider", *options, timeout=120)
    result.assert_outcomes(passed=18, failed=2)
    result.stdout.fnmatch_lines(["Using --randomly-seed=*"])


def test_tokenizers_are_found_by_this_process_and_those_that_it_starts(suite: pytest.Pytester) -> None:
    result = _run(
        suite,
        """
import subprocess, sys
from pathlib import Path
from types import ModuleType

ASK = "import os; print(os.environ['HF_HOME'], os.environ['HF_HUB_OFFLINE'], os.environ.get('HF_HUB_CACHE'))"

@pytest.fixture
def constants(monkeypatch):
    # The module reads the environment when it is imported, which an earlier test may have caused.
    read = ModuleType("huggingface_hub.constants")
    read.HF_HUB_CACHE, read.HF_HUB_OFFLINE = "/elsewhere", False
    monkeypatch.setitem(sys.modules, read.__name__, read)
    monkeypatch.setenv("HF_HUB_CACHE", "/elsewhere")
    return read

def test_found(constants, fake_tinker_tokenizers):
    printed = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout
    assert printed == f"{fake_tinker_tokenizers} 1 None\\n"
    assert constants.HF_HUB_OFFLINE is True
    assert list(Path(constants.HF_HUB_CACHE, "models--Qwen--Qwen3-8B", "snapshots").glob("*/tokenizer.json"))

def test_undone():
    assert "HF_HOME" not in os.environ
""",
    )
    result.assert_outcomes(passed=2)
