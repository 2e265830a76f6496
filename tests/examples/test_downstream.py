"""The downstream example passes, with the official SDK and without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from tinker_conformance.sdk.environments import lean_environment

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "downstream"


def _run(folder: Path, python: str, environment: Mapping[str, str], *options: str) -> str:
    shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-ra", *options]
    told = subprocess.run(  # noqa: PLW1510 - the assertion below shows more
        command, cwd=folder / "project", env=dict(environment), capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_it_passes_without_an_sdk(tmp_path: Path) -> None:
    said = _run(tmp_path, sys.executable, os.environ, "tests/test_paused_queue.py")
    assert "2 passed, 1 skipped" in said


@pytest.mark.parametrize("version", ["0.6.3", "0.38.0"])
def test_it_passes_with_the_official_sdk(tmp_path: Path, version: str) -> None:
    lean = lean_environment(version)
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    environment = {**lean.environment(), "PYTHONPATH": packages}
    said = _run(tmp_path, str(lean.python), environment, "tests/test_paused_queue.py")
    assert "3 passed" in said


def test_its_suite_judges_the_reference(tmp_path: Path) -> None:
    said = _run(tmp_path, sys.executable, os.environ, "tests/test_conformance.py", "-k", "parsing")
    assert "passed" in said
