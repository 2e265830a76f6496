"""`make test` leaves out the slow tests, and yet each requirement meets an SDK that it must catch."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.broken_sdks.registry import BROKEN_SDKS
from tinker_conformance.requirements import REQUIREMENTS

ROOT = Path(__file__).parents[2]


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


def _selected_broken_sdks(target: str, test: str) -> set[str]:
    command = [*_pytest_command(target), "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    command += ["--numprocesses=0", "tests/broken_sdks/test_broken_sdks.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(rf"::{test}\[(.+)\]", done.stdout))


def test_the_quick_group_has_a_broken_sdk_for_each_requirement() -> None:
    selected = _selected_broken_sdks(
        "test", "test_a_broken_sdk_breaks_what_it_declares_for_the_reason_that_it_declares"
    )
    caught = {BROKEN_SDKS[name].caught_by for name in selected}
    assert {required.id for required in REQUIREMENTS} - caught == set()


def test_make_test_all_leaves_nothing_out() -> None:
    assert _selected_broken_sdks("test-all", "test_a_broken_sdk_breaks_nothing_else") == set(BROKEN_SDKS)


def test_ci_runs_every_test() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.search(r"^make test-all$", script, flags=re.MULTILINE)


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


def test_the_steps_of_ci_are_targets_and_the_other_versions_are_among_them() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    steps = set(re.findall(r"^\s*(?:timeout \d+ )?make ([\w-]+)", script, re.MULTILINE))
    assert steps <= _phony()
    assert {
        "test-all",
        "lint",
        "types",
        "docs",
        "conformance",
        "downstream",
        "test-lowest",
        "test-newest",
    } <= steps
    # Only the legs with other versions may fail.
    optional = re.findall(r"^.*\bmake .*\|\|", script, re.MULTILINE)
    assert [re.findall(r"make ([\w-]+)", line) for line in optional] == [["test-lowest"], ["test-newest"]]
