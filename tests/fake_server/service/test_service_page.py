"""What the page of the simulated service shows runs, with the official SDK or not; its tables are whole."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from fake_server.operations import Operation
from fake_server.script.script_yaml import decode_all
from fake_server.service.losses import LOSS_FUNCTIONS
from tinker_conformance.sdk.official.environments import lean_environment

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "simulated-service.md").read_text(encoding="utf-8")
HOW_TO = "".join(
    (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8")
    for name in ("simulate-a-training-run.md", "pause-a-training-run.md", "freeze-the-clock.md")
)
DOWNSTREAM = ROOT / "tests" / "tinker_conformance" / "downstream"
SDK_WAITS = (DOWNSTREAM / "sdk_waits.py").read_text(encoding="utf-8")
"""In the same process, because it takes seconds to start; one of the tests runs twice."""
SNIPPETS = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)


@pytest.mark.parametrize("version", [pytest.param("0.6.3", marks=pytest.mark.slow), "0.38.0"])
def test_the_snippets_pass(tmp_path: Path, version: str) -> None:
    for number, snippet in enumerate(SNIPPETS):
        body = (
            snippet
            if "def test_" in snippet
            else f"def test_it():\n    {snippet.replace(chr(10), chr(10) + '    ')}"
        )
        (tmp_path / f"test_snippet_{number}.py").write_text(body, encoding="utf-8")
    (tmp_path / "test_waits.py").write_text(SDK_WAITS, encoding="utf-8")
    _run(tmp_path, version, passed=len(SNIPPETS) + SDK_WAITS.count("def test_") + 1)


@pytest.mark.slow
def test_what_the_sdk_leaves_running_does_not_disturb_the_next_test(tmp_path: Path) -> None:
    text = (DOWNSTREAM / "sdk_leftovers.py").read_text(encoding="utf-8")
    (tmp_path / "test_leftovers.py").write_text(text, encoding="utf-8")
    _run(tmp_path, "0.38.0", passed=4)


@pytest.mark.slow
def test_what_the_docstrings_of_the_sdk_promise_holds(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "sdk_promises.py").read_text(encoding="utf-8")
    (tmp_path / "test_promises.py").write_text(text, encoding="utf-8")
    _run(tmp_path, "0.38.0", passed=35)


@pytest.mark.slow
def test_public_bug_reports_do_not_come_back(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "sdk_reported_faults.py").read_text(encoding="utf-8")
    (tmp_path / "test_reported.py").write_text(text, encoding="utf-8")
    _run(tmp_path, "0.38.0", passed=7)


def _run(folder: Path, version: str, *, passed: int) -> None:
    """Run the tests of a folder in a process that has a release of the official SDK."""
    lean = lean_environment(version)
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    quiet = [part for plugin in ("cacheprovider", "randomly", "asyncio") for part in ("-p", f"no:{plugin}")]
    done = subprocess.run(  # noqa: PLW1510 - the assertion below shows more
        [str(lean.python), "-m", "pytest", "-q", *quiet],
        cwd=folder,
        env={**lean.environment(), "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr


def test_the_rules_of_the_page_can_be_read() -> None:
    (snippet,) = re.findall(r"```yaml\n(.*?)```", HOW_TO, re.DOTALL)
    assert len(decode_all(yaml.safe_load(snippet), "page")) == 4


def test_every_operation_and_loss_is_on_the_page() -> None:
    paths = {operation.path.removeprefix("/api/v1/") for operation in Operation}
    assert {name for name in {*paths, *LOSS_FUNCTIONS} if f"`{name}`" not in PAGE} == set()
