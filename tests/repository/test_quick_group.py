"""`make test` leaves out the slow tests, and yet each requirement meets an SDK that it must catch."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.broken_sdks.registry import BROKEN_SDKS
from tinker_conformance.requirements import REQUIREMENTS

ROOT = Path(__file__).parents[2]
_GROUPS = ("test", "test-all", "test-nightly")


def _pytest_command(target: str) -> list[str]:
    """The command that `make` runs pytest with, as Make itself expands it."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (command,) = (line for line in done.stdout.splitlines() if "/pytest " in line)
    return shlex.split(command)


def _collected(command: list[str]) -> subprocess.CompletedProcess[str]:
    # With options of the user's, such as -v, the names would be printed in another form.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)


def _selected_broken_sdks(target: str, test: str) -> set[str]:
    command = [*_pytest_command(target), "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    command += ["--numprocesses=0", "tests/broken_sdks/test_broken_sdks.py"]
    done = _collected(command)
    return set(re.findall(rf"::{test}\[(.+)\]", done.stdout))


def test_the_quick_group_has_a_broken_sdk_for_each_requirement() -> None:
    selected = _selected_broken_sdks(
        "test", "test_a_broken_sdk_breaks_what_it_declares_for_the_reason_that_it_declares"
    )
    caught = {BROKEN_SDKS[name].caught_by for name in selected}
    assert {required.id for required in REQUIREMENTS} - caught == set()


@pytest.mark.slow
def test_make_test_all_leaves_out_only_what_a_slow_test_asks_too() -> None:
    command = [*_pytest_command("test-all"), "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    command += ["--numprocesses=0", "-m", "part_of_a_slow_test", "tests"]
    done = _collected(command)
    left_out = {line.split("[")[0] for line in done.stdout.splitlines() if "::" in line}
    assert {each.partition("::")[2] for each in left_out} == {
        "test_a_broken_sdk_breaks_what_it_declares_for_the_reason_that_it_declares"
    }
    assert _selected_broken_sdks("test-all", "test_a_broken_sdk_breaks_nothing_else") == set(BROKEN_SDKS)


def test_ci_runs_every_test_that_does_not_repeat_a_proof_and_github_runs_those_every_night() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.search(r"^make test-all \|\| failed=", script, flags=re.MULTILINE)
    workflow = (ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8")
    assert re.search(r"^      - run: make test-nightly$", workflow, flags=re.MULTILINE)
    assert "cron:" in workflow
    options = [command[command.index("-m") + 1] for command in map(_pytest_command, _GROUPS)]
    assert options == ["not slow and not nightly", "not part_of_a_slow_test and not nightly", "nightly"]


def _phony() -> set[str]:
    (line,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return {*line.split()}


@pytest.mark.parametrize("target", sorted(_phony()))
def test_make_knows_how_to_reach_each_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target, "ENGINE=podman"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_the_steps_of_ci_are_targets() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:nice )?make (.*)$", script, re.MULTILINE)
    targets = _phony() | {".venv/.installed"}
    steps = [next(word for word in line.split() if word in targets) for line in lines]
    assert steps == ["setup-system", ".venv/.installed", "static-checks", "test-all", "run-checks"]


@pytest.mark.parametrize("fails", ["", "static-checks", "test-all", "run-checks"])
def test_ci_fails_if_the_tests_fail_or_the_checks_and_prints_the_output_of_both(
    tmp_path: Path, fails: str
) -> None:
    (tmp_path / ".ci").mkdir()
    script = shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    make = tmp_path / "bin/make"
    make.parent.mkdir()
    make.write_text(f"#!/bin/sh\nfor each; do :; done\necho ran $each\ntest $each != '{fails}'\n")
    make.chmod(0o755)
    path = os.pathsep.join([str(make.parent), os.environ["PATH"]])
    done = subprocess.run(
        [script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is bool(fails)
    assert done.stdout.splitlines() == [
        f"ran {step}"
        for step in ("setup-system", ".venv/.installed", "test-all", "static-checks", "run-checks")
    ]


def test_the_checks_beside_the_tests_are_all_there_and_only_the_newest_versions_may_fail() -> None:
    command = ["make", "--dry-run", "--no-print-directory", "checks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for step in (
        *(
            ".venv/bin/ruff check",
            ".venv/bin/lint-imports",
            ".venv/bin/mypy",
            "/mkdocs build",
            "matrix --catalogue",
        ),
        *(
            ".venv-lowest/bin/pytest",
            ".venv-lowest/bin/python -m tinker_conformance run",
            ".venv-newest/bin/pytest",
        ),
        *("--sdk official==0.38.0", "--sdk official==0.6.3", "exec:node examples/node/adapter.mjs"),
        *(f".ci/find-python {version}" for version in ("3.11", "3.12", "3.13")),
    ):
        assert step in done.stdout, step
    optional = [line for line in done.stdout.splitlines() if re.search(r"\bmake .*\|\|", line)]
    assert [re.findall(r"make ([\w-]+)", line) for line in optional] == [["test-newest"]]


@pytest.mark.parametrize(
    ("new", "printed"),
    [
        ("attrs==1.0\nhttpx==0.28.1\n", []),
        ("httpx==0.28.1\n", []),
        ("attrs==1.0\nhttpx==0.28.2\n", ["httpx==0.28.2"]),
        ("Zope==1.0\nattrs==1.0\n", ["Zope==1.0"]),
    ],
)
def test_what_is_newer_than_the_lock_is_printed(new: str, printed: list[str], tmp_path: Path) -> None:
    script = tmp_path / ".ci" / "newer-than-locked"
    script.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "newer-than-locked", script)
    for environment, frozen in ((".venv", "httpx==0.28.1\nattrs==1.0\n"), ("new", new)):
        python = tmp_path / environment / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\ncat << END\n{frozen}END\n")
        python.chmod(0o755)
    done = subprocess.run([script, "new"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == printed


def test_a_python_is_found_by_its_version_and_one_that_is_not_there_is_nothing() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    found, missing = (
        subprocess.run([ROOT / ".ci/find-python", each], capture_output=True, text=True, check=False)
        for each in (version, "2.99")
    )
    assert found.returncode == missing.returncode == 0
    assert not missing.stdout
    asked = [found.stdout.strip(), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == version
