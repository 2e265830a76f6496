"""A child process that speaks lines: started, written to, read from within limits, and gone for certain.

The child leads a process group of its own, so that what it starts goes with it. Standard error is kept,
the last part of it, for messages.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Final

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of one line, beyond which the child is held to be broken."""
MAX_STDERR: Final = 16 * 1024
"""Bytes of standard error that are kept."""
_QUEUED_LINES: Final = 1_000
_END_SECONDS: Final = 2.0

_running: weakref.WeakSet[LineProcess] = weakref.WeakSet()


class LineProcessError(RuntimeError):
    """The child did not answer as it should; the text says what happened."""


class ProcessEndedError(LineProcessError):
    """The child ended, or closed its standard output."""


class ProcessSilentError(LineProcessError):
    """The child gave no line within the limit."""


class LineTooLongError(LineProcessError):
    """The child wrote a line longer than the limit."""


class LineProcess:
    """A running child process.

    All time limits are real seconds.
    """

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Starts the child.

        Raises:
            LineProcessError: If it cannot be started.
        """
        self.command = tuple(command)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is what the user asked for
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            message = (
                f"cannot start {self.command[0]!r}: {error}; check the command and that it is executable"
            )
            raise LineProcessError(message) from error
        self._lines: queue.Queue[bytes | LineProcessError] = queue.Queue(_QUEUED_LINES)
        self._stderr: deque[bytes] = deque()
        self._stderr_size = 0
        self._stderr_lock = threading.Lock()
        assert self._process.stdout is not None and self._process.stderr is not None  # noqa: S101, PT018
        self._readers = (
            threading.Thread(target=self._read_lines, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()
        _running.add(self)

    def send(self, line: bytes) -> None:
        """Writes one line.

        Raises:
            ProcessEndedError: If the child no longer reads.
        """
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it was asked for
        try:
            stdin.write(line + b"\n")
            stdin.flush()
        except (OSError, ValueError) as error:
            raise ProcessEndedError(self._ended()) from error

    def receive(self, seconds: float) -> bytes:
        """Waits for the next line.

        Raises:
            ProcessSilentError: If none came within the limit.
            ProcessEndedError: If the child ended first.
            LineTooLongError: If the line is longer than `MAX_LINE`.
        """
        try:
            item = self._lines.get(timeout=seconds)
        except queue.Empty:
            message = f"no answer within {seconds:g} s"
            raise ProcessSilentError(message) from None
        if isinstance(item, LineProcessError):
            self._lines.put(item)
            raise item
        return item

    def stderr_tail(self) -> str:
        """The last of what the child wrote to standard error."""
        with self._stderr_lock:
            return b"".join(self._stderr)[-MAX_STDERR:].decode("utf-8", "replace")

    @property
    def exit_code(self) -> int | None:
        """The exit code, below zero for a signal, or None while the child runs."""
        return self._process.poll()

    def close(self, *, politely: bool = True) -> None:
        """Ends the child and everything in its process group; does nothing the second time."""
        _running.discard(self)
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError):
                stdin.close()
        if politely:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(_END_SECONDS)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        code = self._process.poll()
        if code is None:
            return "the process closed its standard output but still runs"
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"the process was ended by {signal.Signals(-code).name}"
        return f"the process ended with exit code {code}"

    def _read_lines(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    self._lines.put(
                        LineTooLongError(f"a line of more than {MAX_LINE} bytes: {line[:200]!r}…")
                    )
                    return
                self._lines.put(line.rstrip(b"\r\n"))
        self._lines.put(ProcessEndedError(self._ended()))

    def _read_stderr(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), 65_536):
                with self._stderr_lock:
                    self._stderr.append(chunk)
                    self._stderr_size += len(chunk)
                    while self._stderr_size - len(self._stderr[0]) >= MAX_STDERR:
                        self._stderr_size -= len(self._stderr.popleft())


def close_all() -> None:
    """Ends every child that still runs: for the end of an interrupted run."""
    for process in list(_running):
        process.close(politely=False)
