"""A body in chunks (RFC 9112, section 7.1), read strictly and bounded."""

from __future__ import annotations

import re
from typing import Final

from fake_server.http_head import too_large
from fake_server.http_limits import Limits
from fake_server.http_refusal import RefusedError

_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_STRAY: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")


class Chunks:
    """Takes the bytes of one body, in whatever pieces they come.

    Chunk extensions and trailers are read over: nothing that comes behind the head counts as a header.
    """

    __slots__ = ("_left", "_limits", "_line", "_overhead", "_stage", "body_bytes")

    def __init__(self, limits: Limits) -> None:
        """Before the first chunk's size."""
        self._limits = limits
        self._line = bytearray()
        self._stage = b"size"
        self._left = 0
        self._overhead = 0
        self.body_bytes = 0

    def feed(self, data: bytes, start: int, out: bytearray) -> int | None:
        """Appends content to ``out``.

        Args:
            data: Bytes, some of which belong to the body.
            start: Where in ``data`` these begin.
            out: Gets the content.

        Returns:
            Where in ``data`` the body ended, or None if it goes on.

        Raises:
            RefusedError: Broken framing, or too much of it or of the body.
        """
        position = start
        while position < len(data):
            if self._left:
                count = min(self._left, len(data) - position)
                out += data[position : position + count]
                position += count
                self._left -= count
                continue
            # Lines are short, and one too long is cut off here, so that nothing grows.
            room = self._room()
            found = data.find(b"\n", position, position + room)
            stop = min(len(data), position + room) if found < 0 else found + 1
            before = len(self._line)
            self._line += data[position:stop]
            self._overhead += stop - position
            position = stop
            if _STRAY.search(self._line, max(0, before - 1)):
                raise _broken("a line does not end with CR LF")
            if found >= 0:
                line = bytes(self._line[:-2])
                self._line.clear()
                if self._take(line):
                    return position
            if self._room() <= 0:
                raise RefusedError(
                    413, "the framing of the chunks is too large; send larger chunks, and fewer trailers"
                )
        return None

    def _room(self) -> int:
        return self._limits.framing + self.body_bytes - self._overhead

    def _take(self, line: bytes) -> bool:
        match self._stage:
            case b"size":
                if (size := _SIZE.fullmatch(line)) is None:
                    raise _broken(f"the size of a chunk is {line[:40]!r}")
                self._left = int(size[1], 16)
                self.body_bytes += self._left
                if self.body_bytes > self._limits.body:
                    raise too_large(self._limits)
                self._stage = b"end" if self._left else b"trailer"
            case b"end":
                if line:
                    raise _broken("a chunk is longer than its size says")
                self._stage = b"size"
            case _:
                if not line:
                    return True
                if _TRAILER.fullmatch(line) is None:
                    raise _broken(f"a trailer is {line[:40]!r}")
        return False


def _broken(why: str) -> RefusedError:
    return RefusedError(
        400, f"the chunks of the body are no HTTP/1.1 ({why}); send each as its size, CR LF, bytes, CR LF"
    )
