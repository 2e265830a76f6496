"""Write scripts in Python: the ordered replies for one future.

    script().then(timeout(queue_state="paused_capacity")).advance(59.999).then(complete()).build()

A builder never changes: each call returns a new builder, so several scripts can share a beginning. Every
function that takes a ``Script`` also takes a builder. ``fake_server.script.script_yaml`` reads the same steps
from YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from types import FunctionType
from typing import Final, Never

from fake_server.core.errors import ScriptError, meant, nearest
from fake_server.core.faults import CutEnd, DropKind, RawBytes, Refusal
from fake_server.core.http_messages import Reply
from fake_server.script.fault_data import choice, wire_from
from fake_server.script.spelling import KEYS_OF_A_PAUSE, KEYS_OF_A_RESULT, warn_of_a_misspelt_state
from fake_server.script.steps import (
    ABSENT,
    Advance,
    Complete,
    Drop,
    DropAfter,
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
    intended_reply,
    microseconds,
)

MAX_STEPS: Final = 1_000_000
"""Greatest number of steps in one script, repetitions included: it limits the cost of a mistyped ``times``.
"""

_REDIRECTS: Final = (301, 302, 303, 307, 308)

Seconds = int | float | Decimal


class Exhausted(StrEnum):
    """What a poll gets after the last reply of the script."""

    FAIL = "fail"
    """A failed result of category ``user``."""
    REPEAT = "repeat"
    """The last reply again, without the clock steps before it."""
    ERROR = "error"
    """HTTP 404 that names the request, and a problem that ``FakeTinker.verify`` reports."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply of a script, with the clock steps before it.

    Attributes:
        advances: The clock steps before the reply.
        reply: The step that gives the reply.
        same: The reply itself, if every poll gets the same one; None if the reply depends on the request.
        expires: Whether the reply ends the future, so that the client may submit the request again (HTTP
            410).
        accepts: Whether the server accepts the submission although its reply is lost.
    """

    advances: tuple[Advance, ...]
    reply: ReplyStep
    same: Reply | None = field(init=False, repr=False, compare=False)
    expires: bool = field(init=False, repr=False, compare=False)
    accepts: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        same = self.reply.reply if isinstance(self.reply, Timeout | Status | Fail) else None
        meant = intended_reply(self.reply)
        object.__setattr__(self, "same", same)
        object.__setattr__(self, "expires", isinstance(meant, Status) and meant.status == 410)
        object.__setattr__(self, "accepts", isinstance(self.reply, Drop) and self.reply.after is not None)


@dataclass(frozen=True, slots=True)
class Script:
    """The ordered replies for one future.

    Attributes:
        steps: Replies and clock steps, in order.
        exhausted: What polls get after the last reply.
        submission: Replies to submissions, and clock steps, before a submission is accepted and the future
            exists. A reply that is lost after its submission was accepted is here, too.
        side_by_side: Whether the script's clock steps count from the future's previous reply, so that the
            pauses of several futures pass at the same time. Otherwise each clock step moves the clocks by its
            whole length.
        turns: The replies, each with the clock steps before it.
        tail: Clock steps after the last reply; they happen before a poll gets what ``exhausted`` says.
        last: The last reply without the clock steps before it; None if there is no reply.
        submission_turns: The replies to submissions, each with the clock steps before it.

    Raises:
        ScriptError: The script has too many steps, a step is not one, ``repeat`` has no reply to repeat, or
            ``submission`` has a reply that only a poll can get.
    """

    steps: tuple[Step, ...] = ()
    exhausted: Exhausted = Exhausted.FAIL
    submission: tuple[Step, ...] = ()
    side_by_side: bool = False
    turns: tuple[Turn, ...] = field(init=False, repr=False, compare=False)
    tail: tuple[Advance, ...] = field(init=False, repr=False, compare=False)
    last: Turn | None = field(init=False, repr=False, compare=False)
    submission_turns: tuple[Turn, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        count = len(self.steps) + len(self.submission)
        if count > MAX_STEPS:
            raise ScriptError(
                f"the script has {count} steps, the limit is {MAX_STEPS}; use exhausted: repeat"
            )
        turns, tail = _in_turns(self.steps)
        if any(turn.accepts for turn in turns):
            raise ScriptError(
                "drop(after='accepted') loses the reply to a submission; give it as submission=, and use "
                "drop() for a poll"
            )
        if self.exhausted is Exhausted.REPEAT and not turns:
            raise ScriptError(
                "exhausted: repeat sends the last reply again, but the script has none; add a reply, or "
                "choose fail or error"
            )
        object.__setattr__(self, "turns", turns)
        object.__setattr__(self, "tail", tail)
        object.__setattr__(self, "last", Turn((), turns[-1].reply) if turns else None)
        object.__setattr__(self, "submission_turns", _submission_turns(self.submission))


def _in_turns(steps: Iterable[Step]) -> tuple[tuple[Turn, ...], tuple[Advance, ...]]:
    """Group steps into replies with the clock steps before each, and the clock steps after the last reply."""
    turns: list[Turn] = []
    waiting: list[Advance] = []
    for step in steps:
        match step:
            case Advance():
                waiting.append(step)
            case _ if not waiting and turns and turns[-1].reply is step and not turns[-1].advances:
                turns.append(turns[-1])  # A repeated reply: a million of them share one value.
            case _ if isinstance(step, ReplyStep):
                turns.append(Turn(tuple(waiting), step))
                waiting.clear()
            case _:
                raise ScriptError(_no_step(step))
    return tuple(turns), tuple(waiting)


def _no_step(value: object) -> str:
    if isinstance(value, FunctionType):
        return f"a script has the function {value.__name__} as a step; call it: {value.__name__}()"
    if isinstance(value, list | tuple):
        return f"the list {value!r} stands where one step belongs; give its steps as separate arguments"
    return f"{value!r} is no step of a script; give steps such as complete(), timeout() or status(503)"


def _call(step: object) -> str:
    return f"{type(step).__name__.lower()}(…)"


def _submission_turns(steps: tuple[Step, ...]) -> tuple[Turn, ...]:
    turns, tail = _in_turns(steps)
    if tail:
        raise ScriptError(
            "submission ends with an advance, but no reply follows it; begin the steps with the advance"
        )
    for turn in turns:
        reply = intended_reply(turn.reply)
        if isinstance(reply, Complete | TryAgain | Fail):
            raise ScriptError(
                "submission= takes only replies that refuse or lose a request, such as status, timeout or "
                f"drop, and not {_call(reply)}; leave it out: the request after these replies is accepted"
            )
    return turns


@dataclass(frozen=True, slots=True)
class ScriptBuilder:
    """A script that is being written; every method returns a new builder. Start with ``script()``."""

    steps: tuple[Step, ...] = ()
    rule: Exhausted = Exhausted.FAIL
    before: tuple[Step, ...] = ()

    def submission(self, *steps: Step) -> ScriptBuilder:
        """Return a builder with replies to submissions, before a submission is accepted.

        Args:
            steps: Replies that refuse or lose a submission, such as ``status(429)`` or ``drop()``, and clock
                steps. The next submission after them is accepted. With ``drop(after="accepted")`` the
                submission is accepted although its reply is lost; the steps after it answer the client's
                further attempts.
        """
        return replace(self, before=self.before + steps)

    def then(self, *replies: ReplyStep) -> ScriptBuilder:
        """Return a builder with further replies to polls."""
        return replace(self, steps=self.steps + replies)

    def times(self, count: int) -> ScriptBuilder:
        """Return a builder whose last reply comes ``count`` times in all; clock steps before it happen once.

        Raises:
            ScriptError: ``count`` is not a whole number from 1, or the last step is not a reply.
        """
        if type(count) is not int or not 1 <= count <= MAX_STEPS:
            raise ScriptError(f"times got {count!r}; give a whole number from 1 to {MAX_STEPS}")
        if not self.steps or isinstance(self.steps[-1], Advance):
            raise ScriptError(
                "times() repeats the reply just before it, but there is none; call then() first"
            )
        return replace(self, steps=self.steps + self.steps[-1:] * (count - 1))

    def advance(
        self, seconds: Seconds | None = None, *, wall: Seconds | None = None, monotonic: Seconds | None = None
    ) -> ScriptBuilder:
        """Return a builder that moves the clocks of the SDK under test before the next reply.

        Args:
            seconds: Moves both clocks by this many seconds; a negative number moves only the wall clock,
                backwards.
            wall: Moves only the wall clock, by this many seconds.
            monotonic: Moves only the monotonic clock, by this many seconds; never negative.

        Raises:
            ScriptError: There is no number; ``seconds`` is given together with another; a number is finer
                than a microsecond; or the monotonic clock would go back.
        """
        return replace(self, steps=(*self.steps, advance(seconds, wall=wall, monotonic=monotonic)))

    def exhausted(self, rule: Exhausted | str) -> ScriptBuilder:
        """Return a builder that says what polls get after the last reply.

        Args:
            rule: ``fail`` for a failed result, ``repeat`` for the last reply, ``error`` for HTTP 404 and a
                problem that ``FakeTinker.verify`` reports.
        """
        return replace(self, rule=exhausted_rule(rule))

    def build(self) -> Script:
        """Return the finished script."""
        return Script(self.steps, self.rule, self.before)


ScriptLike = Script | ScriptBuilder | Iterable[Step]


_OF_ADD_SCRIPT: Final = ("operation", "client", "name", "submission", "where")


def script(*steps: Step, **misplaced: Never) -> ScriptBuilder:
    """Start a script: return a builder that has these steps.

    Args:
        steps: The first steps.
        misplaced: None exist. Those of ``add_script`` get an error that says where they belong.

    Raises:
        ScriptError: A keyword is given.
    """
    for name in misplaced:
        if name == "exhausted":
            raise ScriptError("script() takes only steps; write script(…).exhausted(…)")
        known = name if name in _OF_ADD_SCRIPT else nearest(name, _OF_ADD_SCRIPT)
        where = "give none" if known is None else f"{known} belongs to add_script(…, {known}=…)"
        raise ScriptError(f"script() takes only steps, and no keyword {name!r}; {where}")
    return ScriptBuilder(steps)


def as_script(value: ScriptLike) -> Script:
    """Return the script that a value stands for: a script, a builder or a list of steps.

    Raises:
        ScriptError: The value is something else, such as a single step.
    """
    match value:
        case Script():
            return value
        case ScriptBuilder():
            return value.build()
        case _ if isinstance(value, Advance | ReplyStep):
            raise ScriptError(
                f"{value!r} is one step, and a script is a list of them; write [{_call(value)}]"
            )
        case _:
            try:
                steps = tuple(value)
            except TypeError:
                raise ScriptError(_no_step(value)) from None
            return Script(steps)


def with_submission(value: Script, steps: Iterable[Step]) -> Script:
    """Return a copy of a script with further replies to its submission."""
    further = tuple(steps)
    return replace(value, submission=value.submission + further) if further else value


def exhausted_rule(rule: str) -> Exhausted:
    """Return the member of ``Exhausted`` that has this name.

    Raises:
        ScriptError: The name is unknown; the message lists the known ones.
    """
    try:
        return Exhausted(rule)
    except ValueError:
        raise ScriptError(f"exhausted is {rule!r}; use one of {', '.join(Exhausted)}") from None


def advance(seconds: object = None, *, wall: object = None, monotonic: object = None) -> Advance:
    """Return a step that moves the clocks; the arguments are those of ``ScriptBuilder.advance``."""
    if seconds is None and wall is None and monotonic is None:
        raise ScriptError("advance needs seconds, or wall or monotonic; write for example advance(59.999)")
    if seconds is None:
        return Advance(microseconds(wall or 0), microseconds(monotonic or 0))
    if wall is not None or monotonic is not None:
        raise ScriptError(
            "advance got both seconds and wall or monotonic; give seconds alone, or wall and monotonic"
        )
    step = microseconds(seconds)
    return Advance(step, max(step, 0))


def timeout(body: object = ABSENT, /, **fields: object) -> Timeout:
    """Return an HTTP 408 reply, which says that the result is not there yet.

    Args:
        body: The JSON body; if it is left out, the body is an object of ``fields``.
        fields: Keys of the body, such as ``queue_state``.

    Raises:
        ScriptError: Both are given, or a keyword is a misspelt key of the real service.

    Warns:
        UserWarning: The keyword ``queue_state`` looks like a misspelt state of the real service. It is sent
            as it is; a ``body`` is never checked.
    """
    _check_spelling("timeout", fields, KEYS_OF_A_PAUSE)
    warn_of_a_misspelt_state(fields.get("queue_state"))
    return Timeout(_body(body, fields))


def try_again(body: Mapping[str, object] | None = None, /, **fields: object) -> TryAgain:
    """Return an HTTP 200 reply of type ``try_again``, which says that the result is not there yet.

    Args:
        body: Keys to add to the reply, or to replace in it; None for none.
        fields: Further keys, such as ``queue_state``.

    Raises:
        ScriptError: A keyword is a misspelt key of the real service.

    Warns:
        UserWarning: As `timeout` does.
    """
    _check_spelling("try_again", fields, KEYS_OF_A_PAUSE)
    warn_of_a_misspelt_state(fields.get("queue_state"))
    return TryAgain({**(body or {}), **fields})


def status(
    code: int,
    body: object = ABSENT,
    *,
    raw: str | bytes | None = None,
    content_type: str | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> Status:
    """Return a reply with any status, and a JSON body, a raw body or none.

    Args:
        code: The HTTP status, from 200 to 599.
        body: A JSON value; None is ``null``. Leave it out for no JSON body.
        raw: The body as text or bytes, instead of ``body``; None for none.
        content_type: The content type; None for ``application/json`` with ``body`` and ``text/plain`` with
            ``raw``.
        headers: Further headers.
    """
    if isinstance(raw, str):
        try:
            raw = raw.encode()
        except UnicodeEncodeError as error:
            raise ScriptError(
                f"raw cannot be encoded as UTF-8 ({error.reason}); give bytes instead of text"
            ) from error
    return Status(code, body, raw, content_type, header_lines(headers))


def drop(kind: DropKind | str = DropKind.RESET, *, after: str | None = None) -> Drop:
    """Return a step that drops the connection instead of sending a reply.

        engine.add_script([complete()], submission=[drop(after="accepted")])
        engine.on("create_session").replies(drop(after="accepted"))

    Args:
        kind: How the connection ends.
        after: ``accepted`` if the server does what the request asks for, and only the reply is lost; not for
            polls. If the client sends the request again with the same number, it gets the same future. None
            if the request is lost, too.

    Raises:
        ScriptError: There is no such kind, or ``after`` is something else.
    """
    when = None if after is None else choice(after, DropAfter, "drop: after")
    return Drop(choice(kind, DropKind, "drop"), when)


def wired(reply: HttpStep, /, **wire: object) -> Wired:
    """Return a reply that is corrupted in transit, or sent late, slowly or in an unusual form.

    Args:
        reply: The intended reply.
        wire: Attributes of ``fake_server.core.faults.Wire``, as values or as in YAML: ``cut="body"``,
            ``slow_body={"bytes": 10, "seconds": 0.01}``, ``chunked="bad_chunk"``, ``delay=60``, ….

    Raises:
        ScriptError: A fault is unknown, or faults contradict each other.
    """
    return Wired(reply, wire_from(wire))


def refuse(seconds: float) -> Refusal:
    """Return a fault: close the poll's connection and all idle ones, and refuse new ones for a while.

    Args:
        seconds: For how long new connections are refused, in seconds.
    """
    return Refusal(seconds)


def raw_bytes(data: str | bytes, *, then: CutEnd | str = CutEnd.CLOSE) -> RawBytes:
    """Return a fault: the server sends raw bytes instead of a reply.

    Args:
        data: The bytes; text is encoded as UTF-8.
        then: What follows the bytes.
    """
    content = data.encode() if isinstance(data, str) else data
    return RawBytes(content, choice(then, CutEnd, "then"))


def redirect(code: int = 307, location: str = "retrieve_future") -> Status:
    """Return a redirect, by default to the path of polls: a client that follows it gets the next step.

    Args:
        code: The HTTP status.
        location: The header ``Location``.
    """
    if code not in _REDIRECTS:
        raise ScriptError(f"{code!r} is not a redirect status; use one of {', '.join(map(str, _REDIRECTS))}")
    if not isinstance(location, str):
        raise ScriptError(f"redirect: location must be a string, not {location!r}; quote it")
    return status(code, headers={"location": location})


def complete(overrides: Mapping[str, object] | None = None, /, **fields: object) -> Complete:
    """Return the result of the future; the engine fills in what fits the operation.

    Args:
        overrides: Fields that replace those of the result; None for none.
        fields: Further such fields.

    Raises:
        ScriptError: ``overrides`` is not a mapping, or a keyword is a misspelt field of the real service.
    """
    _check_spelling("complete", fields, KEYS_OF_A_RESULT)
    if overrides is not None and not isinstance(overrides, Mapping):
        raise ScriptError(
            f"complete() takes fields of the result, not {overrides!r}; write complete(field=value)"
        )
    return Complete({**(overrides or {}), **fields})


def fail(category: FailCategory | str = FailCategory.USER, message: str | None = None) -> Fail:
    """Return an HTTP 200 reply with a failure body, which ends the future.

    Args:
        category: Who is at fault: ``user``, ``server`` or ``unknown``.
        message: The message of the failure; None for a default.
    """
    try:
        kind = FailCategory(category)
    except ValueError:
        known = ", ".join(FailCategory)
        raise ScriptError(
            f"fail: category {category!r} is not one of {known}{meant(category, FailCategory)}"
        ) from None
    return Fail(kind) if message is None else Fail(kind, message)


def _check_spelling(step: str, fields: Mapping[str, object], known: frozenset[str]) -> None:
    for name in fields.keys() - known:
        if hint := meant(name, known):
            raise ScriptError(
                f"{step}: the real service sends no key {name!r}{hint} To send it all the same, give a body: "
                f"{step}({{{name!r}: …}})"
            )


def _body(body: object, fields: dict[str, object]) -> object:
    if body is ABSENT:
        return fields
    if fields:
        raise ScriptError(f"got both a body and the keywords {sorted(fields)}; give one of them")
    return body
