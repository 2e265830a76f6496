"""Holds: pauses that many futures share, and that end for all of them at the same time.

    engine.add_rule(outage("paused_capacity", seconds=600, after=20))
    engine.add_rule(every(1, operation="sample").paused("active", seconds=60))
    engine.add_rule(at_most(4, "paused_rate_limit", operation="sample"))

There are two kinds: an outage pauses all futures for a while, and a limit (``at_most``) pauses the futures
beyond a number. A rule of ``fake_server.script.rules`` is different: it gives each future a pause of its own,
from the future's first poll. While a hold lasts, it answers polls with a pause; afterwards, the futures' own
replies go on where they were. Like rules, holds concern only
futures without a script. Holds are frozen values.
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
    """What an outage and a limit have in common: which futures are paused, and what their polls get.

    Attributes:
        reply: The reply to a poll during the pause.
        poll_us: Time between two polls of one future, in microseconds of the clock that scripts move; None if
            no clock moves.
        operation: Pauses only futures of this operation; None for any but a model's creation.
        client: Pauses only futures of this model or sampling session; None for any.
    """

    reply: ReplyStep
    poll_us: int | None = None
    operation: Operation | None = None
    client: str | None = None

    def concerns(self, operations: Sequence[Operation], client: str | None) -> bool:
        """Return whether the hold can pause the future of a submission.

        Args:
            operations: The operations that the submission may be.
            client: The model or sampling session of the submission; None if it names none.
        """
        return selects(self.operation, self.client, operations, client)


@dataclass(frozen=True, slots=True)
class Outage:
    """A period in which all futures are paused: those in flight, and those that are submitted meanwhile.

    Attributes:
        held: Which futures are paused, and what their polls get.
        after: How many submissions come before the outage begins.
        length_us: How long the outage lasts, in microseconds of the clock that scripts move; None if it ends
            after ``polls``, or when the test removes it.
        polls: How many polls the outage answers in all; None if it ends after ``length_us``, or when the test
            removes it.
    """

    held: Held
    after: int = 0
    length_us: int | None = None
    polls: int | None = None


@dataclass(frozen=True, slots=True)
class AtMost:
    """A limit on the futures in flight; further futures are paused, and go on in the order of submission.

    Attributes:
        held: Which futures are counted and paused, and what their polls get.
        count: How many futures may be in flight without a pause.
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
    """Return an outage: all futures in flight are paused for the same period.

    Args:
        state: The ``queue_state``, such as ``paused_capacity``.
        seconds: How long the outage lasts, in seconds of the clock that scripts move; each future is polled
            every ``poll_seconds``. None for no limit in time.
        polls: Instead of ``seconds``: how many polls the outage answers in all, while no clock moves. If both
            are None, the outage lasts until ``FakeTinker.remove_rule``.
        after: How many submissions come before the outage begins; 0 means that it begins at once.
        operation: Pauses only futures of this operation; None for any but a model's creation.
        client: Pauses only futures of this model or sampling session; None for any.
        reason: The ``queue_state_reason`` of the server; None for none.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
        poll_seconds: Time between two polls of one future, in seconds of the clock that scripts move.

    Raises:
        ScriptError: Both ``seconds`` and ``polls`` are given, or a number is out of range.
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
    """Return a limit on the futures in flight: further futures are paused until an earlier one ends.

    A future is in flight from its submission to its last reply. A future that gets its result at its first
    poll therefore ends at once, often before the next submission arrives, and the limit pauses nothing. Let
    each future take a while by a rule, such as ``every(1, operation="sample").paused("active", seconds=60)``.
    The limit applies first: a future that it pauses begins its own 60 s afterwards. A limit that paused
    nothing is a problem that ``verify`` reports. A future that its client stops polling no longer counts
    after a hundred polls of other futures.

    Args:
        count: How many futures may be in flight without a pause.
        state: The ``queue_state`` of the paused futures, such as ``paused_rate_limit``.
        operation: Counts and pauses only futures of this operation; None for any but a model's creation.
        client: Counts and pauses only futures of this model or sampling session; None for any.
        reason: The ``queue_state_reason`` of the server; None for none.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
        poll_seconds: Time between two polls of a paused future, in seconds of the clock that scripts move;
            None if no clock moves.

    Raises:
        ScriptError: A number is out of range.
    """
    _whole("count", count, 1)
    apart = None if poll_seconds is None else _positive("poll_seconds", poll_seconds)
    held = Held(pause_reply(state, reason, signal), apart, named_operation(operation), client)
    return AtMost(held, count)


def check_rule(value: object) -> None:
    """Check that a value is a complete rule or hold, which an engine can follow.

    Raises:
        ScriptError: The value is only the beginning of a rule, such as ``every(3)``, or something else.
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
