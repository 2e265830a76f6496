"""The worked migration: the mock accepts the loop as first written, the fixtures refuse each mistake."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tinker_conformance.sdk.official.environments import lean_environment

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "migration"


@pytest.mark.slow
def test_both_files_pass_with_the_official_sdk() -> None:
    lean = lean_environment("0.38.0")
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    options = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio", "-c", os.devnull]
    done = subprocess.run(
        [str(lean.python), "-m", "pytest", "-q", *options, str(EXAMPLE)],
        cwd=EXAMPLE,
        env={**lean.environment(), "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    written = "".join(file.read_text(encoding="utf-8") for file in EXAMPLE.glob("test_*.py"))
    assert f"{written.count('def test_')} passed" in done.stdout, done.stdout + done.stderr


def test_the_page_names_every_file() -> None:
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in EXAMPLE.glob("*.py") if f"({file.name})" not in page] == []
