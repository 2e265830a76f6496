"""What can go wrong on the wire, as frozen values: instead of a reply, or in how a reply is written.

How each is written on a socket: ``fake_server.core.connection_plan``. What each is to an httpx client in
process: ``fake_server.in_process.httpx_faults``. Seconds here are seconds of the face that carries the reply:
real ones on a socket, those of the client's event loop in process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from fake_server.core.errors import ScriptError

MAX_WIRE_SECONDS: Final = 100_000.0
MAX_EXTRA_BYTES: Final = 64 * 1024 * 1024
_FIELD_VALUE: Final = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?")


class DropKind(StrEnum):
    """How a connection ends instead of a reply."""

    RESET = "reset"
    """The connection is torn down with a TCP reset (``httpx.ReadError`` in process)."""
    CLOSE = "close"
    """The connection is closed in order, without a reply (``httpx.RemoteProtocolError`` in process)."""
    HALF_CLOSE = "half_close"
    """The server says that it sends no more, and goes on reading; to most clients the same as ``close``."""


class Part(StrEnum):
    """The two parts of a reply."""

    HEAD = "head"
    BODY = "body"


class CutEnd(StrEnum):
    """What follows the last byte of a reply that is cut."""

    RESET = "reset"
    CLOSE = "close"
    HALF_CLOSE = "half_close"
    SILENCE = "silence"
    """Nothing: the connection stays open, and the rest never comes."""


class Chunking(StrEnum):
    """How a body is sent in chunks, without a content length."""

    WHOLE = "whole"
    """Well formed, in chunks of at most ``CHUNK_BYTES``."""
    BAD_CHUNK = "bad_chunk"
    """After the first chunk comes a chunk size that is no number."""
    ENDED_EARLY = "ended_early"
    """The connection is closed in order before the last chunk."""


class Coding(StrEnum):
    """A content encoding that the server can do."""

    GZIP = "gzip"
    DEFLATE = "deflate"
    ZSTD = "zstd"
    BR = "br"


@dataclass(frozen=True, slots=True)
class Dribble:
    """A part of a reply that comes in pieces.

    Attributes:
        bytes: Bytes of a piece, positive.
        seconds: Between two pieces, and before the first one of a body.
    """

    bytes: int
    seconds: float

    def __post_init__(self) -> None:
        if type(self.bytes) is not int or self.bytes < 1:
            raise ScriptError(f"a piece of {self.bytes!r} bytes; use 1 or more")
        object.__setattr__(self, "seconds", wire_seconds(self.seconds))


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a reply ends too early, and how.

    Attributes:
        at: In the middle of the head, in the middle of the body, or after that many bytes of the body (all
            but the last one, if it has no more).
        by: What follows.
    """

    at: Part | int = Part.BODY
    by: CutEnd = CutEnd.RESET

    def __post_init__(self) -> None:
        if not isinstance(self.at, Part) and (type(self.at) is not int or self.at < 0):
            raise ScriptError(f"cut: at {self.at!r} is not head, body or a number of bytes; use one of them")

    def length(self, size: int) -> int:
        """How many of ``size`` bytes of the part that is cut come; at least one is missing."""
        return max(size // 2 if isinstance(self.at, Part) else min(self.at, size - 1), 0)


@dataclass(frozen=True, slots=True)
class Wire:
    """How a reply is written, where it is not simply written.

    Attributes:
        delay: Seconds before its first byte.
        hold: Whether it waits until ``FakeTinker.release`` is called.
        slow_head: The status line and the headers come in pieces.
        slow_body: The body does.
        cut: It ends too early.
        extra: Bytes that follow the body, beyond the content length.
        content_length: The header's values, a line each, in place of the right one.
        chunked: The body comes in chunks.
        compress: The body comes in this encoding, and says so.
        claims: The body says that it has this encoding, and has not.
        headers: Further header lines; a name that the reply has comes twice.
    """

    delay: float = 0.0
    hold: bool = False
    slow_head: Dribble | None = None
    slow_body: Dribble | None = None
    cut: Cut | None = None
    extra: int = 0
    content_length: tuple[str, ...] = ()
    chunked: Chunking | None = None
    compress: Coding | None = None
    claims: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "delay", wire_seconds(self.delay))
        if type(self.hold) is not bool:
            raise ScriptError(f"hold is true or false, not {self.hold!r}; leave it out for false")
        if type(self.extra) is not int or not 0 <= self.extra <= MAX_EXTRA_BYTES:
            raise ScriptError(f"{self.extra!r} extra bytes; use 0 to {MAX_EXTRA_BYTES}")
        for value in (*self.content_length, *(() if self.claims is None else (self.claims,))):
            if not isinstance(value, str) or not _FIELD_VALUE.fullmatch(value):
                raise ScriptError(f"{value!r} cannot be the value of a header line; use Latin-1, no newline")
        for one, other in self._contradictions():
            raise ScriptError(f"{one} and {other} contradict each other; keep one of them")
        if not self.name:
            raise ScriptError(f"nothing is said about the wire; use one of {', '.join(WIRE_KEYS)}")

    @property
    def name(self) -> str:
        """What the journal calls it: its parts, with commas."""
        return ", ".join(self._names())

    @property
    def takes_time(self) -> bool:
        """Whether seconds pass until the client has the reply, or gives it up."""
        silent = self.cut is not None and self.cut.by is CutEnd.SILENCE
        return bool(self.delay or self.hold or self.slow_head or self.slow_body or silent)

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.chunked and self.content_length:
            yield "chunked", "content_length"
        if self.chunked and self.extra:
            yield "chunked", "extra"
        if self.chunked not in (None, Chunking.WHOLE) and self.cut:
            yield f"chunked: {self.chunked}", "cut"
        if self.compress and self.claims is not None:
            yield "compress", "claims"
        if self.cut and self.extra:
            yield "cut", "extra"
        if self.hold and self.delay:
            yield "hold", "delay"

    def _names(self) -> Iterator[str]:
        if self.delay:
            yield f"delay {self.delay:g} s"
        if self.hold:
            yield "hold"
        if self.slow_head:
            yield "slow_head"
        if self.slow_body:
            yield "slow_body"
        if self.cut:
            yield f"cut {self.cut.at} by {self.cut.by}"
        if self.extra:
            yield f"extra {self.extra}"
        if self.content_length:
            yield f"content_length {' and '.join(self.content_length)}"
        if self.chunked:
            yield f"chunked {self.chunked}"
        if self.compress:
            yield f"compress {self.compress}"
        if self.claims is not None:
            yield f"claims {self.claims}"
        if self.headers:
            yield f"headers {' and '.join(name for name, _ in self.headers)}"


WIRE_KEYS: Final = tuple(field.name for field in fields(Wire))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The connection is closed without a reply, as is every idle one, and new ones are refused for a time.

    Attributes:
        seconds: How long.
    """

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", wire_seconds(self.seconds))

    @property
    def name(self) -> str:
        """What the journal calls it."""
        return f"refuse {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class RawBytes:
    """These bytes in place of a reply, whatever they are.

    Attributes:
        data: What is sent.
        then: What follows.
    """

    data: bytes
    then: CutEnd = CutEnd.CLOSE

    @property
    def name(self) -> str:
        """What the journal calls it."""
        return f"bytes {len(self.data)}, {self.then}"


Fault = DropKind | Wire | Refusal | RawBytes


def takes_time(fault: object) -> bool:
    """Whether a fault is one in which seconds pass on the wire; no other step is."""
    match fault:
        case Wire():
            return fault.takes_time
        case Refusal(seconds=seconds):
            return seconds > 0
        case RawBytes(then=then):
            return then is CutEnd.SILENCE
        case _:
            return False


def fault_name(fault: Fault) -> str:
    """A fault as journals and errors name it."""
    match fault:
        case DropKind():
            return fault.value
        case Wire() | Refusal() | RawBytes():
            return fault.name


def wire_seconds(value: object) -> float:
    """Seconds on the wire.

    Raises:
        ScriptError: No number, negative, or longer than ``MAX_WIRE_SECONDS``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScriptError(f"{value!r} is no number of seconds; write one such as 0.05")
    if not 0 <= value <= MAX_WIRE_SECONDS:
        raise ScriptError(f"{value!r} s on the wire is out of range; use 0 to {MAX_WIRE_SECONDS:g}")
    return float(value)
