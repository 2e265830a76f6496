"""The composite action: its one required input, its script, and what the script leaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fake_server import FakeTinker, FakeTinkerServer

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / ".github/judge.sh"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SECONDS = 120
MODEL = "Qwen/Qwen3-8B"


def test_every_input_has_a_default() -> None:
    assert all("default" in each and not each.get("required") for each in ACTION["inputs"].values())


def test_every_input_reaches_the_script_through_the_environment_alone() -> None:
    (step,) = ACTION["runs"]["steps"]
    assert "${{" not in step["run"]
    text = SCRIPT.read_text(encoding="utf-8")
    for variable in step["env"]:
        assert f"${{{variable}" in text or f"${variable}" in text, variable
    given = " ".join(step["env"].values())
    assert set(re.findall(r"inputs\.([\w-]+)", given)) == set(ACTION["inputs"])


def test_every_output_is_written_by_the_script() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.judge.outputs.{name} }}}}"
        assert f'echo "{name}=' in text


@pytest.mark.parametrize(
    "script", [".github/judge.sh", ".ci/run", ".ci/downstream", ".ci/find-python", ".ci/setup-system"]
)
def test_the_scripts_are_shell_checked(script: str) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, ROOT / script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _judge(folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    outputs, summary = folder / "outputs", folder / "summary"
    environment = {
        **os.environ,
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(summary),
        "CONFORMANCE_COMMAND": str(Path(sys.executable).with_name("tinker-conformance")),
        "CONFORMANCE_REPORT": str(folder / "a report"),
        **{f"CONFORMANCE_{name.upper()}": value for name, value in inputs.items()},
    }
    done = subprocess.run(
        [SCRIPT], env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    written = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
    return done.returncode, written, summary.read_text(encoding="utf-8") if summary.exists() else ""


@pytest.mark.slow
def test_the_script_leaves_page_and_summary(tmp_path: Path) -> None:
    code, outputs, summary = _judge(tmp_path, sdk="reference", profile="tinker-0.5.1", as_of="0.1.0")
    assert code == 0
    assert outputs["exit-code"] == "0"
    assert Path(outputs["page"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert Path(outputs["summary"]).read_text(encoding="utf-8") == summary
    assert "conforms to tinker" in summary


def test_the_script_judges_a_server(tmp_path: Path) -> None:
    with FakeTinkerServer(FakeTinker(seed=7, strict=True)) as server:
        code, outputs, summary = _judge(
            tmp_path, server_url=server.url, base_model="Qwen/Qwen3-8B", quick="true"
        )
    assert (code, outputs["exit-code"]) == (0, "0")
    assert "conforms to tinker" in summary


@pytest.mark.parametrize("inputs", [{}, {"sdk": "reference", "server_url": "http://127.0.0.1:1"}])
def test_the_script_needs_one_subject(tmp_path: Path, inputs: dict[str, str]) -> None:
    done = subprocess.run(
        [SCRIPT],
        env={**os.environ, "CONFORMANCE_COMMAND": "true"}
        | {f"CONFORMANCE_{name.upper()}": value for name, value in inputs.items()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "sdk" in done.stderr
    assert "server-url" in done.stderr


def test_the_script_ends_with_the_code_of_the_run_and_splits_no_input(tmp_path: Path) -> None:
    code, outputs, summary = _judge(tmp_path, sdk="reference; touch owned $(touch owned)", profile="x")
    assert (code, outputs, summary) == (2, {"exit-code": "2"}, "")
    assert not (tmp_path / "owned").exists()
