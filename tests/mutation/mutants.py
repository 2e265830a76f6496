"""Runs the tests on every mutant of a module, in a copy of the project, with cosmic-ray."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tinker_conformance.sdk.process.marked_processes import MARK, kill_marked

from .targets import EQUIVALENT, PACKAGE, ROOT

_LEAST_SECONDS: Final = 10.0
_TIMES_SLOWER: Final = 10.0
"""How much longer than on the module as it is the tests may take; a mutant on which they hang is noticed."""

_PYTEST: Final = (
    # Plugins that the tests do without take longer to load than the tests to run.
    "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
    "-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:anyio",
)  # fmt: skip


class MutationError(RuntimeError):
    """The mutants cannot be judged; the text says why and how to fix it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Attributes:
        module: The module's path below the package.
        removed: The lines as they were, without the space around.
        added: The lines as they became.
        survived: Whether the tests passed all the same.
    """

    module: str
    removed: str
    added: str
    survived: bool

    @property
    def row(self) -> str:
        """How the page names it: the beginning of a row of its table."""
        cells = (self.module, self.removed, self.added or "(nothing)")
        return "".join(f"| `{cell.replace('|', chr(92) + '|')}` " for cell in cells) + "|"


@dataclass(frozen=True, slots=True)
class Workshop:
    """A copy of the project, and the mark of every process that is started there.

    Attributes:
        folder: Where the copy is.
        mark: What the processes are found by.
    """

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def mutants(self, module: str, tests: tuple[str, ...]) -> list[Mutant]:
        """Tries every mutant.

        Raises:
            MutationError: If the tests fail on the module as it is, or the tool fails.
        """
        pytest = (sys.executable, *_PYTEST, *(f"tests/{test}" for test in tests))
        began = time.monotonic()
        self._run(*pytest, failing=f"the tests of {module} fail on the module as it is; fix them first")
        limit = _LEAST_SECONDS + _TIMES_SLOWER * (time.monotonic() - began)
        config, session = self.folder / "mutation.toml", self.folder / "mutation.sqlite"
        session.unlink(missing_ok=True)
        config.write_text(
            f"[cosmic-ray]\nmodule-path = {json.dumps(f'{PACKAGE}/{module}')}\ntimeout = {limit:.1f}\n"
            f"excluded-modules = []\ntest-command = {json.dumps(' '.join(pytest))}\n"
            "[cosmic-ray.distributor]\nname = 'local'\n"
            f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(EQUIVALENT)}\n",
            encoding="utf-8",
        )
        self._tool("cosmic-ray", "init", str(config), str(session))
        self._tool("cr-filter-operators", str(session), str(config))
        self._tool("cosmic-ray", "exec", str(config), str(session))
        dumped = self._tool("cosmic-ray", "dump", str(session))
        return [made for line in dumped.splitlines() if (made := read_mutant(module, line))]

    def _tool(self, name: str, *arguments: str) -> str:
        failing = f"{name} {arguments[0]} failed; install the project with its extra [mutation]"
        return self._run(str(Path(sys.executable).with_name(name)), *arguments, failing=failing)

    def _run(self, *command: str, failing: str) -> str:
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            MARK: self.mark,
        }
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                check=True,
                text=True,
                capture_output=True,
            )
        except FileNotFoundError as error:
            raise MutationError(f"there is no {command[0]}: {failing}") from error
        except subprocess.CalledProcessError as error:
            raise MutationError(f"{failing}\n{error.stdout}{error.stderr}") from error
        return done.stdout


@contextlib.contextmanager
def workshop() -> Iterator[Workshop]:
    """A copy of the project for a while; in the end nothing is left of it, nor of what was started there."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        made = Workshop(Path(scratch) / "project")
        left_out = shutil.ignore_patterns(".*", "*.sqlite", "__pycache__", "build")
        shutil.copytree(ROOT, made.folder, ignore=left_out)
        try:
            yield made
        finally:
            kill_marked(made.mark)


def read_mutant(module: str, line: str) -> Mutant | None:
    """One line of the tool's dump; None for a mutant that was left out."""
    _, result = json.loads(line)
    match result:
        case {"worker_outcome": "skipped" | "no-test"}:
            return None
        case {"worker_outcome": "normal", "test_outcome": "survived" | "killed"}:
            pass
        case _:
            raise MutationError(f"a mutant of {module} was not tried: {result}; run it again")
    changed = [text for text in result["diff"].splitlines() if not text.startswith(("---", "+++", "@@"))]
    return Mutant(
        module,
        " ".join(text[1:].strip() for text in changed if text.startswith("-")).strip(),
        " ".join(text[1:].strip() for text in changed if text.startswith("+")).strip(),
        survived=result["test_outcome"] == "survived",
    )
