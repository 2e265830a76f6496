"""The example SDK in JavaScript: its own tests, its page, and what the kit says of it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server import FakeTinker
from fake_server.engine.tinker_api import Unscripted
from fake_server.http.http_server import FakeTinkerServer
from fake_server.operations import Operation
from fake_server.script import complete, script, timeout
from tests.support.needs_tools import tool
from tinker_conformance.cli import main

pytestmark = pytest.mark.needs_tool("node")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "node"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
SECONDS = 60
LIMIT_SECONDS = 120.0
"""Real time that judging an SDK in another language may take."""
WITHOUT_A_SEAM = {
    "a clock that moves while a model is created": {
        "reasons.model_creation",
        "reasons.model_creation_unknown",
        "reasons.of_the_server_for_creation",
        "messages.model_creation_verb",
        "messages.model_creation_identifier",
        "messages.model_creation_text",
        "messages.model_creation_level",
        "messages.any_creation_identifier",
        "grace.model_creation",
        "wiring.create_model",
        "polling.request_type_create_model",
    },
    "a wall clock apart from the monotonic one": {
        "debounce.after_a_long_run",
        "debounce.clock_stepping_back",
        "debounce.wall_clock",
        "grace.monotonic_clock",
    },
    "a time before 1970, a time zone or an uptime": {
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "polling.before_1970",
        "polling.long_uptime",
    },
    "a date": {
        "debounce.after_2038",
        "debounce.any_time_of_day",
    },
    "a clock that moves while futures are in flight together": {
        "concurrency.one_minute_for_a_client",
        "concurrency.grace",
    },
    "a sleep of the SDK": {
        "polling.expired_delay",
        "polling.payment_limit",
        "polling.payment_forgotten",
        "polling.back_off_reset_by_any_reply",
        "polling.goes_on_after_the_wait",
        "polling.expired_sampling",
        "polling.payment_pauses",
        "polling.too_many_requests_backs_off",
        "polling.back_off",
        "polling.back_off_reset",
        "polling.caller_timeout",
        "polling.gives_up",
        "polling.broken_reply",
        "polling.short_body",
        "polling.closed_connection",
        "submissions.no_pause",
    },
}
"""What libfaketime cannot give, and the requirements that need it."""
NOT_CLAIMED = {
    # Accidents of the official SDK that another one has no reason to share.
    "polling.payment_line",
    "polling.result_in_json",
    "polling.failure_time",
    "polling.status_line",
    "polling.budget_line",
    # JavaScript has one thread.
    "concurrency.one_minute_on_threads",
    "concurrency.training_on_threads",
    "concurrency.clients_on_threads",
    "concurrency.each_thread_is_heard",
    # Seconds on the wire, which on a socket are real.
    "polling.refused_connection",
    "polling.slow_reply",
    "polling.late_reply",
    "polling.read_timeout",
    # It polls each future by itself.
    "session_polling.announced_size",
    "session_polling.bad_request",
    "session_polling.cursor",
    "session_polling.delays",
    "session_polling.ends_all",
    "session_polling.error_line",
    "session_polling.failure",
    "session_polling.fetched",
    "session_polling.no_pause",
    "session_polling.pause_afterwards",
    "session_polling.polled_again",
    "session_polling.result",
    # Its users cannot give a future up.
    "cancellation.stops_polling",
    "cancellation.sent",
    "cancellation.not_sent",
    "cancellation.not_of_training",
    "cancellation.sent_again",
    "cancellation.others_go_on",
    # It creates no training clients from saved states.
    "checkpoints.path",
    "checkpoints.optimizer",
    "checkpoints.in_one_request",
    "checkpoints.pause",
    "checkpoints.failure",
    # It does not send a refused submission again.
    "submissions.sent_again",
    "submissions.payment_pauses",
    "submissions.delays",
    "submissions.too_many_requests",
    "submissions.after_ten_retries",
    "submissions.after_five_minutes",
    "submissions.retry_after",
    "submissions.should_retry",
    "submissions.empty_bad_request",
    "submissions.same_number",
    "submissions.same_number_of_a_sample",
    "submissions.session",
    "submissions.delays_of_a_session",
    "submissions.delays_of_the_config",
    # It does not show what the server says of a session.
    "submissions.session_lines",
}


@pytest.fixture(scope="module")
def node() -> str:
    return tool("node")


def _run_module(node: str, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [node, "--input-type=module", "--eval", source]
    everything = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=FOLDER, env=everything, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_its_own_tests_pass(node: str) -> None:
    # Not with the folder as an argument: Node 22 and newer take that for a module.
    assert "$ (cd examples/node && node --test)\n" in PAGE
    command = [node, "--test", "--test-reporter=tap"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [passed] = re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert int(passed) > 50


def test_the_first_snippet_of_its_page_trains_and_samples(node: str) -> None:
    first, _ = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    engine = FakeTinker(unscripted=Unscripted.COMPLETE)
    engine.expect_sampler("sampler-1")
    engine.add_script(
        script().then(timeout(queue_state="paused_capacity")).then(complete()), operation=Operation.SAMPLE
    )
    with FakeTinkerServer(engine) as server:
        done = _run_module(node, first, TINKER_BASE_URL=server.url, TINKER_API_KEY="tml-key")
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\d+", done.stdout)) == 8
    assert done.stderr.startswith("Sampling is paused for sampler sampler-1. Reason: Tinker backend")
    assert not engine.problems


def test_the_clock_of_its_page_is_one(node: str) -> None:
    _, second = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    use = """
        import { PauseLogger } from 'tinker-node';
        await clock.sleep(0);
        const observer = new PauseLogger('sampling', 'a', { clock, logger: console });
        observer.onQueueStateChange('paused_capacity', 'full');
    """
    done = _run_module(node, second + use)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Sampling is paused for sampler a. Reason: full\n"


def _judged(adapter: str) -> str:
    """Judges the SDK with the command of its page, run where the page says; returns what is printed."""
    [spec] = re.findall(
        rf'^\$ tinker-conformance run --sdk "(exec:node examples/node/{adapter})"$', PAGE, re.MULTILINE
    )
    started = time.monotonic()
    result = CliRunner().invoke(main, ["run", "--sdk", spec])
    assert result.exit_code == 0, result.output
    assert time.monotonic() - started < LIMIT_SECONDS
    return result.output


def _verdicts(output: str, verdict: str) -> set[str]:
    return set(re.findall(rf"^(\S+) +(?:contract|quirk) +{verdict} *$", output, re.MULTILINE))


@pytest.mark.slow
def test_every_requirement_holds_on_the_clock_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    output = _judged("adapter.mjs")
    passed = _verdicts(output, "passed")
    counts = f"{len(passed)} passed, {len(NOT_CLAIMED)} not claimed"
    assert output.splitlines()[-1] == f"tinker-node 0.1.0 conforms to tinker-0.38: {counts}"
    assert _verdicts(output, "not claimed") == NOT_CLAIMED
    assert {"debounce.boundary", "grace.boundary", "polling.back_off"} <= passed


@pytest.mark.slow
@pytest.mark.needs_tool("libfaketime")
def test_all_that_libfaketime_can_show_holds_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    output = _judged("adapter-no-seam.mjs")
    assert {"debounce.within_a_minute", "debounce.boundary", "grace.boundary"} <= _verdicts(output, "passed")
    assert not _verdicts(output, "failed")
    assert _verdicts(output, "not claimed") == NOT_CLAIMED.union(*WITHOUT_A_SEAM.values())
