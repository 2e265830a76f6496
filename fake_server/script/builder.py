"""Scripts: the ordered replies for one future, written from Python.

    script().then(timeout(queue_state="paused_capacity")).advance(59.999).then(complete()).build()

A builder never changes: each call returns a new one, so a common beginning can be shared. Whatever takes a
``Script`` takes a builder too. The same steps from YAML: ``fake_server.script.script_yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fake_server.core.errors import ScriptError, meant
from fake_server.core.faults import CutEnd, DropKind, RawBytes, Refusal
from fake_server.core.http_messages import Reply
from fake_server.script.fault_data import choice, wire_from
from fake_server.script.steps import (
    ABSENT,
    Advance,
    Complete,
    Drop,
    Fail,
    FailCategory,
    HttpStep,
    ReplyStep,
    Status,
    Step,
    Timeout,
    TryAgain,
    Wired,
    header_lines,
    microseconds,
    unspoilt,
)

MAX_STEPS: Final = 1_000_000
"""Steps of one script, repetitions counted: a bound on what a mistyped ``times`` can cost."""

_REDIRECTS: Final = (301, 302, 303, 307, 308)

Seconds = int | float | Decimal


class Exhausted(StrEnum):
    """What a poll gets once the script has no reply left."""

    FAIL = "fail"
    """A failure of category user."""
    REPEAT = "repeat"
    """The last reply again; the advances in front of it happened once and are not repeated."""
    ERROR = "error"
    """HTTP 404 that names what came, and a problem that ``FakeTinker.verify`` reports."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply with the advances in front of it.

    Attributes:
        advances: Clock steps before the reply.
        reply: The reply's step.
        same: The reply itself where every poll gets the same, else None.
        expires: Whether the future ends with it and may be submitted anew (HTTP 410).
    """

    advances: tuple[Advance, ...]
    reply: ReplyStep
    same: Reply | None = field(init=False, repr=False, compare=False)
    expires: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        same = self.reply.reply if isinstance(self.reply, Timeout | Status | Fail) else None
        meant = unspoilt(self.reply)
        object.__setattr__(self, "same", same)
        object.__setattr__(self, "expires", isinstance(meant, Status) and meant.status == 410)


@dataclass(frozen=True, slots=True)
class Script:
    """The ordered replies for one future.

    Attributes:
        steps: Replies and advances, in order.
        exhausted: What happens after the last one.
        turns: The same, reply by reply.
        tail: Advances after the last reply; they come before what ``exhausted`` says.
        last: The last reply without advances, or None if there is none.

    Raises:
        ScriptError: Too many steps, or ``repeat`` with no reply to repeat.
    """

    steps: tuple[Step, ...] = ()
    exhausted: Exhausted = Exhausted.FAIL
    turns: tuple[Turn, ...] = field(init=False, repr=False, compare=False)
    tail: tuple[Advance, ...] = field(init=False, repr=False, compare=False)
    last: Turn | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.steps) > MAX_STEPS:
            raise ScriptError(
                f"a script of {len(self.steps)} steps; at most {MAX_STEPS}: use exhausted: repeat"
            )
        turns: list[Turn] = []
        waiting: list[Advance] = []
        for step in self.steps:
            match step:
                case Advance():
                    waiting.append(step)
                case _ if not waiting and turns and turns[-1].reply is step and not turns[-1].advances:
                    turns.append(turns[-1])  # a repeated reply: one value serves a million of them
                case _:
                    turns.append(Turn(tuple(waiting), step))
                    waiting.clear()
        if self.exhausted is Exhausted.REPEAT and not turns:
            raise ScriptError("exhausted: repeat needs a reply to repeat; add one, or choose fail or error")
        object.__setattr__(self, "turns", tuple(turns))
        object.__setattr__(self, "tail", tuple(waiting))
        object.__setattr__(self, "last", Turn((), turns[-1].reply) if turns else None)


@dataclass(frozen=True, slots=True)
class ScriptBuilder:
    """Builds a script step by step; immutable. Start with ``script()``."""

    steps: tuple[Step, ...] = ()
    rule: Exhausted = Exhausted.FAIL

    def then(self, *replies: ReplyStep) -> ScriptBuilder:
        """Appends replies."""
        return replace(self, steps=self.steps + replies)

    def times(self, count: int) -> ScriptBuilder:
        """Makes the last reply come ``count`` times in all; advances in front of it happen once.

        Raises:
            ScriptError: ``count`` is not a positive number, or no reply comes just before.
        """
        if type(count) is not int or not 1 <= count <= MAX_STEPS:
            raise ScriptError(f"times({count!r}): give a whole number from 1 to {MAX_STEPS}")
        if not self.steps or isinstance(self.steps[-1], Advance):
            raise ScriptError(
                "times() repeats the reply just before it, and there is none; call then() first"
            )
        return replace(self, steps=self.steps + self.steps[-1:] * (count - 1))

    def advance(
        self, seconds: Seconds | None = None, *, wall: Seconds | None = None, monotonic: Seconds | None = None
    ) -> ScriptBuilder:
        """Moves the clocks before the next reply.

        Args:
            seconds: Moves both clocks; a negative number steps the wall clock back and no other.
            wall: Moves the wall clock alone, in seconds.
            monotonic: Moves the monotonic clock alone, in seconds; never negative.

        Raises:
            ScriptError: No number, both forms at once, finer than a microsecond, or a monotonic clock going
            back.
        """
        return replace(self, steps=(*self.steps, advance(seconds, wall=wall, monotonic=monotonic)))

    def exhausted(self, rule: Exhausted | str) -> ScriptBuilder:
        """Says what a poll gets once no reply is left: ``fail`` (the default), ``repeat`` or ``error``."""
        return replace(self, rule=exhausted_rule(rule))

    def build(self) -> Script:
        """The finished script."""
        return Script(self.steps, self.rule)


ScriptLike = Script | ScriptBuilder | Iterable[Step]


def script(*steps: Step) -> ScriptBuilder:
    """An empty builder, or one that begins with ``steps``."""
    return ScriptBuilder(steps)


def as_script(value: ScriptLike) -> Script:
    """A script from a script, a builder or plain steps."""
    match value:
        case Script():
            return value
        case ScriptBuilder():
            return value.build()
        case _:
            return Script(tuple(value))


def exhausted_rule(rule: str) -> Exhausted:
    """The rule of that name.

    Raises:
        ScriptError: There is none; the text lists them.
    """
    try:
        return Exhausted(rule)
    except ValueError:
        raise ScriptError(f"exhausted: {rule!r} is not one of {', '.join(Exhausted)}") from None


def advance(seconds: object = None, *, wall: object = None, monotonic: object = None) -> Advance:
    """The step behind ``ScriptBuilder.advance``; times in seconds."""
    if seconds is None and wall is None and monotonic is None:
        raise ScriptError("advance needs seconds, or wall and monotonic; write advance(59.999)")
    if seconds is None:
        return Advance(microseconds(wall or 0), microseconds(monotonic or 0))
    if wall is not None or monotonic is not None:
        raise ScriptError("advance takes one number for both clocks, or wall and monotonic, not both forms")
    step = microseconds(seconds)
    return Advance(step, max(step, 0))


def timeout(body: object = ABSENT, /, **fields: object) -> Timeout:
    """HTTP 408 with a JSON body: any value, or an object of the keywords; ``{}`` for neither."""
    return Timeout(_body(body, fields))


def try_again(body: Mapping[str, object] | None = None, /, **fields: object) -> TryAgain:
    """HTTP 200 ``try_again`` with these further keys."""
    return TryAgain({**(body or {}), **fields})


def status(
    code: int,
    body: object = ABSENT,
    *,
    raw: str | bytes | None = None,
    content_type: str | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> Status:
    """Any status with a JSON body, raw text or bytes, or nothing."""
    if isinstance(raw, str):
        try:
            raw = raw.encode()
        except UnicodeEncodeError as error:
            raise ScriptError(
                f"raw text that is not UTF-8 ({error.reason}); give the bytes instead"
            ) from error
    return Status(code, body, raw, content_type, header_lines(headers))


def drop(kind: DropKind | str = DropKind.RESET) -> Drop:
    """A transport fault instead of a reply."""
    return Drop(choice(kind, DropKind, "drop"))


def wired(reply: HttpStep, /, **wire: object) -> Wired:
    """A reply that is spoilt on its way, or comes late, slowly or in an unusual form.

    Args:
        reply: What the server means to say.
        wire: Attributes of ``fake_server.core.faults.Wire``, as values or as in YAML: ``cut="body"``,
            ``slow_body={"bytes": 10, "seconds": 0.01}``, ``chunked="bad_chunk"``, ``delay=60``, ….

    Raises:
        ScriptError: An unknown fault, or faults that contradict each other.
    """
    return Wired(reply, wire_from(wire))


def refuse(seconds: float) -> Refusal:
    """Closes the poll's connection without a reply, and idle ones; refuses new ones for so many seconds."""
    return Refusal(seconds)


def raw_bytes(data: str | bytes, *, then: CutEnd | str = CutEnd.CLOSE) -> RawBytes:
    """These bytes in place of a reply, and what follows; text becomes UTF-8."""
    content = data.encode() if isinstance(data, str) else data
    return RawBytes(content, choice(then, CutEnd, "then"))


def redirect(code: int = 307, location: str = "retrieve_future") -> Status:
    """A redirect, by default to the path of polls itself: who follows it gets the script's next step."""
    if code not in _REDIRECTS:
        raise ScriptError(f"{code!r} is no redirect; use one of {', '.join(map(str, _REDIRECTS))}")
    if not isinstance(location, str):
        raise ScriptError(f"redirect: location is a string, not {location!r}; quote it")
    return status(code, headers={"location": location})


def complete(overrides: Mapping[str, object] | None = None, /, **fields: object) -> Complete:
    """The result that fits the operation, with these fields of it replaced."""
    return Complete({**(overrides or {}), **fields})


def fail(category: FailCategory | str = FailCategory.USER, message: str | None = None) -> Fail:
    """HTTP 200 with a failure body."""
    try:
        kind = FailCategory(category)
    except ValueError:
        known = ", ".join(FailCategory)
        raise ScriptError(
            f"fail: category {category!r} is not one of {known}{meant(category, FailCategory)}"
        ) from None
    return Fail(kind) if message is None else Fail(kind, message)


def _body(body: object, fields: dict[str, object]) -> object:
    if body is ABSENT:
        return fields
    if fields:
        raise ScriptError(f"a body and the keywords {sorted(fields)} at once; give one of them")
    return body
