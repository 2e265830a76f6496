"""A mistake in what was asked for ends `run` and the suite before an SDK is started."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_fault_codes import Breaks

from tinker_conformance.cli import main
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.suite import conformance_run

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


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what was checked is what is used, whatever is written to the file meanwhile."""
    profile, known, replay = (tmp_path / name for name in ("profile.toml", "known.toml", "replay.yaml"))
    profile.write_text('name = "mine"\nextends = "tinker-0.38"\n')
    known.write_text('[[known_failures]]\nrequirement = "debounce.*"\nclass = "bug"\nreason = "slow"\n')
    replay.write_text("- {id: x, client: sampling, futures: [[{complete: {}}]]}\n")
    opened: Counter[str] = Counter()
    whole = os.open

    def counting(path: str, *more: int) -> int:
        opened[Path(path).name] += 1
        return whole(path, *more)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "open", counting)
    monkeypatch.setattr(conformance_run, "open_sdk", lambda spec, **_: Breaks(spec, FaultKind.STUCK))
    files = ["--profile", profile.name, "--known-failures", known.name, "--replay", replay.name]
    done = CliRunner().invoke(main, ["run", "--sdk", "official", *files])
    assert done.exit_code == 1, done.output
    assert [opened[path.name] for path in (profile, known, replay)] == [1, 1, 1]
