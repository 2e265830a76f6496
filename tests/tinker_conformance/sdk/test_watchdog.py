"""Whoever kills the kit: what it started ends with it, and its temporary folders go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinker_conformance.sdk.process.marked_processes import MARK, marked_processes
from tinker_conformance.sdk.watchdog import Watchdog

SECONDS = 60
STUBBORN = """
import json, os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"], start_new_session=True)
about = dict(type="started", protocol=1, name="x", version="1", language="python", profile=None)
about.update(capabilities=["sampling"], operations=["sample"], clocks=["file"])
sys.stdin.readline()
print(json.dumps(about), flush=True)
open(os.environ["REACHED"], "w").close()
while True:
    time.sleep(600)
"""
"""An adapter that ignores the end of its input and every signal that it can."""
EVERYTHING = """
import sys, threading, time
from tinker_conformance.sdk.official import pip
from tinker_conformance.sdk.process.line_process import LineProcess
from tinker_conformance.sdk.temporary_folder import TemporaryFolder
waits = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
folder, process = TemporaryFolder(), LineProcess(waits)
threading.Thread(target=pip.run, args=(waits,), kwargs=dict(seconds=600, what="x"), daemon=True).start()
open(sys.argv[1], "w").close()
time.sleep(600)
"""


def _until(condition: Callable[[], object], what: Callable[[], object] = lambda: None) -> None:
    limit = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < limit, what()
        time.sleep(0.02)


def _marked(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


@pytest.mark.parametrize(
    ("command", "processes"),
    [
        (["run", "--sdk"], 5),  # itself, the watchdog, the reference, the adapter, and what that started
        pytest.param(["trace", "s.yaml", "--sdk"], 4, marks=pytest.mark.slow),  # no reference
        pytest.param(["identify", "--sdk"], 5, marks=pytest.mark.slow),
        pytest.param(["check-adapter"], 4, marks=pytest.mark.slow),
        (["matrix", "--report", "m", "--sdk"], 6),  # the command `run` below it
        (None, 4),  # itself, the watchdog, a process, pip
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_killed_kit_leaves_no_process_and_no_folder(
    command: list[str] | None, processes: int, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text("- {id: x, client: sampling, futures: [[{complete: {}}]]}\n")
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    (tmp_path / "tmp").mkdir()
    mark, reached = uuid.uuid4().hex, tmp_path / "reached"
    arguments = ["-c", EVERYTHING, str(reached)]
    if command is not None:
        profile = [] if command[0] in {"identify", "check-adapter"} else ["--profile", "tinker-0.1"]
        spec = f"exec:{sys.executable} {tmp_path / 'stubborn.py'}"
        arguments = ["-m", "tinker_conformance", *command, spec, *profile]
    environment = {**os.environ, "KIT_MARK": mark, "TMPDIR": str(tmp_path / "tmp"), "REACHED": str(reached)}
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as kit:
        _until(lambda: reached.exists() and len(_marked(mark)) >= processes, lambda: _marked(mark))
        assert list((tmp_path / "tmp").glob("tinker-conformance-*"))
        kit.send_signal(signal.SIGKILL)
    _until(lambda: not _marked(mark), lambda: _marked(mark))
    assert not list((tmp_path / "tmp").glob("tinker-conformance-*"))


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    made = Watchdog()
    yield made
    made.end()


def _sleeping(mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: mark}, start_new_session=True)


def test_what_was_released_is_left_alone(watchdog: Watchdog, tmp_path: Path) -> None:
    marks = [uuid.uuid4().hex for _ in range(2)]
    held, released = map(_sleeping, marks)
    grouped, folders = _sleeping(""), [tmp_path / "held\n é", tmp_path / "released"]
    for mark, folder in zip(marks, folders, strict=True):
        watchdog.watch_mark(mark)
        folder.mkdir()
        watchdog.watch_folder(folder)
    watchdog.watch_group(grouped.pid)
    watchdog.release_mark(marks[1])
    watchdog.release_folder(folders[1])
    watchdog.end()
    watchdog.end()
    assert [held.wait(SECONDS), grouped.wait(SECONDS)] == [-signal.SIGKILL] * 2
    assert list(marked_processes(marks[1])) == [released.pid]
    assert [folder.exists() for folder in folders] == [False, True]
    released.kill()
    released.wait()


def test_a_watchdog_that_was_killed_is_replaced(watchdog: Watchdog) -> None:
    mark = uuid.uuid4().hex
    process = _sleeping(mark)
    watchdog.watch_mark(mark)
    first = watchdog._process
    assert first is not None
    first.kill()
    first.wait()
    watchdog.watch_group(2**22)  # no such group
    watchdog.end()
    assert process.wait(SECONDS) == -signal.SIGKILL


def test_it_reads_no_signal_that_a_terminal_sends(watchdog: Watchdog) -> None:
    mark = uuid.uuid4().hex
    process = _sleeping(mark)
    watchdog.watch_mark(mark)
    beside = watchdog._process
    assert beside is not None
    assert os.getsid(beside.pid) != os.getsid(0)
    ignored = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)

    def ready() -> bool:
        (line,) = [
            line
            for line in Path(f"/proc/{beside.pid}/status").read_text().splitlines()
            if line.startswith("SigIgn:")
        ]
        return all(int(line.split()[1], 16) & 1 << number - 1 for number in ignored)

    _until(ready)
    for number in ignored:
        beside.send_signal(number)
    watchdog.end()
    assert beside.returncode == 0
    assert process.wait(SECONDS) == -signal.SIGKILL


def test_a_kit_without_one_works(monkeypatch: pytest.MonkeyPatch, watchdog: Watchdog) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    watchdog.watch_mark("x")
    watchdog.release_mark("x")
    assert watchdog._process is None
