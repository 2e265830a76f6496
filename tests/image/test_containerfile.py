"""The Containerfile: its syntax, its habits, and its steps in a plain environment; no engine is needed."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from tests.examples.toolchains import built
from tests.image.containerfile import PlainBuild, build_context, instructions
from tests.support.needs_tools import tool

ROOT = Path(__file__).parents[2]
FILE = ROOT / "Containerfile"
TEXT = FILE.read_text(encoding="utf-8")
STEPS = instructions(TEXT)
PAGE = (ROOT / "docs/how-to/run-without-python.md").read_text(encoding="utf-8")


def texts(name: str) -> list[str]:
    return [step.text for step in STEPS if step.name == name]


@pytest.mark.needs_tool("node", "npm")
@pytest.mark.parametrize(("text", "code"), [(TEXT, 0), (TEXT.replace("WORKDIR", "WORKDIRS"), 1)])
def test_a_linter_finds_nothing(text: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text(text, encoding="utf-8")
    linter = built(Path(__file__).parent / "linter", "npm install") / "node_modules/.bin/dockerfile-utils"
    command = [tool("node"), str(linter), "lint", str(tmp_path / "Containerfile")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout


def test_its_shell_commands_pass_a_linter() -> None:
    script = "#!/bin/sh\nset -eu\n" + "\n".join(texts("RUN")) + "\n"
    checker = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [checker, "-"], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_base_is_a_python_that_the_kit_supports() -> None:
    [argument] = texts("ARG")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"Programming Language :: Python :: {argument.removeprefix('PYTHON=')}" in project
    assert [text.split()[0] for text in texts("FROM")] == ["python:${PYTHON}-slim"] * 2


def test_it_does_not_run_as_root_and_installs_locked_versions() -> None:
    [user] = texts("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert [step.name for step in STEPS].index("USER") > [step.name for step in STEPS].index("ENV")
    installs = [text for text in texts("RUN") if "pip install" in text]
    assert all("--require-hashes" in text or "--no-deps" in text for text in installs)
    assert len(installs) == 2


BUILT_FROM = {
    *("LICENSE", "README.md", "pyproject.toml", "locks", "docs", "examples"),
    *("fake_server", "tinker_conformance"),
}


def test_the_context_is_the_two_packages_and_what_they_are_built_from() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in build_context(ROOT)} == BUILT_FROM


def test_all_that_the_wheel_includes_is_copied(tmp_path: Path) -> None:
    build = PlainBuild(tmp_path, ROOT, path="")
    for step in STEPS:
        if step.name != "RUN" and "--from=" not in step.text:
            build.carry_out(step)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert [name for name in included if not (tmp_path / "src" / name).exists()] == []


@pytest.mark.nightly  # `make downstream` installs the wheel and judges with it in every run of CI
def test_its_steps_make_an_environment_with_both_programs(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/python").symlink_to(sys.executable)
    build = PlainBuild(tmp_path / "image", ROOT, f"{tmp_path / 'base'}:/usr/bin:/bin")
    build.root.mkdir()
    for step in STEPS:
        build.carry_out(step)

    judged = build.run(shlex.split(_documented("tinker-conformance run")))
    assert "conforms to tinker-0.5.1" in judged

    command = [build.mapped(word) for word in build.command]
    port = command.index("--port") + 1
    assert texts("EXPOSE") == [command[port]]
    command[port] = "0"
    program = str(Path(build.variables["PATH"].split(":")[0]) / command[0])
    server = subprocess.Popen(
        [program, *command[1:]],
        cwd=build.here(),
        env=build.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        url = f"http://127.0.0.1:{started['port']}/api/v1/healthz"
        assert httpx.get(url, trust_env=False).is_success
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0
    finally:
        server.kill()
        server.communicate()


def test_the_page_has_the_commands_of_the_file() -> None:
    commands = re.findall(r"^#   (podman .*)$", TEXT, re.MULTILINE)
    assert len(commands) == 3
    assert re.findall(r"^\$ (podman .*)$", PAGE, re.MULTILINE) == commands


def test_make_builds_the_image_and_tries_it() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "image", "ENGINE=podman"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    _, build, try_it = done.stdout.splitlines()
    assert build == "podman build --tag tinker-conformance --file Containerfile ."
    assert f"$ {try_it}\n" in PAGE


def _documented(start: str) -> str:
    """The command that the page runs in a container."""
    [command] = re.findall(rf"^\$ podman run .* tinker-conformance ({start}.*)$", PAGE, re.MULTILINE)
    return str(command)
