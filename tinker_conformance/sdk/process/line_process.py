"""A child process that reads and writes lines, with limits on time and memory, and a certain end.

Every wait has a time limit. Output that the kit has not read stays in the pipe, so the child blocks, and the
kit's memory is bounded. Lines are read on the calling thread, without waiting (`ready_lines`) or with a time
limit (`receive`). Both are thread-safe, so that another thread can read the pipe when an event occurs.

The child leads its own process group, so that its own children end with it. A process that left the group is
found by a mark in its environment (`marked_processes`). The end of standard error is kept for error messages.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import IO, Final

from tinker_conformance.clocks.quiet import runnable
from tinker_conformance.error_families import SdkError
from tinker_conformance.sdk.process.line_reader import CHUNK, LineReader, Pipe, TailReader
from tinker_conformance.sdk.process.marked_processes import MARK, kill_marked, marked_processes
from tinker_conformance.sdk.watchdog import watchdog

MAX_LINE: Final = 16 * 1024 * 1024
"""Default limit for one line, in bytes. A longer line is an error of the child."""
MAX_STDERR: Final = 16 * 1024
"""How much of the end of standard error is kept, in bytes."""
SEND_SECONDS: Final = 10.0
"""Time limit for the child to read a line, in real seconds."""
END_SECONDS: Final = 2.0
"""Time limit for the child to exit after the end of its standard input, in real seconds."""

_SLICE_SECONDS: Final = 0.1
"""How often to check whether the child has exited, where the system cannot notify the kit; real seconds."""
_CODE_SECONDS: Final = 1.0
"""How long to wait for the exit code after the end of standard output, in real seconds."""

_running: set[LineProcess] = set()
"""The child processes that are not closed yet; they are closed when this process exits."""


class ProcessProblem(Enum):
    """Why a child process cannot be used."""

    NOT_STARTED = auto()
    """The command could not be started."""
    EXITED = auto()
    """The child exited."""
    PIPE_CLOSED = auto()
    """The child closed its standard input or output but still runs."""
    SILENT = auto()
    """The child wrote no line, or read none, within the time limit."""
    LINE_TOO_LONG = auto()
    """The child wrote a line longer than the limit."""


def _why_not(program: str, error: Exception) -> str:
    """Return why a program cannot be started, and the fix."""
    match error:
        case FileNotFoundError() if "/" in program and Path(program).exists():
            return (
                f"{program!r} names an interpreter in its first line that does not exist; correct that line"
            )
        case FileNotFoundError() if "/" not in program and Path(program).is_file():
            return (
                f"there is no program {program!r} on the PATH; for the file in this folder, write ./{program}"
            )
        case FileNotFoundError():
            return f"there is no program {program!r}; give its path, or the name of a program on the PATH"
        case PermissionError():
            return (
                f"{program!r} is not an executable file; make it executable (chmod +x), or start it with "
                "its interpreter, such as python3 FILE"
            )
        case _:
            return f"{program!r} cannot be started: {error}; check that it is a program for this machine"


class LineProcessError(SdkError):
    """A child process could not be started, or did not read and write as it must; the text says how.

    Attributes:
        problem: The kind of problem.
    """

    def __init__(self, problem: ProcessProblem, text: str) -> None:
        super().__init__(text)
        self.problem = problem


class LineProcess:
    """A running child process. All time limits are real seconds."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        max_line: int = MAX_LINE,
    ) -> None:
        """Start the child.

        Args:
            command: The program and its arguments.
            environment: The child's environment variables; None: the same as in this process.
            max_line: Limit for one line, in bytes.

        Raises:
            LineProcessError: If the command cannot be started.
        """
        self.command = tuple(command)
        self._max_line = max_line
        self._mark = uuid.uuid4().hex
        # Before the child starts: a kill of this process at any moment must not leave the child behind.
        watchdog.watch_mark(self._mark)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is what the user asked for
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={**(os.environ if environment is None else environment), MARK: self._mark},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            watchdog.release_mark(self._mark)
            raise LineProcessError(ProcessProblem.NOT_STARTED, _why_not(self.command[0], error)) from error
        watchdog.watch_group(self._process.pid)
        self._stdin, self._stdout, self._stderr = map(
            _stream, (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
        self._pidfd = _pidfd(self._process.pid)
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        self._lock = threading.RLock()
        self._reader = LineReader(self._stdout, max_line)
        self._tail = TailReader(self._stderr, MAX_STDERR)
        self._output_ended = self._closed = False
        self._problem: LineProcessError | None = None
        _running.add(self)

    # -- talking -----------------------------------------------------------------------------------

    def send(self, line: bytes, seconds: float = SEND_SECONDS) -> None:
        """Write one line.

        Args:
            line: The line, without a newline.
            seconds: Time limit, in real seconds.

        Raises:
            LineProcessError: If the child has exited, has closed its standard input, or has not read the line
                within the limit.
        """
        left = memoryview(line + b"\n")
        deadline = time.monotonic() + seconds
        while left:
            try:
                left = left[os.write(self._stdin.fileno(), left) :]
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    message = f"the process did not read its standard input within {seconds:g} s"
                    raise LineProcessError(ProcessProblem.SILENT, message) from None
                # A child that blocks on a full output pipe would never read its input.
                with self._lock:
                    if not self._reader.lines:
                        self._take_output()
                self._wait(deadline, writing=True)
            except (OSError, ValueError) as error:
                raise self._ended("input") from error

    def receive(self, seconds: float) -> bytes:
        """Wait for the next line and return it.

        Args:
            seconds: Time limit, in real seconds.

        Raises:
            LineProcessError: If no line came within the limit, the child exited or closed its standard output
                first, or the line is longer than the limit.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                if not self._reader.lines:
                    self._take_output()
                if self._reader.lines:
                    return self._reader.lines.popleft()
                if self._problem is not None:
                    raise self._problem
            if time.monotonic() >= deadline:
                message = f"the process wrote no line within {seconds:g} s"
                raise LineProcessError(ProcessProblem.SILENT, message)
            self._wait(deadline)

    def ready_lines(self) -> list[bytes]:
        """Return the lines already in the pipe, without waiting.

        Raises:
            LineProcessError: If there is none, and the child has exited or closed its standard output, or the
                next line is longer than the limit.
        """
        with self._lock:
            self._take_output()
            lines = list(self._reader.lines)
            self._reader.lines.clear()
            if not lines and self._problem is not None:
                raise self._problem
            return lines

    def wait(self, seconds: float) -> None:
        """Block until there may be output to read, until `wake`, or for at most `seconds` real seconds."""
        with self._lock:
            if self._reader.lines or self._problem is not None:
                return
        self._wait(time.monotonic() + seconds)

    def wake(self) -> None:
        """End a `wait` on another thread."""
        with contextlib.suppress(OSError):
            os.write(self._waker, b"\0")

    def stderr_tail(self) -> str:
        """Return the end of the child's standard error."""
        with self._lock:
            if not self._closed:
                self._tail.look()
            return self._tail.tail().decode("utf-8", "replace")

    def is_runnable(self) -> bool:
        """Return whether a thread of the child, or of a process that the child started, runs or could run.

        On a busy machine such a thread may wait for the processor: the child is silent, but not idle. Only
        Linux tells; elsewhere the answer is False.
        """
        return any(map(runnable, marked_processes(self._mark)))

    # -- ending ------------------------------------------------------------------------------------

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while the child runs."""
        return self._process.poll()

    def end_input(self, seconds: float = END_SECONDS) -> int | None:
        """Close the child's standard input and wait for the child to exit.

        Args:
            seconds: Time limit, in real seconds.

        Returns:
            The exit code, or None if the child still runs after the limit.
        """
        with contextlib.suppress(OSError):
            self._stdin.close()
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            with self._lock:
                self._reader.lines.clear()
                self._take_output()
            self._wait(min(deadline, time.monotonic() + _SLICE_SECONDS))
        return self._process.poll()

    def kill(self) -> None:
        """Kill the child and every process that the child started. Thread-safe."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill_marked(self._mark)

    def close(self, *, politely: bool = True) -> None:
        """End the child and every process that the child started, and close the pipes. Idempotent.

        Args:
            politely: Whether to close the child's standard input first, so that the child can exit by itself.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if politely:
            self.end_input()
        self.kill()
        watchdog.release_group(self._process.pid)
        self._process.wait()
        watchdog.release_mark(self._mark)
        _running.discard(self)
        with self._lock:
            self._tail.look()
            for stream in (self._stdin, self._stdout, self._stderr):
                with contextlib.suppress(OSError):
                    stream.close()
            for descriptor in (self._woken, self._waker, self._pidfd):
                if descriptor is not None:
                    os.close(descriptor)
            self._output_ended = self._tail.ended = True

    # -- reading -----------------------------------------------------------------------------------

    def _wait(self, deadline: float, *, writing: bool = False) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if writing:
            poll.register(self._stdin.fileno(), select.POLLOUT)
        with self._lock:
            watched = [] if self._output_ended else [self._stdout.fileno()]
            watched += [] if self._tail.ended else [self._stderr.fileno()]
        if self._pidfd is not None:
            watched.append(self._pidfd)
        for descriptor in watched:
            poll.register(descriptor, select.POLLIN)
        seconds = max(0.0, deadline - time.monotonic())
        if self._pidfd is None:
            seconds = min(seconds, _SLICE_SECONDS)
        poll.poll(seconds * 1000)
        with contextlib.suppress(OSError):
            os.read(self._woken, CHUNK)
        with self._lock:
            if not self._closed:
                self._tail.look()

    def _take_output(self) -> None:
        """Read the output that is in the pipe, up to a line that is too long."""
        if self._problem is not None or self._output_ended:
            return
        # Checked before reading: all output of an exited child is in the pipe by then.
        exited = self._process.poll() is not None
        match self._reader.look():
            case Pipe.EMPTY if exited:
                # A process that the child started may keep the pipe open; only the child counts.
                self._problem = self._ended()
            case Pipe.ENDED:
                self._output_ended = True
                self._problem = self._ended()
            case Pipe.TOO_LONG:
                shown = f"{self._reader.unfinished!r}…"
                text = f"a line of more than {self._max_line} bytes: {shown}"
                self._problem = LineProcessError(ProcessProblem.LINE_TOO_LONG, text)
            case Pipe.EMPTY | Pipe.FULL:
                pass

    def _ended(self, pipe: str = "output") -> LineProcessError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CODE_SECONDS)
        begun = self._reader.unfinished
        unfinished = f" in the middle of a line: {begun!r}" if begun else ""
        code = self._process.poll()
        if code is None:
            text = f"the process closed its standard {pipe} but still runs{unfinished}"
            return LineProcessError(ProcessProblem.PIPE_CLOSED, text)
        if code < 0:
            with contextlib.suppress(ValueError):
                text = f"the process was killed by {signal.Signals(-code).name}{unfinished}"
                return LineProcessError(ProcessProblem.EXITED, text)
        text = f"the process ended with exit code {code}{unfinished}"
        return LineProcessError(ProcessProblem.EXITED, text)


@atexit.register
def _close_all() -> None:
    """Kill and close every child that still runs, at the end of this process."""
    for process in list(_running):
        process.close(politely=False)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - all three were requested
    return stream


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the child exits, or None where there is no pidfd."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
