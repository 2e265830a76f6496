"""Runs of pytest in processes of their own, without a second and a half of imports in each.

A server process has imported pytest, the plugin and the suite, and keeps no other state. Each run is a fork
of it, which ends as `python -m pytest` ends. What a run may not have been preceded by, such as the loading of
the plugin itself, is tested with `pytester.runpytest_subprocess`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NoReturn, TypedDict

import pytest

from tests.tinker_conformance.downstream.runs import QUIET

ROOT: Final = Path(__file__).parents[2]
WARM: Final = (
    *("fake_server.http", "fake_server.in_process", "tinker_conformance.downstream.clock"),
    *("tinker_conformance.strategies", "tinker_conformance.suite.items", "tinker_conformance.suite.subclass"),
    *("tinker_conformance.suite.pytest_report", "tinker_conformance.report.page"),
)
"""What runs import and the collection of the suite does not."""


class _Request(TypedDict):
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def run_pytest(pytester: pytest.Pytester, *arguments: str | Path, timeout: float = 240) -> pytest.RunResult:
    """Run pytest as `pytester.runpytest_subprocess` does, in a fork of a process that has it imported.

    Args:
        pytester: The project; its folder is the run's.
        arguments: pytest's arguments.
        timeout: Limit in real seconds.

    Raises:
        TimeoutError: The run takes longer.
    """
    if "-n" in arguments:
        return pytester.runpytest_subprocess(*arguments, timeout=timeout)  # the workers import it all anyway
    temporary = pytester.path / f"runpytest-{time.monotonic_ns()}"
    output = {name: pytester.path / name for name in ("stdout", "stderr")}
    begun = time.monotonic()
    code = _server().run([f"--basetemp={temporary}", *map(str, arguments)], pytester.path, timeout)
    lines = {name: file.read_text(encoding="utf-8").splitlines() for name, file in output.items()}
    for name, text in lines.items():
        print(*text, sep="\n", file=getattr(sys, name))
    return pytest.RunResult(code, lines["stdout"], lines["stderr"], time.monotonic() - begun)


@cache
def _server() -> _Server:
    return _Server()


class _Server:
    """The server process. It ends when this process does, because its input ends then."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, arguments: list[str], folder: Path, timeout: float) -> int:
        process = self._process
        if process is None or process.poll() is not None:  # a test of an interrupt ends all that this started
            process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        path = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "PYTHONPATH": path}
        request = _Request(arguments=arguments, folder=str(folder), environment=environment)
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if not ready.select(timeout):
                os.killpg(process.pid, signal.SIGKILL)  # the server and the run
                process.communicate()
                self._process = None
                raise TimeoutError(f"pytest {' '.join(arguments)} did not end within {timeout} s")
        return int(process.stdout.readline())

    def _started(self) -> subprocess.Popen[bytes]:
        # Not what the first test that asks has set: each run gets the environment of its own test.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked_pytest"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        return self._process


class _Imports:
    """Imports while pytest's import hook is in place, as a run of pytest does."""

    def pytest_configure(self) -> None:
        for name in WARM:
            importlib.import_module(name)


def _serve() -> None:
    answers, errors = os.fdopen(os.dup(1), "wb", buffering=0), os.dup(2)
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    # Without an SDK, the collection ends in a usage error as soon as everything is imported.
    suite = ["--pyargs", "tinker_conformance.suite"]
    pytest.main(["-c", os.devnull, *QUIET, *suite], plugins=[_Imports()])
    os.dup2(errors, 2)
    importlib.import_module("tinker_conformance.scenario.library").shipped_scenarios()
    path = [entry for entry in sys.path if entry not in {"", str(ROOT)}]
    # pytest collects garbage five times at its end; what all forks share need not be looked at.
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, threading.enumerate()
    for line in sys.stdin.buffer:
        request: _Request = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.close()
            _become(request, path)
        _, status = os.waitpid(child, 0)
        answers.write(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(request: _Request, path: Sequence[str]) -> NoReturn:
    """Run pytest in this process, as `python -m pytest` does."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.path[:] = [
        request["folder"],
        *filter(None, request["environment"]["PYTHONPATH"].split(os.pathsep)),
        *path,
    ]
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]  # the project may have a package of this name
    sys.argv = ["pytest", *request["arguments"]]
    sys.exit(pytest.main())


if __name__ == "__main__":
    _serve()
