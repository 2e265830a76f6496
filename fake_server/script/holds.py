"""Holds: pauses that many futures share, and that end for all of them at once.

    engine.add_rule(outage("paused_capacity", seconds=600, after=20))
    engine.add_rule(every(1, operation="sample").paused("active", seconds=60))
    engine.add_rule(at_most(4, "paused_rate_limit", operation="sample"))

A rule of ``fake_server.script.rules`` gives each future a pause of its own, from its first poll. A hold
answers polls while it lasts, and does not change the scripts of the futures. Holds are frozen values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType

from fake_server.core.errors import ScriptError
from fake_server.core.operations import Operation, named_operation
from fake_server.script.builder import Seconds
from fake_server.script.rules import POLL_SECONDS, Rule, RuleBeginning, pause_reply, selects
from fake_server.script.steps import ReplyStep, microseconds


@dataclass(frozen=True, slots=True)
class Held:
    """Which polls a hold answers, and how.

    Attributes:
        reply: The reply.
        poll_us: How far apart the polls of one future are, microseconds on the clock that scripts move; None
            if no clock moves.
        operation: Holds only this operation; None for any but a model's creation.
        client: Holds only this model or sampling session; None for any.
    """

    reply: ReplyStep
    poll_us: int | None = None
    operation: Operation | None = None
    client: str | None = None

    def concerns(self, operations: Sequence[Operation], client: str | None) -> bool:
        """Return whether it applies to a submission that may be any of ``operations``."""
        return selects(self.operation, self.client, operations, client)


@dataclass(frozen=True, slots=True)
class Outage:
    """A period in which all futures in flight, and all that are submitted, are paused.

    Attributes:
        held: What it holds, and how.
        after: How many submissions come before it begins.
        length_us: How long it lasts, microseconds on the clock that scripts move; None if polls or its
            removal end it.
        polls: How many polls it answers in all; None if time or its removal ends it.
    """

    held: Held
    after: int = 0
    length_us: int | None = None
    polls: int | None = None


@dataclass(frozen=True, slots=True)
class AtMost:
    """A limit on the futures in flight; futures beyond it are paused, and go on in the order of submission.

    Attributes:
        held: What it limits, and how it pauses.
        count: How many futures may be in flight unpaused.
    """

    held: Held
    count: int


Hold = Outage | AtMost


def outage(
    state: str,
    *,
    seconds: Seconds | None = None,
    polls: int | None = None,
    after: int = 0,
    operation: Operation | str | None = None,
    client: str | None = None,
    reason: str | None = None,
    signal: str = "timeout",
    poll_seconds: Seconds = POLL_SECONDS,
) -> Outage:
    """Pause all futures in flight for the same period.

    Args:
        state: The ``queue_state``, such as ``paused_capacity``.
        seconds: How long it lasts on the clock that scripts move; each future is polled every
        ``poll_seconds``.
        polls: Instead of ``seconds``: how many polls it answers in all; no clock moves. Without either it
            lasts until ``FakeTinker.remove_rule``.
        after: How many submissions come before it begins; 0 means at once.
        operation: Only this operation; None for any but a model's creation.
        client: Only this model or sampling session; None for any.
        reason: The ``queue_state_reason`` of the server.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
        poll_seconds: How far apart the polls of one future are.

    Raises:
        ScriptError: Both ``seconds`` and ``polls``, or a number out of range.
    """
    if seconds is not None and polls is not None:
        raise ScriptError("an outage ends by time or by polls; give seconds or polls, not both")
    length = None if seconds is None else _positive("seconds", seconds)
    apart = None if seconds is None else _positive("poll_seconds", poll_seconds)
    if polls is not None:
        _whole("polls", polls, 1)
    _whole("after", after, 0)
    held = Held(pause_reply(state, reason, signal), apart, named_operation(operation), client)
    return Outage(held, after, length, polls)


def at_most(
    count: int,
    state: str,
    *,
    operation: Operation | str | None = None,
    client: str | None = None,
    reason: str | None = None,
    signal: str = "timeout",
    poll_seconds: Seconds | None = None,
) -> AtMost:
    """Limit the number of futures in flight: further ones are paused until an earlier one ends.

    A future is in flight from its submission to its last reply. A result that is served to the first poll is
    therefore out of the way at once, often before the next submission arrives, and the limit holds nothing:
    let each future take a while by a rule, such as ``every(1, operation="sample").paused("active",
    seconds=60)``. The limit comes first, so what it pauses begins its own 60 s afterwards. A limit that held
    nothing is a problem that ``verify`` reports. A future that nobody polls any more gives up its place after
    a hundred polls of others.

    Args:
        count: How many futures may be in flight unpaused.
        state: The ``queue_state`` of the others, such as ``paused_rate_limit``.
        operation: Only this operation; None for any but a model's creation.
        client: Only this model or sampling session; None for any.
        reason: The ``queue_state_reason`` of the server.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
        poll_seconds: How far apart the polls of a paused future are, on the clock that scripts move; None if
            no clock moves.

    Raises:
        ScriptError: A number out of range.
    """
    _whole("count", count, 1)
    apart = None if poll_seconds is None else _positive("poll_seconds", poll_seconds)
    held = Held(pause_reply(state, reason, signal), apart, named_operation(operation), client)
    return AtMost(held, count)


def check_rule(value: object) -> None:
    """Check that a value can be added as a rule.

    Raises:
        ScriptError: It is the beginning of a rule, or nothing of the kind.
    """
    match value:
        case Rule() | Outage() | AtMost():
            return
        case RuleBeginning():
            raise ScriptError(
                f"{value!r} is only the beginning of a rule; complete it with paused() or plays(), such as "
                'every(3).paused("paused_capacity", polls=2)'
            )
        case FunctionType(__name__=name):
            raise ScriptError(
                f'{name} is a function, and no rule yet; call it, such as outage("paused_capacity") or '
                'every(3).paused("paused_capacity", polls=2)'
            )
        case _:
            raise ScriptError(
                f'{value!r} is no rule; give one such as every(3).paused("paused_capacity", polls=2), '
                'outage("paused_capacity") or at_most(4, "paused_rate_limit")'
            )


def _positive(name: str, seconds: Seconds) -> int:
    given = microseconds(seconds)
    if given <= 0:
        raise ScriptError(f"{name} is {seconds!r}; give a number of seconds above 0")
    return given


def _whole(name: str, value: object, least: int) -> None:
    if type(value) is not int or value < least:
        raise ScriptError(f"{name} is {value!r}; give a whole number, {least} or more")
