"""A worker runs in a lean environment: importing it needs nothing that only the kit's own process has."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from tinker_conformance.sdk.official.environments import SDK_DEPENDENCIES, WORKER_DEPENDENCIES

ROOT: Final = Path(__file__).parents[4]
IMPORTED_AS: Final = {"pyyaml": "yaml", "tomli-w": "tomli_w"}
WITHOUT: Final = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import tinker_conformance.sdk.in_process.worker
"""


def test_the_worker_imports_nothing_that_a_lean_environment_lacks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = {Requirement(text).name for text in (*SDK_DEPENDENCIES, *WORKER_DEPENDENCIES)}
    # httpx brings h11 and httpcore.
    missing = {Requirement(text).name for text in project["dependencies"]} - there - {"h11", "httpcore"}
    assert "packaging" in missing
    names = sorted(IMPORTED_AS.get(name, name) for name in missing)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
