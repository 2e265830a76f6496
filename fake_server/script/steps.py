"""The steps of a script: replies to polls, and clock steps between them.

Each step is a frozen value that encodes its reply when it is made, so that a hundred thousand futures with
the same script share the bytes of one reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, TypeVar

from fake_server.core.connection_plan import compressed
from fake_server.core.errors import ScriptError
from fake_server.core.faults import DropKind, Part, RawBytes, Refusal, Wire
from fake_server.core.http_messages import JSON_HEADERS, WITHOUT_BODY, Reply
from fake_server.core.json_values import copied, encoded, encoded_text

_S = TypeVar("_S")

MICROSECONDS: Final = 1_000_000
MAX_ADVANCE_SECONDS: Final = 1_000_000_000
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING_HEADERS: Final = ("content-length", "transfer-encoding", "connection")


class Absent(StrEnum):
    """A value that means "no JSON body"; None cannot mean that, because it means the JSON body ``null``."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class FailCategory(StrEnum):
    """Who is at fault: the category in a failure body ``{"error", "category"}`` (``tinker`` from 0.1.0)."""

    USER = "user"
    SERVER = "server"
    UNKNOWN = "unknown"


def microseconds(seconds: object) -> int:
    """Return a number of seconds as whole microseconds.

    Raises:
        ScriptError: The value is not a number, is finer than a microsecond, or exceeds
            ``MAX_ADVANCE_SECONDS``.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | Decimal):
        raise ScriptError(f"{seconds!r} is not a number of seconds; write a number such as 59.999")
    try:
        exact = Decimal(repr(seconds) if isinstance(seconds, float) else seconds) * MICROSECONDS
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or abs(exact) > MAX_ADVANCE_SECONDS * MICROSECONDS:
        raise ScriptError(
            f"{seconds!r} s is out of range; use at most {MAX_ADVANCE_SECONDS} s in either direction"
        )
    if exact != exact.to_integral_value():
        raise ScriptError(
            f"{seconds!r} s is finer than the clocks' resolution; use at most 6 decimals (1 µs)"
        )
    return int(exact)


@dataclass(frozen=True, slots=True)
class Advance:
    """A step that moves the clocks of the SDK under test before the next reply.

    Attributes:
        wall_us: Step of the wall clock in microseconds; negative moves it back.
        monotonic_us: Step of the monotonic clock in microseconds, never negative.
    """

    wall_us: int
    monotonic_us: int

    def __post_init__(self) -> None:
        if self.monotonic_us < 0:
            raise ScriptError(
                f"a step of {self.monotonic_us / MICROSECONDS} s would move the monotonic clock back; "
                "give monotonic: 0 and move only the wall clock"
            )

    @property
    def wall(self) -> float:
        """How far the wall clock moves, in seconds."""
        return self.wall_us / MICROSECONDS

    @property
    def monotonic(self) -> float:
        """How far the monotonic clock moves, in seconds."""
        return self.monotonic_us / MICROSECONDS


@dataclass(frozen=True, slots=True)
class Timeout:
    """A reply with HTTP 408: the result is not there yet.

    The body may be any JSON value; since ``tinker`` 0.1.0 it is an object with ``queue_state``.
    """

    body: object = field(default_factory=dict)
    reply: Reply = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body = copied(self.body)
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "reply", Reply(408, JSON_HEADERS, encoded(body)))


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A reply with HTTP 200 and ``{"type": "try_again", "request_id": …}``: the result is not there yet.

    Keys of ``body`` are added to these, or replace them.
    """

    body: Mapping[str, object] = field(default_factory=dict)
    # The parts of the reply's body before and after the request id, and the id if `body` says what it is.
    _around: tuple[bytes, bytes, bytes | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body = copied(self.body)
        if not isinstance(body, dict):
            raise ScriptError(
                f"the body of try_again must be an object, not {self.body!r}; write {{}} for an empty one"
            )
        object.__setattr__(self, "body", body)
        before = encoded({"type": "try_again"} | {key: body[key] for key in ("type",) if key in body})[:-1]
        after = encoded({key: item for key, item in body.items() if key not in ("type", "request_id")})
        after = after.replace(b"{", b",", 1) if len(after) > 2 else b"}"
        named = encoded(body["request_id"]) if "request_id" in body else None
        object.__setattr__(self, "_around", (before + b',"request_id":', after, named))

    def reply_to(self, request_id: str) -> Reply:
        """Return the reply to a poll of the future with this request id."""
        before, after, named = self._around
        return Reply(200, JSON_HEADERS, before + (named or encoded_text(request_id)) + after)


@dataclass(frozen=True, slots=True)
class Status:
    """A reply with any final status, and a JSON body, a raw body or none.

    Attributes:
        status: The HTTP status, from 200 to 599.
        body: A JSON value (``None`` is null), or ``ABSENT`` for no JSON body.
        raw: The body as bytes, instead of ``body``; None for none.
        content_type: The content type; None for ``application/json`` with ``body`` and ``text/plain`` with
            ``raw``.
        headers: Further header lines; the server itself adds those about length and connection.
    """

    status: int
    body: object = ABSENT
    raw: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    reply: Reply = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.status) is not int or not 200 <= self.status <= 599:
            raise ScriptError(f"{self.status!r} is not a final HTTP status; use a whole number, 200 to 599")
        if self.body is not ABSENT and self.raw is not None:
            raise ScriptError(f"status {self.status} has both body and raw; keep one")
        content: bytes | None = self.raw
        default_type: str | None = None if self.raw is None else "text/plain"
        if self.body is not ABSENT:
            body = copied(self.body)
            object.__setattr__(self, "body", body)
            content, default_type = encoded(body), "application/json"
        if content and self.status in WITHOUT_BODY:
            raise ScriptError(f"a reply with status {self.status} cannot have a body; leave out body and raw")
        content_type = self.content_type or default_type
        lines = [] if content_type is None else [_header_line("content-type", content_type)]
        lines += [_header_line(name, value) for name, value in self.headers]
        object.__setattr__(self, "reply", Reply(self.status, tuple(lines), content or b""))


class DropAfter(StrEnum):
    """What the server has done before the connection drops, other than nothing."""

    ACCEPTED = "accepted"
    """The server has accepted the request, and done what it asks for; only the reply is lost."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A fault: the connection drops, and no reply is sent.

    Attributes:
        kind: How the connection ends.
        after: What the server has done before; None for nothing.
    """

    kind: DropKind = DropKind.RESET
    after: DropAfter | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """The result that fits the operation, with some fields replaced.

    Attributes:
        overrides: Fields that replace those of the result.
        make: Computes further such fields from the decoded body of the submission; None for none.
    """

    overrides: Mapping[str, object] = field(default_factory=dict)
    make: Callable[[Mapping[str, object]], Mapping[str, object]] | None = None
    made: dict[object, Reply] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The replies made so far, by the values on which they depend."""

    def __post_init__(self) -> None:
        overrides = copied(self.overrides)
        if not isinstance(overrides, dict):
            raise ScriptError(
                f"the overrides of complete must be an object, not {self.overrides!r}; write {{}} for none"
            )
        object.__setattr__(self, "overrides", overrides)


@dataclass(frozen=True, slots=True)
class Fail:
    """A reply with HTTP 200 and ``{"error", "category"}``: the future ends with a failure."""

    category: FailCategory = FailCategory.USER
    message: str = "the request failed, as scripted"
    reply: Reply = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body = encoded({"error": self.message, "category": self.category.value})
        object.__setattr__(self, "reply", Reply(200, JSON_HEADERS, body))


HttpStep = Timeout | TryAgain | Status | Complete | Fail
"""Steps that are HTTP replies."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A reply that is corrupted in transit, or sent slowly, late or in an unusual form.

    Attributes:
        reply: The intended reply.
        wire: The faults in how the reply is sent; see ``fake_server.core.faults``.

    Raises:
        ScriptError: The fault concerns the body, and the reply has none.
    """

    reply: HttpStep
    wire: Wire

    def __post_init__(self) -> None:
        if not isinstance(self.reply, HttpStep):
            raise ScriptError(f"wire needs a reply, and {self.reply!r} is not one; leave wire out")
        for name, value in self.wire.headers:
            _header_line(name, value)
        if self.wire.compress is not None:
            compressed(b"", self.wire.compress)  # raises when the script is written if a library is missing
        if isinstance(self.reply, Status) and self.reply.status in WITHOUT_BODY:
            wire = self.wire
            lines = wire.content_length or wire.chunked or wire.compress or wire.claims is not None
            cut = wire.cut is not None and wire.cut.at is not Part.HEAD
            if lines or cut or wire.extra or wire.slow_body:
                raise ScriptError(
                    f"a reply with status {self.reply.status} has no body to corrupt; use another status"
                )


def intended_reply(step: _S) -> _S | HttpStep:
    """Return a step without the faults in how its reply is sent; other steps are returned unchanged."""
    return step.reply if isinstance(step, Wired) else step


ReplyStep = HttpStep | Drop | Wired | Refusal | RawBytes
Step = Advance | ReplyStep


def header_lines(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return headers as lines, given as a mapping or as pairs of name and value."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((name, value) for name, value in pairs)


def _header_line(name: str, value: str) -> tuple[bytes, bytes]:
    if not _HEADER_NAME.fullmatch(name):
        raise ScriptError(f"{name!r} is not a header name; use letters, digits and hyphens")
    if name.lower() in _FRAMING_HEADERS:
        raise ScriptError(
            f"the server sets the header {name!r} itself, because it frames the reply; leave it out"
        )
    try:
        line = value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ScriptError(f"the value of the header {name!r} is not Latin-1: {value!r}; encode it") from error
    if any((octet < 0x20 and octet != 0x09) or octet == 0x7F for octet in line) or line != line.strip():
        raise ScriptError(
            f"the value of the header {name!r} has control characters or outer spaces; remove them"
        )
    return name.lower().encode("ascii"), line
