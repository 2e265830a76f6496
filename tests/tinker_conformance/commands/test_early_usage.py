"""A mistake in what was asked for ends `run` and the suite before an SDK is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main

ARGUMENTS = [
    ["--profile", "tinker-0.5"],
    ["--profile", "missing.toml"],
    ["--as-of", "99"],
    ["--known-failures", "missing.toml"],
    ["--known-failures", "a.toml", "--record-known-failures", "b.toml"],
    ["--record-known-failures", "no/such/folder/b.toml"],
]


@pytest.fixture
def spec(tmp_path: Path) -> str:
    """An SDK that leaves a file when it starts."""
    program = tmp_path / "starts.py"
    program.write_text(f"open({str(tmp_path / 'started')!r}, 'w').close()\n", encoding="utf-8")
    return f"exec:{sys.executable} {program}"


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_run_starts_no_sdk(arguments: list[str], spec: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--sdk", spec, *arguments])
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "started").exists()


def test_without_a_mistake_it_is_started(spec: str, tmp_path: Path) -> None:
    """Otherwise the tests above would pass whatever `run` did."""
    done = CliRunner().invoke(main, ["run", "--sdk", spec, "--profile", "tinker-0.5.1"])
    assert done.exit_code == 4, done.output
    assert (tmp_path / "started").exists()
