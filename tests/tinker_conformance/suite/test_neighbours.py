"""The kit beside the twenty plugins that many test suites have, in an environment of its own.

`neighbours.txt` pins them; the environment is made once per machine, in the kit's cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.official.environments import cache_folder
from tinker_conformance.sdk.official.pip import python_of

ROOT: Final = Path(__file__).parents[3]
PINS: Final = Path(__file__).with_name("neighbours.txt")
PLUGINS: Final = (
    "anyio", "pytest-asyncio", "pytest-bdd", "pytest-benchmark", "pytest-cov", "pytest-env",
    "pytest-freezer", "pytest-html", "pytest-httpserver", "pytest-httpx", "pytest-instafail", "pytest-mock",
    "pytest-profiling", "pytest-randomly", "pytest-reporter-html1", "pytest-rerunfailures", "pytest-socket",
    "pytest-sugar", "pytest-timeout", "pytest-xdist",
)  # fmt: skip
# Their own options: `--profile` and `--report` are theirs here.
OPTIONS: Final = (
    "--profile", "--template=html1/index.html", "--report=theirs.html", "--html=other.html", "--cov=.",
    # An event loop of pytest-asyncio needs a socket pair, also while pytest-socket disables sockets.
    "--allow-unix-socket", "--reruns=1", "--timeout=120", "--instafail", "--benchmark-disable",
    "-p", "no:cacheprovider",
)  # fmt: skip
INI: Final = """
[pytest]
asyncio_default_fixture_loop_scope = function
env =
    FROM_ENV=1
"""

STRANGERS: Final = """
import asyncio
import os
import time

import httpx
import pytest
from pytest_bdd import given, scenario

def test_env(): assert os.environ["FROM_ENV"] == "1"
def test_mock(mocker): assert mocker.patch("os.getcwd", return_value="x")() == "x"
def test_benchmark(benchmark): benchmark(len, "x")
def test_socket(socket_disabled):
    import socket
    with pytest.raises(RuntimeError):
        socket.socket()
def test_freezer(freezer):
    freezer.move_to("2030-01-01")
    assert time.gmtime().tm_year == 2030
@pytest.mark.asyncio
async def test_asyncio(): await asyncio.sleep(0)
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_anyio(anyio_backend): await asyncio.sleep(0)
def test_httpx(httpx_mock):
    httpx_mock.add_response(json=[1])
    assert httpx.get("http://x.test").json() == [1]
def test_httpserver(httpserver):
    httpserver.expect_request("/").respond_with_data("y")
    assert httpx.get(httpserver.url_for("/")).text == "y"
attempts = []
def test_rerun():
    attempts.append(1)
    assert len(attempts) == 2
@pytest.mark.xfail(strict=True)
def test_expected(): assert False
@scenario("it.feature", "A step")
def test_bdd(): pass
@given("nothing")
def _(): pass
"""
FEATURE: Final = "Feature: It\n  Scenario: A step\n    Given nothing\n"

OURS: Final = """
import asyncio
import os
import time

import httpx
import pytest
from fake_server.script import complete, script, timeout
from tinker_conformance import QueueStateConformance

PAUSED = script().then(timeout(queue_state="paused_capacity")).advance(60).then(complete())

def sample():
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        while client.post("/api/v1/retrieve_future", json=future).status_code == 408:
            pass

@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_a_pause(request, fixture, fake_tinker_clock):
    tinker = request.getfixturevalue(fixture)
    future = tinker.add_script(PAUSED)
    sample()
    tinker.assert_polls(future, 2)
    assert fake_tinker_clock.elapsed == 60
def test_without_sockets(socket_disabled, fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(PAUSED)
    sample()
def test_beside_a_freezer(freezer, fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(PAUSED)
    sample()
    assert fake_tinker_clock.elapsed == 60
def test_beside_a_mock(mocker, fake_tinker, fake_tinker_clock):
    mocker.patch.dict(os.environ)
    fake_tinker.add_script(PAUSED)
    sample()
@pytest.mark.asyncio
async def test_asyncio(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(PAUSED)
    await asyncio.to_thread(sample)
attempts = []
def test_rerun(fake_tinker, fake_tinker_clock):
    fake_tinker.add_script(PAUSED)
    attempts.append(1)
    assert len(attempts) == 2
    sample()

class TestReference(QueueStateConformance):
    sdk = "reference"
"""


def _build(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    pip = [str(python_of(folder / "venv")), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--requirement", str(PINS)], check=True)


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the environment with the plugins; the kit itself is not installed there."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    return python_of(make_once(cache_folder() / f"neighbours-{version}-{digest}", _build) / "venv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, and the kit of this checkout as if it were installed."""
    entry_points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = tmp_path / "installed"
    metadata = installed / "tinker_conformance-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tinker-conformance\nVersion: 0\n")
    lines = (f"{name} = {where}" for name, where in entry_points["entry-points"]["pytest11"].items())
    (metadata / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]))
    for package in ("tinker_conformance", "fake_server"):
        (installed / package).symlink_to(ROOT / package)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text(INI)
    (folder / "it.feature").write_text(FEATURE)
    return folder


def _run(python: Path, project: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    done = subprocess.run(
        [str(python), "-m", "pytest", "-rA", *OPTIONS, *arguments],
        check=False,
        cwd=project,
        env={**kept, "PYTHONPATH": str(project.parent / "installed")},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == pytest.ExitCode.OK, done.stdout[-4000:] + done.stderr
    assert not re.search("Traceback|[Ww]arning", done.stderr), done.stderr
    return done.stdout


def _outcomes(output: str) -> list[str]:
    return sorted(re.findall(r"^(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN) \S+", output, re.MULTILINE))


def test_the_plugins_are_twenty_and_pinned() -> None:
    pinned = {line.partition("==")[0].replace("_", "-") for line in PINS.read_text().splitlines()}
    assert len(PLUGINS) == 20
    assert set(PLUGINS) <= pinned


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_suite_that_does_not_use_the_kit_passes_as_without_it(
    python: Path, project: Path, workers: Sequence[str]
) -> None:
    (project / "test_it.py").write_text(STRANGERS)
    with_kit = _run(python, project, *workers)
    assert "tinker-conformance" in with_kit
    assert (project / "theirs.html").is_file()
    outcomes = _outcomes(with_kit)
    assert len(outcomes) >= 12
    assert outcomes == _outcomes(_run(python, project, *workers, "-p", "no:tinker_conformance"))


@pytest.mark.slow
def test_a_suite_that_uses_the_kit_passes(python: Path, project: Path) -> None:
    (project / "test_it.py").write_text(OURS)
    options = ("--tinker-report=ours", "-k", "not TestReference or parsing", "-n", "2")
    passed = [line for line in _outcomes(_run(python, project, *options)) if line.startswith("PASSED")]
    assert len(passed) > 10
    assert (project / "ours" / "test_it.TestReference" / "index.html").is_file()
