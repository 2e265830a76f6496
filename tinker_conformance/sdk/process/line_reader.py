"""Read lines, or only the last bytes, from a pipe without blocking."""

from __future__ import annotations

import os
from collections import deque
from enum import Enum, auto
from typing import IO, Final

CHUNK: Final = 65_536
MAX_TAKEN: Final = 1024 * 1024
"""How many bytes one read takes at most: more than a pipe contains, so that a fast writer cannot block the
kit.
"""
MAX_SHOWN: Final = 200
"""How many bytes of a line an error message quotes."""


class Pipe(Enum):
    """Why a read of a pipe stopped."""

    EMPTY = auto()
    """The pipe is empty for now."""
    FULL = auto()
    """The limit of one read was reached; there may be more."""
    ENDED = auto()
    """The pipe is at its end."""
    TOO_LONG = auto()
    """A line is longer than the limit; the rest is not read."""


class LineReader:
    """Reads the lines of a pipe. Not thread-safe."""

    def __init__(self, stream: IO[bytes], max_line: int) -> None:
        """Set up the reader; nothing is read yet.

        Args:
            stream: The non-blocking pipe.
            max_line: Limit for one line, in bytes.
        """
        self._stream = stream
        self._max_line = max_line
        self._partial = bytearray()
        self.lines: deque[bytes] = deque()

    @property
    def unfinished(self) -> bytes:
        """The beginning of a line whose end has not come yet."""
        return bytes(self._partial[:MAX_SHOWN])

    def look(self) -> Pipe:
        """Move the complete lines in the pipe into `lines`."""
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
    """Reads a pipe and keeps the last bytes. Not thread-safe."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        """Set up the reader; nothing is read yet.

        Args:
            stream: The non-blocking pipe.
            size: How many bytes to keep.
        """
        self._stream = stream
        self._size = size
        self._kept: deque[bytes] = deque()
        self._kept_size = 0
        self.ended = False

    def look(self) -> None:
        """Read the bytes that are in the pipe, and keep the last ones."""
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
        """Return the last bytes that came through the pipe."""
        return b"".join(self._kept)[-self._size :]


def _read(stream: IO[bytes]) -> bytes | None:
    """Return the bytes in the pipe: None if it is empty for now, `b""` at its end."""
    try:
        return os.read(stream.fileno(), CHUNK)
    except BlockingIOError:
        return None
    except (OSError, ValueError):
        return b""
