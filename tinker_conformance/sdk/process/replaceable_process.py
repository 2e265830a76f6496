"""The child process of one SDK session: it is replaced after a fault, and another thread can end it.

An SDK session is an SDK that is ready to run scenarios (`tinker_conformance.sdk.session`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from tinker_conformance.sdk.process.line_process import (
    MAX_LINE,
    LineProcess,
    LineProcessError,
    ProcessProblem,
)


class ReplaceableProcess:
    """A place for at most one running child. Other threads than the owner's may call `kill` only."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._current: LineProcess | None = None
        self._killed = False

    @property
    def current(self) -> LineProcess | None:
        """The running child, or None."""
        return self._current

    def start(
        self, command: Sequence[str], *, environment: Mapping[str, str], max_line: int = MAX_LINE
    ) -> LineProcess:
        """Start a child; see `LineProcess`.

        Raises:
            LineProcessError: If the command cannot be started, or `kill` was called.
        """
        # Under the lock, so that `kill` finds a child that is being started.
        with self._lock:
            if self._killed:
                message = "the process is not started again, because the run has ended"
                raise LineProcessError(ProcessProblem.EXITED, message)
            self._current = LineProcess(command, environment=environment, max_line=max_line)
            return self._current

    def close(self, *, politely: bool = True) -> None:
        """End the child, if there is one; see `LineProcess.close`."""
        if self._current is not None:
            self._current.close(politely=politely)
            with self._lock:
                self._current = None

    def kill(self) -> None:
        """Kill the child and every process that the child started; start no new one. Thread-safe."""
        with self._lock:
            self._killed = True
            if self._current is not None:
                self._current.kill()
