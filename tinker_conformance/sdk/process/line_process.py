"""A child process that speaks lines: started, written to, read from within limits, and gone for certain.

Nothing here waits without a limit, and nothing that the child does makes the kit hold more than a bounded
number of bytes: what nobody asks for stays in the pipe, and the child waits. Reading happens on the thread
that asks, without waiting (`ready_lines`) or with a limit (`receive`); both may be called from any thread, so
that another one can take what is in the pipe at the moment when something else has happened.

The child leads a process group of its own, so that what it starts goes with it; what left that group is found
by a mark in its environment (`marked_processes`). Standard error is kept, the last part of it, for messages.
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
from typing import IO, Final

from tinker_conformance.error_families import SdkError
from tinker_conformance.sdk.process.line_reader import CHUNK, LineReader, Pipe, TailReader
from tinker_conformance.sdk.process.marked_processes import MARK, kill_marked

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of one line, beyond which the child is held to be broken, unless told otherwise."""
MAX_STDERR: Final = 16 * 1024
"""Bytes of standard error that are kept."""
SEND_SECONDS: Final = 10.0
"""Real seconds for the child to take a line."""
END_SECONDS: Final = 2.0
"""Real seconds for the child to end by itself once its standard input has ended."""

_SLICE_SECONDS: Final = 0.1
"""How often the child's end is looked for where the system cannot tell of it."""
_CODE_SECONDS: Final = 1.0
"""Real seconds from the end of standard output to the end of the process, which follows as a rule."""

_running: set[LineProcess] = set()
"""Those that nobody has closed: `close_all` does, at the latest when this process ends."""


class LineProcessError(SdkError):
    """The child did not answer as it should; the text says what happened."""


class ProcessEndedError(LineProcessError):
    """The child ended."""


class PipeClosedError(LineProcessError):
    """The child closed its standard input or output and still runs."""


class ProcessSilentError(LineProcessError):
    """The child gave no line, or took none, within the limit."""


class LineTooLongError(LineProcessError):
    """The child wrote a line longer than the limit."""


class LineProcess:
    """A running child process. All time limits are real seconds."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        max_line: int = MAX_LINE,
    ) -> None:
        """Starts the child.

        Args:
            command: The program and its arguments.
            environment: Its environment variables; None for this process's own.
            max_line: Bytes that one line may have.

        Raises:
            LineProcessError: If it cannot be started.
        """
        self.command = tuple(command)
        self._max_line = max_line
        self._mark = uuid.uuid4().hex
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
            message = (
                f"cannot start {self.command[0]!r}: {error}; check the command and that it is executable"
            )
            raise LineProcessError(message) from error
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
        """Writes one line.

        Raises:
            ProcessEndedError: If the child has ended.
            PipeClosedError: If it no longer reads.
            ProcessSilentError: If it has not taken the line within the limit.
        """
        left = memoryview(line + b"\n")
        deadline = time.monotonic() + seconds
        while left:
            try:
                left = left[os.write(self._stdin.fileno(), left) :]
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    message = f"the process did not read its standard input within {seconds:g} s"
                    raise ProcessSilentError(message) from None
                # A child that waits for its output to be read would never read its input.
                with self._lock:
                    if not self._reader.lines:
                        self._take_output()
                self._wait(deadline, writing=True)
            except (OSError, ValueError) as error:
                raise self._ended("input") from error

    def receive(self, seconds: float) -> bytes:
        """Waits for the next line.

        Raises:
            ProcessSilentError: If none came within the limit.
            ProcessEndedError: If the child ended first.
            PipeClosedError: If it closed its standard output.
            LineTooLongError: If the line is longer than the limit.
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
                message = f"no answer within {seconds:g} s"
                raise ProcessSilentError(message)
            self._wait(deadline)

    def ready_lines(self) -> list[bytes]:
        """Takes the lines that are already in the pipe, without waiting.

        Raises:
            ProcessEndedError: If there is none and the child has ended; likewise the other errors of
                `receive`.
        """
        with self._lock:
            self._take_output()
            lines = list(self._reader.lines)
            self._reader.lines.clear()
            if not lines and self._problem is not None:
                raise self._problem
            return lines

    def wait(self, seconds: float) -> None:
        """Returns when there may be something to read, when `wake` was called, or after so many seconds."""
        with self._lock:
            if self._reader.lines or self._problem is not None:
                return
        self._wait(time.monotonic() + seconds)

    def wake(self) -> None:
        """Ends a `wait` on another thread."""
        with contextlib.suppress(OSError):
            os.write(self._waker, b"\0")

    def stderr_tail(self) -> str:
        """The last of what the child wrote to standard error."""
        with self._lock:
            if not self._closed:
                self._tail.look()
            return self._tail.tail().decode("utf-8", "replace")

    # -- ending ------------------------------------------------------------------------------------

    @property
    def exit_code(self) -> int | None:
        """The exit code, below zero for a signal, or None while the child runs."""
        return self._process.poll()

    def end_input(self, seconds: float = END_SECONDS) -> int | None:
        """Ends the child's standard input, and waits for the child to end by itself.

        Returns:
            The exit code, or None if it still runs after so many seconds.
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
        """Ends the child and whatever it started, at once; callable from any thread."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill_marked(self._mark)

    def close(self, *, politely: bool = True) -> None:
        """Ends the child and whatever it started, and lets go of it; does nothing the second time."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if politely:
            self.end_input()
        self.kill()
        self._process.wait()
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
        """Reads what is in the pipe; what comes after a line that is too long is not looked at."""
        if self._problem is not None or self._output_ended:
            return
        # Looked at first: what the child wrote before it ended is in the pipe by then.
        gone = self._process.poll() is not None
        match self._reader.look():
            case Pipe.EMPTY if gone:
                # Something that the child started may hold the pipe open; the child is what counts.
                self._problem = self._ended()
            case Pipe.ENDED:
                self._output_ended = True
                self._problem = self._ended()
            case Pipe.TOO_LONG:
                shown = f"{self._reader.unfinished!r}…"
                self._problem = LineTooLongError(f"a line of more than {self._max_line} bytes: {shown}")
            case Pipe.EMPTY | Pipe.FULL:
                pass

    def _ended(self, pipe: str = "output") -> LineProcessError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CODE_SECONDS)
        begun = self._reader.unfinished
        unfinished = f" in the middle of a line: {begun!r}" if begun else ""
        code = self._process.poll()
        if code is None:
            return PipeClosedError(f"the process closed its standard {pipe} but still runs{unfinished}")
        if code < 0:
            with contextlib.suppress(ValueError):
                return ProcessEndedError(f"the process was ended by {signal.Signals(-code).name}{unfinished}")
        return ProcessEndedError(f"the process ended with exit code {code}{unfinished}")


def kill_all() -> None:
    """Ends every child that still runs, from any thread; whoever reads from one finds that it has ended."""
    for process in list(_running):
        process.kill()


def close_all() -> None:
    """Ends every child that still runs and lets go of it: for a run's end, when nobody reads any more."""
    for process in list(_running):
        process.close(politely=False)


atexit.register(close_all)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - all three were asked for
    return stream


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the child ends, where the system has such a thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
