"""Mutates modules in a copy of the project and runs their tests: python -m tests.mutation [MODULE …].

Ends with 1 if a mutant survives that docs/mutation.md does not explain. Takes a quarter of an hour.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/mutation.md"

TARGETS: Final = {
    "tinker_conformance/queue_state.py": "tests/reference/test_queue_state.py",
    "tinker_conformance/observer.py": (
        "tests/reference/test_observer.py tests/reference/test_observer_edges.py"
    ),
    "tinker_conformance/polling.py": "tests/reference/test_polling.py",
    "tinker_conformance/judging/facts.py": "tests/judging/test_facts.py",
    "tinker_conformance/judging/delays.py": "tests/judging/test_delays.py",
}
"""The modules that are mutated, each with the tests that must notice."""

_SECONDS: Final = 60.0
"""How long the tests may take on a mutant; one that hangs is noticed too."""

_WITHOUT: Final = [
    # `X | None` in an annotation is never evaluated.
    "core/ReplaceBinaryOperator_BitOr_.*",
    # The members of an enumeration are equal only to themselves.
    "core/ReplaceComparisonOperator_Is_Eq",
    "core/ReplaceComparisonOperator_IsNot_NotEq",
]
"""Changes that change nothing, by the tool's names for them."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Attributes:
        module: The module's path.
        removed: The lines as they were, without the space around.
        added: The lines as they became.
        survived: Whether the tests passed all the same.
    """

    module: str
    removed: str
    added: str
    survived: bool

    def __str__(self) -> str:
        cells = (Path(self.module).name, self.removed, self.added or "(nothing)")
        return "".join(f"| `{cell.replace('|', chr(92) + '|')}` " for cell in cells) + "|"


def mutants(module: str, tests: str, folder: Path) -> list[Mutant]:
    """Runs the tests on every mutant of a module."""
    python = sys.executable
    config, session = folder / "mutation.toml", folder / "mutation.sqlite"
    session.unlink(missing_ok=True)
    command = f"{python} -m pytest -x -q -p no:cacheprovider {tests}"
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {json.dumps(module)}\ntimeout = {_SECONDS}\nexcluded-modules = []\n"
        f"test-command = {json.dumps(command)}\n[cosmic-ray.distributor]\nname = 'local'\n"
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(_WITHOUT)}\n",
        encoding="utf-8",
    )

    def run(*arguments: str) -> str:
        tool = Path(python).parent
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [str(tool / arguments[0]), *arguments[1:]],
            cwd=folder,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    run("cosmic-ray", "init", str(config), str(session))
    run("cr-filter-operators", str(session), str(config))
    run("cosmic-ray", "exec", str(config), str(session))
    return [
        made for line in run("cosmic-ray", "dump", str(session)).splitlines() if (made := _read(module, line))
    ]


def _read(module: str, line: str) -> Mutant | None:
    _, result = json.loads(line)
    if result is None or result["worker_outcome"] == "skipped" or not result["diff"]:
        return None
    changed = [text for text in result["diff"].splitlines() if not text.startswith(("---", "+++", "@@"))]
    return Mutant(
        module,
        " ".join(text[1:].strip() for text in changed if text.startswith("-")).strip(),
        " ".join(text[1:].strip() for text in changed if text.startswith("+")).strip(),
        survived=result["test_outcome"] == "survived",
    )


def main(asked: Iterable[str]) -> int:
    """Mutates the modules asked for, or all; prints the survivors."""
    modules = tuple(asked) or tuple(TARGETS)
    page = PAGE.read_text(encoding="utf-8")
    unexplained = 0
    with (
        tempfile.TemporaryDirectory(prefix="mutation-") as scratch,
        contextlib.redirect_stderr(io.StringIO()),
    ):
        folder = Path(scratch) / "project"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "*.sqlite", "__pycache__"))
        for module in modules:
            made = mutants(module, TARGETS[module], folder)
            survivors = [mutant for mutant in made if mutant.survived]
            print(f"{module}: {len(made)} mutants, {len(survivors)} survive", flush=True)
            for mutant in survivors:
                known = str(mutant) in page
                unexplained += not known
                print(f"  {'explained' if known else 'UNEXPLAINED'}: {mutant}", flush=True)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
