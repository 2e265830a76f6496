"""Make standard output and standard error ignore write errors, which would end a command.

A closed pipe (`| head -1`), a full device, or an encoding without the sign for "passed" must not stop a run.
Output that cannot be written is dropped, and `lost` says why.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import ReadableBuffer

_ERRORS: Final = "tinker-conformance"
_PLAIN: Final[Mapping[str, str]] = {
    "✓": "+",
    "✗": "x",
    "·": ".",
    "…": "...",
    "├": "|",
    "┤": "|",
    "─": "-",
    "→": "->",
    "•": "*",
}
"""ASCII replacements for the kit's own signs, for encodings that lack them."""


class Descriptor(io.RawIOBase):
    """A file descriptor whose `write` never raises.

    Attributes:
        lost: Why output was dropped; None while nothing was.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.lost: OSError | None = None

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True, as the descriptor can be written to."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Write the data, or drop the data once writing has failed; return its length in both cases."""
        whole = memoryview(data).nbytes
        while self.lost is None:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.lost = error
        return whole


class Output:
    """Python's standard output and standard error, replaced by streams that ignore write errors."""

    def __init__(self) -> None:
        codecs.register_error(_ERRORS, _plain)
        _open_missing()
        self._output, self._errors = Descriptor(1), Descriptor(2)

    def install(self) -> None:
        """Replace `sys.stdout` and `sys.stderr`."""
        sys.stdout = _text(self._output, sys.stdout)
        sys.stderr = _text(self._errors, sys.stderr, line_buffering=True)

    @property
    def lost(self) -> str | None:
        """Return why standard output is incomplete; None if it is complete or its reader closed the pipe."""
        sys.stdout.flush()
        problem = self._output.lost
        if problem is None or problem.errno in {errno.EPIPE, errno.ECONNRESET}:
            return None
        return problem.strerror or str(problem)


def _text(raw: Descriptor, before: TextIO | None, *, line_buffering: bool = False) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors=_ERRORS,
        line_buffering=line_buffering or raw.isatty(),
        write_through=bool(getattr(before, "write_through", False)),
    )


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(each) or ascii(each)[1:-1] for each in characters)
    return plain, error.end


def _open_missing() -> None:
    """Open the descriptors 0, 1 and 2 if they are closed, so that no other file gets these numbers."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
