"""Rules: scripts laid over everything that has none of its own.

    engine.add_rule(every(3).paused("paused_capacity", seconds=90))
    engine.add_rule(chance(0.1, operation="sample").plays(timeout(queue_state="paused_rate_limit"), drop()))

A rule sees the submissions that no script of their own is registered for, and counts those of its operation
and client. The first rule that wants one gives it its steps; after them the future completes. Rules are
frozen values; the same from YAML: ``fake_server.script.rule_data``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fake_server.core.errors import ScriptError, meant
from fake_server.core.operations import Operation, named_operation
from fake_server.core.seeded_numbers import digest, mixed, unit
from fake_server.script.builder import Exhausted, Script, Seconds, timeout, try_again
from fake_server.script.steps import Advance, Complete, Fail, ReplyStep, Step, microseconds

POLL_SECONDS: Final = 30
"""How far apart the replies of a pause are, on the scripts' clock."""
MAX_REPLIES: Final = 100_000
"""Replies of one pause."""
SIGNALS: Final = ("timeout", "try_again")
_WORD: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Every:
    """Every ``count``-th submission: the third, the sixth, …."""

    count: int

    def __post_init__(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise ScriptError(f"every: {self.count!r} is no number of submissions; give 1, 2, 3, …")


@dataclass(frozen=True, slots=True)
class Nth:
    """These submissions, counted from 1 in the order they come."""

    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.numbers or any(type(number) is not int or number < 1 for number in self.numbers):
            raise ScriptError(
                f"nth: {list(self.numbers)} are no places in an order; give one or more from 1 on"
            )


@dataclass(frozen=True, slots=True)
class Chance:
    """Each submission with this probability, drawn from the engine's seed; in any order of threads the same.

    What is drawn depends on operation, client, and how many of that operation that client submitted before.
    """

    probability: float

    def __post_init__(self) -> None:
        given: object = self.probability
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
            raise ScriptError(f"chance: {given!r} is no probability; give a number from 0 to 1")


Choice = Every | Nth | Chance


@dataclass(frozen=True, slots=True)
class Rule:
    """Steps, and which submissions get them.

    Attributes:
        choice: Which of the submissions that it counts.
        script: What their polls get; after its end the future completes.
        operation: Counts only this operation; None for any but a model's creation.
        client: Counts only this model or sampling session (see ``FakeTinker.add_script``); None for any.
    """

    choice: Choice
    script: Script
    operation: Operation | None = None
    client: str | None = None

    def counts(self, operations: Sequence[Operation], client: str | None) -> bool:
        """Whether a submission, which may be any of ``operations``, is one of those that it counts."""
        if self.client is not None and self.client != client:
            return False
        if self.operation is None:
            return Operation.CREATE_MODEL not in operations
        return self.operation in operations


@dataclass(frozen=True, slots=True)
class RuleBeginning:
    """Which submissions a rule is for; ``paused`` or ``plays`` says what they get."""

    choice: Choice
    operation: Operation | None = None
    client: str | None = None

    def paused(
        self,
        state: str,
        *,
        seconds: Seconds | None = None,
        polls: int | None = None,
        reason: str | None = None,
        signal: str = "timeout",
        poll_seconds: Seconds = POLL_SECONDS,
    ) -> Rule:
        """A queue that is paused for a time, then goes on.

        Args:
            state: The ``queue_state``, such as ``paused_capacity``.
            seconds: How long, on the clock that scripts move: the first reply comes at once, one more each
                ``poll_seconds``, and the result when the time is over.
            polls: Instead of ``seconds``: so many replies, and no clock moves.
            reason: The ``queue_state_reason`` of the server (read by ``tinker`` 0.7.0 and later).
            signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
            poll_seconds: How far apart the replies are.

        Raises:
            ScriptError: Neither or both of ``seconds`` and ``polls``, or a number out of range.
        """
        if (seconds is None) == (polls is None):
            raise ScriptError(
                "a pause has a length: give seconds (a clock moves) or polls (none does), one of them"
            )
        reply = pause_reply(state, reason, signal)
        if seconds is None:
            if type(polls) is not int or polls < 1:
                raise ScriptError(f"polls: {polls!r} is no number of replies; give 1, 2, 3, …")
            return self.plays(*[reply] * polls)
        return self.plays(*_pause(reply, microseconds(seconds), microseconds(poll_seconds)))

    def plays(self, *steps: Step) -> Rule:
        """These steps, and then the result.

        Raises:
            ScriptError: No steps.
        """
        if not steps:
            raise ScriptError("a rule without steps changes nothing; give it some, or paused(...)")
        if not isinstance(steps[-1], Complete | Fail):
            steps = (*steps, Complete())
        return Rule(self.choice, Script(steps, Exhausted.REPEAT), self.operation, self.client)


def every(
    count: int, *, operation: Operation | str | None = None, client: str | None = None
) -> RuleBeginning:
    """Begins a rule for every ``count``-th submission; 1 is all of them."""
    return RuleBeginning(Every(count), named_operation(operation), client)


def nth(*numbers: int, operation: Operation | str | None = None, client: str | None = None) -> RuleBeginning:
    """Begins a rule for these submissions, counted from 1."""
    return RuleBeginning(Nth(numbers), named_operation(operation), client)


def chance(
    probability: float, *, operation: Operation | str | None = None, client: str | None = None
) -> RuleBeginning:
    """Begins a rule for each submission with this probability, drawn from the seed."""
    return RuleBeginning(Chance(probability), named_operation(operation), client)


@dataclass(slots=True)
class _Counted:
    """A rule, what it counted, and whether it ever gave its steps."""

    rule: Rule
    number: int
    optional: bool
    count: int = 0
    applied: bool = False


class RuleBook:
    """The rules of one engine and what they have counted. The engine locks around it."""

    def __init__(self, seed: int, rules: Sequence[Rule] = ()) -> None:
        """Has counted nothing yet.

        Args:
            seed: Decides what ``chance`` draws.
            rules: In the order in which they are asked.
        """
        self.seed = seed
        self._counted: list[_Counted] = []
        self._added = 0
        self._places: Counter[tuple[str, str | None]] = Counter()
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule, *, optional: bool = False) -> None:
        """Ask a rule after those that were added before.

        Args:
            rule: The rule.
            optional: Whether it may never apply.
        """
        self._counted.append(_Counted(rule, self._added, optional))
        self._added += 1

    def remove(self, rule: Rule) -> bool:
        """Ask a rule no more; return whether it was there."""
        for counted in self._counted:
            if counted.rule is rule:
                self._counted.remove(counted)
                return True
        return False

    def script_for(self, operations: Sequence[Operation], client: str | None) -> Script | None:
        """The script that a submission without one gets, or None. Every rule counts it, taken or not."""
        likeliest = operations[0].value
        place = self._places[likeliest, client]
        self._places[likeliest, client] += 1
        chosen: _Counted | None = None
        for counted in self._counted:
            if not counted.rule.counts(operations, client):
                continue
            counted.count += 1
            if chosen is None and self._wanted(counted, (likeliest, client, place)):
                chosen = counted
        if chosen is None:
            return None
        chosen.applied = True
        return chosen.rule.script

    def unused(self) -> list[tuple[Rule, int]]:
        """Return the rules that never applied and should have, each with the submissions that it counted."""
        return [
            (counted.rule, counted.count)
            for counted in self._counted
            if not counted.applied and not counted.optional and not _is_luck(counted)
        ]

    @property
    def clients(self) -> set[str]:
        """The clients that submitted something without a script."""
        return {client for _, client in self._places if client is not None}

    def _wanted(self, counted: _Counted, drawn_for: tuple[object, ...]) -> bool:
        match counted.rule.choice:
            case Every(count=count):
                return counted.count % count == 0
            case Nth(numbers=numbers):
                return counted.count in numbers
            case Chance(probability=probability):
                drawn = digest(self.seed, "rule", counted.number, *drawn_for) & _WORD
                return unit(mixed(drawn)) < probability


def _is_luck(counted: _Counted) -> bool:
    return isinstance(counted.rule.choice, Chance) and counted.count > 0


def pause_reply(state: str, reason: str | None, signal: str) -> ReplyStep:
    """Return what a poll gets while the queue is paused.

    Args:
        state: The ``queue_state``.
        reason: The ``queue_state_reason``, or None for none.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.

    Raises:
        ScriptError: No such signal.
    """
    if signal not in SIGNALS:
        raise ScriptError(f"signal: {signal!r} is not one of {', '.join(SIGNALS)}{meant(signal, SIGNALS)}")
    body = {"queue_state": state} | ({} if reason is None else {"queue_state_reason": reason})
    return timeout(body) if signal == "timeout" else try_again(body)


def _pause(reply: ReplyStep, length: int, apart: int) -> list[Step]:
    if length <= 0 or apart <= 0:
        raise ScriptError("seconds and poll_seconds of a pause are above 0; give such as seconds=90")
    replies = math.ceil(length / apart)
    if replies > MAX_REPLIES:
        raise ScriptError(f"a pause of {replies} replies, at most {MAX_REPLIES}; give larger poll_seconds")
    steps: list[Step] = []
    for number in range(replies):
        moved = min(apart, length - number * apart)
        steps += [reply, Advance(moved, moved)]
    return steps
