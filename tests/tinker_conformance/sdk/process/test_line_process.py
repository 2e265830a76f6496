"""A child process that speaks lines: limits, faults, and its end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tinker_conformance.sdk.process.line_process import (
    MAX_STDERR,
    LineProcess,
    LineProcessError,
    ProcessProblem,
)
from tinker_conformance.sdk.process.marked_processes import MARK, marked_processes

ECHO = "import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()"


@pytest.fixture
def started() -> Iterator[list[LineProcess]]:
    processes: list[LineProcess] = []
    yield processes
    for process in processes:
        process.close(politely=False)
        assert process.exit_code is not None


def python(started: list[LineProcess], code: str, **more: int) -> LineProcess:
    process = LineProcess([sys.executable, "-u", "-c", code], **more)
    started.append(process)
    return process


@contextmanager
def fails(problem: ProcessProblem, *, match: str) -> Iterator[None]:
    with pytest.raises(LineProcessError, match=match) as caught:
        yield
    assert caught.value.problem is problem


def test_lines_go_both_ways_whatever_their_length(started: list[LineProcess]) -> None:
    process = python(started, ECHO)
    for line in (b"a", b"", b"x" * 3_000_000, "ä".encode()):
        process.send(line)
        assert process.receive(20) == line


def test_what_is_in_the_pipe_is_taken_without_waiting_and_only_whole_lines(
    started: list[LineProcess],
) -> None:
    process = python(
        started, "import sys; sys.stdout.write('one\\ntwo\\nthr'); sys.stdout.flush(); input(); print('ee')"
    )
    assert process.receive(20) == b"one"
    assert process.ready_lines() == [b"two"]
    assert process.ready_lines() == []
    process.send(b"")
    assert process.receive(20) == b"three"


def test_a_silent_child_is_an_error_after_the_limit(started: list[LineProcess]) -> None:
    process = python(started, "input()")
    with fails(ProcessProblem.SILENT, match=r"wrote no line within 0\.1 s"):
        process.receive(0.1)


def test_a_child_that_does_not_read_is_an_error_after_the_limit(started: list[LineProcess]) -> None:
    process = python(started, "import time; time.sleep(60)")
    with fails(ProcessProblem.SILENT, match=r"did not read its standard input within 0\.2 s"):
        process.send(b"x" * 10_000_000, 0.2)


def test_a_child_that_must_write_before_it_reads_is_no_deadlock(started: list[LineProcess]) -> None:
    process = python(started, "import sys; print('x' * 500_000); print(len(sys.stdin.readline()))")
    process.send(b"y" * 500_000)
    assert len(process.receive(20)) == 500_000
    assert process.receive(20) == b"500001"


def test_lines_written_before_the_end_are_read_before_the_end_is_reported(started: list[LineProcess]) -> None:
    process = python(started, "import os; print('last words'); os._exit(5)")
    assert process.receive(20) == b"last words"
    for _ in range(2):
        with fails(ProcessProblem.EXITED, match="exit code 5"):
            process.receive(20)


def test_a_child_of_the_child_that_holds_the_pipe_does_not_hide_the_end(started: list[LineProcess]) -> None:
    process = LineProcess(["sh", "-c", "sleep 60 & echo hello; exit 3"])
    started.append(process)
    assert process.receive(20) == b"hello"
    begun = time.monotonic()
    with fails(ProcessProblem.EXITED, match="exit code 3"):
        process.receive(20)
    assert time.monotonic() - begun < 15


def test_closed_pipes_are_errors_of_their_own(started: list[LineProcess]) -> None:
    output = python(started, "import os, time; os.close(1); time.sleep(60)")
    with fails(ProcessProblem.PIPE_CLOSED, match="standard output"):
        output.receive(20)
    given = python(started, "import os, time; os.close(0); print('closed'); time.sleep(60)")
    assert given.receive(20) == b"closed"
    with fails(ProcessProblem.PIPE_CLOSED, match="standard input"):
        given.send(b"hello")


def test_a_line_beyond_the_limit_is_an_error_that_shows_its_beginning(started: list[LineProcess]) -> None:
    process = python(started, "print('fine'); print('y' * 5000); print('never seen')", max_line=1000)
    assert process.receive(20) == b"fine"
    for _ in range(2):
        with fails(ProcessProblem.LINE_TOO_LONG, match="a line of more than 1000 bytes: b'yyy"):
            process.receive(20)


def test_the_tail_of_standard_error_is_kept_and_no_more(started: list[LineProcess]) -> None:
    process = python(
        started, "import sys; sys.stderr.write('a' * 300_000 + 'the end'); sys.stderr.flush(); print()"
    )
    assert process.receive(20) == b""
    tail = process.stderr_tail()
    assert tail.endswith("the end")
    assert len(tail) == MAX_STDERR


def test_a_waiting_thread_can_be_woken(started: list[LineProcess]) -> None:
    process = python(started, "input()")
    threading.Timer(0.05, process.wake).start()
    begun = time.monotonic()
    process.wait(30)
    assert time.monotonic() - begun < 20


def test_killing_from_another_thread_ends_a_read(started: list[LineProcess]) -> None:
    process = python(started, "input()")
    threading.Timer(0.05, process.kill).start()
    with fails(ProcessProblem.EXITED, match="SIGKILL"):
        process.receive(20)


def test_what_a_child_started_in_a_session_of_its_own_ends_with_it() -> None:
    sleeper = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
    parent = (
        f"import subprocess, sys; exec({sleeper!r});"
        f"subprocess.Popen([sys.executable, '-c', {sleeper!r}], start_new_session=True);"
        "print(flush=True); input()"
    )
    process = LineProcess([sys.executable, "-c", parent])
    assert process.receive(20) == b""
    mark = dict(e.split("=", 1) for e in _environment(process._process.pid))[MARK]
    deadline = time.monotonic() + 20
    while len(list(marked_processes(mark))) < 3:
        assert time.monotonic() < deadline
    process.close(politely=False)
    assert list(marked_processes(mark)) == []


def _environment(pid: int) -> list[str]:
    return [e.decode() for e in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if b"=" in e]


def test_a_polite_end_lets_the_child_finish(started: list[LineProcess], tmp_path: Path) -> None:
    process = python(
        started,
        f"import sys; sys.stdin.read(); open({str(tmp_path / 'x')!r}, 'w').close(); print('y' * 200_000)",
    )
    process.close()
    assert process.exit_code == 0
    assert (tmp_path / "x").exists()
    process.close()


def test_a_command_that_does_not_exist_is_an_error_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "there is no program '/no/such/program'; give its path, or the name of a program on the PATH"
    with fails(ProcessProblem.NOT_STARTED, match=text):
        LineProcess(["/no/such/program"])
    script = tmp_path / "adapter"
    script.write_text("#!/no/such/interpreter\n")
    with fails(ProcessProblem.NOT_STARTED, match="is not an executable file; make it executable"):
        LineProcess([str(script)])
    monkeypatch.chdir(tmp_path)
    with fails(ProcessProblem.NOT_STARTED, match="on the PATH; for the file in this folder, write ./adapter"):
        LineProcess(["adapter"])
    script.chmod(0o755)
    with fails(ProcessProblem.NOT_STARTED, match="names an interpreter .* that does not exist"):
        LineProcess([str(script)])


def test_closing_gives_back_every_descriptor() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        process = LineProcess([sys.executable, "-c", "input()"])
        process.close(politely=False)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
