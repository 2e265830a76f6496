"""Takes lines, or the last part, from a pipe that is read without waiting."""

from __future__ import annotations

import os
from collections import deque
from enum import Enum, auto
from typing import IO, Final

CHUNK: Final = 65_536
MAX_TAKEN: Final = 1024 * 1024
"""Bytes that one look at a pipe takes at most: more than a pipe holds, less than for ever."""
MAX_SHOWN: Final = 200
"""Bytes of a line that a message shows."""


class Pipe(Enum):
    """How a look at a pipe ended."""

    EMPTY = auto()
    """Nothing is in it now."""
    FULL = auto()
    """There may be more, for another look."""
    ENDED = auto()
    """Nobody will write to it any more."""
    TOO_LONG = auto()
    """It has a line beyond the limit; what comes after is not looked at."""


class LineReader:
    """The lines of a pipe. Not for two threads at once."""

    def __init__(self, stream: IO[bytes], max_line: int) -> None:
        """Reads nothing yet.

        Args:
            stream: The pipe, which does not block.
            max_line: Bytes that one line may have.
        """
        self._stream = stream
        self._max_line = max_line
        self._partial = bytearray()
        self.lines: deque[bytes] = deque()

    @property
    def unfinished(self) -> bytes:
        """The beginning of a line whose end has not come."""
        return bytes(self._partial[:MAX_SHOWN])

    def look(self) -> Pipe:
        """Takes what is in the pipe, into `lines`."""
        taken = 0
        while taken < MAX_TAKEN:
            chunk = _read(self._stream)
            if chunk is None:
                return Pipe.EMPTY
            if not chunk:
                return Pipe.ENDED
            taken += len(chunk)
            first, *others = chunk.split(b"\n")
            self._partial += first
            for other in others:
                if len(self._partial) > self._max_line:
                    return Pipe.TOO_LONG
                self.lines.append(bytes(self._partial).rstrip(b"\r"))
                self._partial = bytearray(other)
            if len(self._partial) > self._max_line:
                return Pipe.TOO_LONG
        return Pipe.FULL


class TailReader:
    """The last part of what comes through a pipe. Not for two threads at once."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        """Reads nothing yet.

        Args:
            stream: The pipe, which does not block.
            size: Bytes that are kept.
        """
        self._stream = stream
        self._size = size
        self._kept: deque[bytes] = deque()
        self._kept_size = 0
        self.ended = False

    def look(self) -> None:
        """Takes what is in the pipe."""
        taken = 0
        while taken < MAX_TAKEN and not self.ended:
            chunk = _read(self._stream)
            if chunk is None:
                return
            self.ended = not chunk
            taken += len(chunk)
            self._kept.append(chunk)
            self._kept_size += len(chunk)
            while self._kept_size - len(self._kept[0]) >= self._size:
                self._kept_size -= len(self._kept.popleft())

    def tail(self) -> bytes:
        """What was kept."""
        return b"".join(self._kept)[-self._size :]


def _read(stream: IO[bytes]) -> bytes | None:
    """What is in the pipe; None if nothing is, nothing at its end."""
    try:
        return os.read(stream.fileno(), CHUNK)
    except BlockingIOError:
        return None
    except (OSError, ValueError):
        return b""
