"""The example SDK in JavaScript: its own tests, its page, and what the kit says of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fake_server import FakeTinker
from fake_server.http_server import FakeTinkerServer
from fake_server.operations import Operation
from fake_server.script import complete, script, timeout
from fake_server.tinker_api import Unscripted

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "node"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
SECONDS = 60


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.fail("node is not on the PATH; install Node 20 or newer")
    version = subprocess.run(
        [found, "--version"], capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert int(version.stdout.strip("v\n").split(".")[0]) >= 20, "install Node 20 or newer"
    return found


def _run_module(node: str, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [node, "--input-type=module", "--eval", source]
    everything = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=FOLDER, env=everything, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_its_own_tests_pass(node: str) -> None:
    assert "node --test examples/node/" in PAGE
    command = [node, "--test", "--test-reporter=tap", "examples/node/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [passed] = re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert int(passed) > 50


def test_the_first_snippet_of_its_page_trains_and_samples(node: str) -> None:
    first, _ = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    engine = FakeTinker(unscripted=Unscripted.COMPLETE)
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
