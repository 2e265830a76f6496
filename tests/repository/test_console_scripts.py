"""The programs of the wheel run without an installation, by pipx and by uvx."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 300
PIPX, UV = "pipx==1.18.4", "uv==0.13.9"

STARTS = {"pipx": ("pipx", "run", "--spec"), "uvx": ("uvx", "--from")}
"""How each runner is told the package; the package and the program follow."""


def _run(command: list[str | Path], **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, "."])
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def runners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs pipx and uvx."""
    folder = tmp_path_factory.mktemp("runners")
    venv.create(folder, with_pip=True)
    _run([folder / "bin/python", "-m", "pip", "install", "--quiet", PIPX, UV])
    return folder / "bin"


def test_the_page_starts_them_as_these_tests_do() -> None:
    page = (ROOT / "docs/how-to/run-without-python.md").read_text(encoding="utf-8")
    starts = re.findall(r"^\$ (.*) tinker-conformance (tinker-conformance|fake-tinker) ", page, re.MULTILINE)
    assert {(start, program) for start, program in starts if not start.startswith("podman")} == {
        (" ".join(STARTS[runner]), program)
        for runner in STARTS
        for program in ("tinker-conformance", "fake-tinker")
    }


@pytest.mark.parametrize(
    "runner",
    # What CI's downstream project starts is in an environment of the same wheel.
    [pytest.param(name, marks=pytest.mark.nightly) for name in STARTS],
)
def test_both_programs_run_and_the_server_ends_with_its_input(
    runner: str, runners: Path, wheel: Path, tmp_path: Path
) -> None:
    program, *options = STARTS[runner]
    command = [runners / program, *options, wheel]
    environment = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "UV_PYTHON": sys.executable,
        "UV_TOOL_DIR": str(tmp_path / "uv"),
    }
    # Standard input is empty, so the server starts, sees its end and exits with 0.
    started = _run([*command, "fake-tinker", "--exit-with-stdin"], **environment)
    assert json.loads(started)["url"].startswith("http://127.0.0.1:")
    version = _run([*command, "tinker-conformance", "--version"], **environment)
    assert "tinker-conformance, version" in version
