"""`tinker-conformance matrix`: every SDK that was asked for is in it, and nothing of it outlives it."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main
from tinker_conformance.report.record_making import unjudged
from tinker_conformance.report.report_reading import Report

matrix_command = importlib.import_module("tinker_conformance.commands.matrix")

SECONDS = 90
"""Less than a worker may take to start, more than a busy machine needs to see that a parent is gone."""


def test_an_sdk_that_cannot_be_judged_is_in_every_form(tmp_path: Path) -> None:
    specs = ["--sdk", "exec:/no/such", "--sdk", "exec:/no_such", "--profile", "tinker-0.1"]
    done = CliRunner().invoke(main, ["matrix", *specs, "--report", str(tmp_path)])
    assert done.exit_code == 6, done.output
    data = json.loads((tmp_path / "matrix.json").read_text())
    assert [start["sdk"]["spec"] for start in data["reports"]] == ["exec:/no/such", "exec:/no_such"]
    for name in ("matrix.html", "matrix.md"):
        assert "not judged" in (tmp_path / name).read_text()
    assert "exec:/no/such: could not be judged (exit code 4): " in " ".join(done.output.split())


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    folder = tmp_path / "exec_no_such"
    folder.mkdir()
    (folder / "report.jsonl").write_text("from before")
    arguments = ["matrix", "--sdk", "exec:/no/such", "--profile", "tinker-0.1", "--report", str(tmp_path)]
    assert CliRunner().invoke(main, arguments).exit_code == 6
    assert not (folder / "report.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "beside"),
    [
        ([], ["official==latest"]),
        (["--versions", "0.38.0"], ["official==0.38.0"]),
        (["--sdk", "reference"], ["reference"]),
    ],
)
def test_the_catalogue_is_judged_beside_an_official_release(
    options: list[str], beside: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []

    def remember(spec: str, profile: str | None, folder: Path, console: object) -> Report:
        judged.append(spec)
        return unjudged(spec, profile, "only remembered")

    monkeypatch.setattr(matrix_command, "_judged", remember)
    arguments = ["matrix", "--catalogue", *options, "--report", str(tmp_path)]
    assert CliRunner().invoke(main, arguments).exit_code == 6
    assert judged == ["package:fireworks-ai", "package:mindlab-toolkit", "package:twinkle-kit", *beside]


def _marked(mark: str) -> list[int]:
    """The processes that were started with this in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def test_its_child_ends_with_it_even_if_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "tinker_conformance", "matrix", "--sdk", "python:slow:Adapter"]
    command += ["--profile", "tinker-0.1", "--report", str(tmp_path / "m")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "MATRIX_MARK": mark}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        limit = time.monotonic() + SECONDS
        while len(_marked(mark)) < 3:  # itself, the command `run`, and a worker of that
            assert time.monotonic() < limit
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    limit = time.monotonic() + SECONDS
    while left := _marked(mark):
        assert time.monotonic() < limit, left
        time.sleep(0.05)
