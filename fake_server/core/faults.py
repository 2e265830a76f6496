"""Transport faults as frozen values: faults that replace a reply, and faults that change how it is sent.

A script names the fault. ``fake_server.core.connection_plan`` turns it into bytes and pauses for a socket;
``fake_server.in_process.httpx_faults`` turns it into what an httpx client in this process sees. All times are
in seconds: real time on a socket, time of the client's event loop in process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from fake_server.core.errors import ScriptError

MAX_WIRE_SECONDS: Final = 100_000.0
MAX_EXTRA_BYTES: Final = 64 * 1024 * 1024
_FIELD_VALUE: Final = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?")


class DropKind(StrEnum):
    """How a connection ends when no reply is sent."""

    RESET = "reset"
    """Send a TCP reset (``httpx.ReadError`` in process)."""
    CLOSE = "close"
    """Close the connection normally without a reply (``httpx.RemoteProtocolError`` in process)."""
    HALF_CLOSE = "half_close"
    """Close the server's sending side but keep reading; most clients treat this like ``close``."""


class Part(StrEnum):
    """The two parts of a reply."""

    HEAD = "head"
    BODY = "body"


class CutEnd(StrEnum):
    """What follows the last byte of a truncated reply."""

    RESET = "reset"
    CLOSE = "close"
    HALF_CLOSE = "half_close"
    SILENCE = "silence"
    """Nothing: the connection stays open and the rest of the reply never arrives."""


class Chunking(StrEnum):
    """How a body is sent in chunks (``Transfer-Encoding: chunked``), without a content length."""

    WHOLE = "whole"
    """As HTTP requires, in chunks of at most ``CHUNK_BYTES``."""
    BAD_CHUNK = "bad_chunk"
    """With an invalid chunk size after the first chunk."""
    ENDED_EARLY = "ended_early"
    """With the connection closed before the last chunk."""


class Coding(StrEnum):
    """A content coding that the server supports."""

    GZIP = "gzip"
    DEFLATE = "deflate"
    ZSTD = "zstd"
    BR = "br"


@dataclass(frozen=True, slots=True)
class Dribble:
    """A pace: send a part of a reply in small pieces, with pauses between them.

    Attributes:
        bytes: Size of a piece in bytes, positive.
        seconds: Pause between two pieces, and before the first piece of a body.
    """

    bytes: int
    seconds: float

    def __post_init__(self) -> None:
        if type(self.bytes) is not int or self.bytes < 1:
            raise ScriptError(f"bytes is {self.bytes!r}, the size of a piece; use a whole number from 1")
        object.__setattr__(self, "seconds", wire_seconds(self.seconds))


@dataclass(frozen=True, slots=True)
class Cut:
    """A truncation: where the reply is cut off, and what follows.

    Attributes:
        at: ``HEAD`` or ``BODY``: in the middle of that part. A number: after this many bytes of the body, or
            before its last byte if the body is no longer than that.
        by: What follows the last byte that is sent.
    """

    at: Part | int = Part.BODY
    by: CutEnd = CutEnd.RESET

    def __post_init__(self) -> None:
        if not isinstance(self.at, Part) and (type(self.at) is not int or self.at < 0):
            raise ScriptError(f"cut: at {self.at!r} is not head, body or a number of bytes; use one of them")

    def length(self, size: int) -> int:
        """Return how many bytes of the truncated part are sent, so that at least one byte is missing.

        Args:
            size: Length of the whole part in bytes.
        """
        return max(size // 2 if isinstance(self.at, Part) else min(self.at, size - 1), 0)


@dataclass(frozen=True, slots=True)
class Wire:
    """The faults in how one reply is sent; without any, the reply is sent normally.

    Attributes:
        delay: Seconds before the first byte.
        hold: Whether the reply waits until the test calls ``FakeTinker.release``.
        slow_head: The pace of the status line and the headers; None for one write.
        slow_body: The pace of the body; None for one write.
        cut: Where the reply is truncated; None for nowhere.
        extra: Number of bytes sent after the body, beyond the content length.
        content_length: Values of the ``content-length`` header, one line each, instead of the right one.
        chunked: How the body is sent in chunks; None for a body with a content length.
        compress: The coding with which the body is compressed, and which ``Content-Encoding`` names; None for
            none.
        if_accepted: Whether ``compress`` applies only where the request's ``Accept-Encoding`` names the
            coding.
        claims: The coding that ``Content-Encoding`` names although the body is not compressed; None for none.
        headers: Further header lines; a name that the reply already has appears twice.
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
    if_accepted: bool = False
    claims: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "delay", wire_seconds(self.delay))
        if type(self.hold) is not bool:
            raise ScriptError(f"hold is {self.hold!r}; use true or false, or leave it out for false")
        if type(self.if_accepted) is not bool:
            raise ScriptError(f"if_accepted is {self.if_accepted!r}; use true or false")
        if self.if_accepted and self.compress is None:
            raise ScriptError("if_accepted needs a coding; add compress, such as compress: gzip")
        if type(self.extra) is not int or not 0 <= self.extra <= MAX_EXTRA_BYTES:
            raise ScriptError(f"extra is {self.extra!r}; use a number of bytes from 0 to {MAX_EXTRA_BYTES}")
        for value in (*self.content_length, *(() if self.claims is None else (self.claims,))):
            if not isinstance(value, str) or not _FIELD_VALUE.fullmatch(value):
                raise ScriptError(f"{value!r} is not a valid header value; use Latin-1 without a newline")
        for one, other in self._contradictions():
            raise ScriptError(f"{one} and {other} contradict each other; keep one of them")
        if not self.name:
            raise ScriptError(f"wire is empty; give it at least one of {', '.join(WIRE_KEYS)}")

    @property
    def name(self) -> str:
        """Names of the faults, separated by commas, as the journal of requests shows them."""
        return ", ".join(self._names())

    def for_client(self, accepted: str) -> Wire | None:
        """Return the faults that apply to one request, or None if the reply is sent normally.

        Args:
            accepted: The request's ``Accept-Encoding``; empty if there is none.
        """
        if not self.if_accepted or self.compress is None or _accepts(accepted, self.compress):
            return self
        others = [name for name in self._names() if not name.startswith("compress ")]
        return replace(self, compress=None, if_accepted=False) if others else None

    @property
    def takes_time(self) -> bool:
        """Whether time passes until the client has the whole reply, or gives up waiting for the rest."""
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


def _accepts(accepted: str, coding: Coding) -> bool:
    """Return whether an ``Accept-Encoding`` header allows a coding: names it, or ``*``, without ``q=0``."""
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() in {coding.value, "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


WIRE_KEYS: Final = tuple(field.name for field in fields(Wire))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fault: close this connection and all idle ones without a reply, and refuse new ones for a while.

    Attributes:
        seconds: For how long new connections are refused.
    """

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", wire_seconds(self.seconds))

    @property
    def name(self) -> str:
        """Name of the fault, as the journal of requests shows it."""
        return f"refuse {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class RawBytes:
    """A fault: the server sends these raw bytes instead of a reply.

    Attributes:
        data: The bytes.
        then: What follows the bytes.
    """

    data: bytes
    then: CutEnd = CutEnd.CLOSE

    @property
    def name(self) -> str:
        """Name of the fault, as the journal of requests shows it."""
        return f"bytes {len(self.data)}, {self.then}"


Fault = DropKind | Wire | Refusal | RawBytes


def takes_time(fault: object) -> bool:
    """Return whether a step of a script is a fault that takes time to send.

    A step without a fault takes none.
    """
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
    """Return the name that journals and errors use for a fault."""
    match fault:
        case DropKind():
            return fault.value
        case Wire() | Refusal() | RawBytes():
            return fault.name


def wire_seconds(value: object) -> float:
    """Return a number of seconds as a float, after checking that a transport fault may take so long.

    Raises:
        ScriptError: The value is not a number, is negative, or is longer than ``MAX_WIRE_SECONDS``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScriptError(f"{value!r} is not a number of seconds; write a number such as 0.05")
    if not 0 <= value <= MAX_WIRE_SECONDS:
        raise ScriptError(
            f"{value!r} s is out of range for a time on the wire; use 0 to {MAX_WIRE_SECONDS:g}"
        )
    return float(value)
