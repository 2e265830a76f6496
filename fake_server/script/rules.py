"""Rules: replies for some of the submissions that have no script of their own.

    engine.add_rule(every(3).paused("paused_capacity", seconds=90))
    engine.add_rule(chance(0.1, operation="sample").plays(timeout(queue_state="paused_rate_limit"), drop()))

A rule counts the submissions without a script, of its operation and client. If the rule selects a submission,
the submission's future gets the rule's steps, and then completes. If several rules select a submission, the
first one applies. Rules are frozen values. ``fake_server.script.rule_data`` reads them from YAML.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fake_server.core.errors import ScriptError, meant
from fake_server.core.operations import Operation, named_operation
from fake_server.core.seeded_numbers import digest, mixed, unit
from fake_server.script.builder import (
    MAX_STEPS,
    Exhausted,
    Script,
    Seconds,
    timeout,
    try_again,
)
from fake_server.script.request_match import RequestMatch, request_match
from fake_server.script.spelling import warn_of_a_misspelt_state
from fake_server.script.steps import Advance, Complete, Fail, ReplyStep, Step, microseconds

POLL_SECONDS: Final = 30
"""Default time between the replies of a pause, in seconds of the clock that scripts move."""
MAX_REPLIES: Final = 100_000
"""Greatest number of replies of one pause."""
SIGNALS: Final = ("timeout", "try_again")
_WORD: Final = (1 << 64) - 1
_NO_FIELDS: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Every:
    """Selects every ``count``-th submission: for 3, the third, the sixth, …."""

    count: int

    def __post_init__(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise ScriptError(f"every is {self.count!r}; give a whole number from 1")


@dataclass(frozen=True, slots=True)
class Nth:
    """Selects these submissions, counted from 1 in order of arrival."""

    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.numbers or any(type(number) is not int or number < 1 for number in self.numbers):
            raise ScriptError(f"nth is {list(self.numbers)}; give one or more whole numbers from 1")


@dataclass(frozen=True, slots=True)
class Chance:
    """Selects each submission with this probability.

    The draw depends on the engine's seed, the operation, the client, and how many submissions of that
    operation the client made before. The order of threads does not change it.
    """

    probability: float

    def __post_init__(self) -> None:
        given: object = self.probability
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
            raise ScriptError(f"chance is {given!r}; give a probability from 0 to 1")


Choice = Every | Nth | Chance


def selects(
    only: Operation | None, only_client: str | None, operations: Sequence[Operation], client: str | None
) -> bool:
    """Return whether a rule or a hold applies to a submission.

    Args:
        only: The operation of the rule; None for any but ``create_model``.
        only_client: The model or sampling session of the rule; None for any.
        operations: The operations that a rule may name for this submission: two where a request for
            log-probabilities of a prompt can also be read as a sample, otherwise one.
        client: The model or sampling session of the submission; None if it names none.
    """
    if only_client is not None and only_client != client:
        return False
    return Operation.CREATE_MODEL not in operations if only is None else only in operations


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: which submissions it selects, and the steps that their futures get.

    Attributes:
        choice: Which of the counted submissions the rule selects.
        script: The replies to polls of a selected future; after the last one the future completes.
        operation: Counts only this operation; None counts any but ``create_model``.
        client: Counts only this model or sampling session (see ``FakeTinker.add_script``); None counts any.
        where: Counts only submissions whose bodies meet these conditions; None counts any.
    """

    choice: Choice
    script: Script
    operation: Operation | None = None
    client: str | None = None
    where: RequestMatch | None = None

    def counts(self, operations: Sequence[Operation], client: str | None) -> bool:
        """Return whether the rule counts a submission by its operation and client; ``where`` is not checked.

        Args:
            operations: The operations that a rule may name for this submission: two where a request for
            log-probabilities of a prompt can also be read as a sample, otherwise one.
            client: The model or sampling session of the submission; None if it names none.
        """
        return selects(self.operation, self.client, operations, client)


@dataclass(frozen=True, slots=True)
class RuleBeginning:
    """The beginning of a rule, which says what the rule selects.

    Call ``paused`` or ``plays`` to complete it.
    """

    choice: Choice
    operation: Operation | None = None
    client: str | None = None
    where: RequestMatch | None = None

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
        """Return a rule that pauses each selected future for a while, and then lets it complete.

        Args:
            state: The ``queue_state``, such as ``paused_capacity``.
            seconds: Length of the pause, in seconds of the clock that scripts move: the first reply comes at
                once, another one every ``poll_seconds``, and the result when the time is over. Pauses of
                futures in flight pass at the same time.
            polls: Instead of ``seconds``: how many polls get a pausing reply; no clock moves.
            reason: The server's ``queue_state_reason`` (read by ``tinker`` 0.7.0 and later); None for none.
            signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.
            poll_seconds: Time between replies, in seconds.

        Raises:
            ScriptError: Neither or both of ``seconds`` and ``polls`` are given, or a number is out of range.
        """
        if (seconds is None) == (polls is None):
            raise ScriptError(
                "a pause needs a length; give either seconds (moves the clocks) or polls (does not)"
            )
        reply = pause_reply(state, reason, signal)
        if seconds is None:
            if type(polls) is not int or not 1 <= polls < MAX_STEPS:
                raise ScriptError(
                    f"polls is {polls!r}; give a whole number of replies from 1 to {MAX_STEPS - 1}"
                )
            return self.plays(*[reply] * polls)
        steps = _pause(reply, microseconds(seconds), microseconds(poll_seconds))
        return self._rule(Script((*steps, Complete()), Exhausted.REPEAT, side_by_side=True))

    def plays(self, *steps: Step) -> Rule:
        """Return a rule that gives each selected future these steps, and then the result.

        Raises:
            ScriptError: There are no steps.
        """
        if not steps:
            raise ScriptError("plays() needs at least one step; give it some, or use paused()")
        if not isinstance(steps[-1], Complete | Fail):
            steps = (*steps, Complete())
        return self._rule(Script(steps, Exhausted.REPEAT))

    def _rule(self, script: Script) -> Rule:
        return Rule(self.choice, script, self.operation, self.client, self.where)


def every(
    count: int,
    *,
    operation: Operation | str | None = None,
    client: str | None = None,
    where: Mapping[str, object] | None = None,
) -> RuleBeginning:
    """Begin a rule that selects every ``count``-th of the submissions that it counts.

    Args:
        count: 1 selects all, 3 selects the third, the sixth, and so on.
        operation: Counts only this operation; None counts any but ``create_model``.
        client: Counts only this model or sampling session; None counts any.
        where: Counts only requests whose bodies meet these conditions (``fake_server.script.request_match``);
            None counts any.
    """
    return RuleBeginning(Every(count), named_operation(operation), client, request_match(where))


def nth(
    *numbers: int,
    operation: Operation | str | None = None,
    client: str | None = None,
    where: Mapping[str, object] | None = None,
) -> RuleBeginning:
    """Begin a rule that selects the submissions with these numbers, counted from 1.

    The keywords are those of ``every``.
    """
    return RuleBeginning(Nth(numbers), named_operation(operation), client, request_match(where))


def chance(
    probability: float,
    *,
    operation: Operation | str | None = None,
    client: str | None = None,
    where: Mapping[str, object] | None = None,
) -> RuleBeginning:
    """Begin a rule that selects each submission with this probability, drawn from the engine's seed.

    The keywords are those of ``every``.
    """
    return RuleBeginning(Chance(probability), named_operation(operation), client, request_match(where))


@dataclass(slots=True)
class _Counted:
    """A rule of an engine, with how many submissions it counted, and whether it ever applied."""

    rule: Rule
    number: int
    optional: bool
    count: int = 0
    applied: bool = False


class RuleBook:
    """The rules of one engine, with their counts. Not thread-safe; the engine holds its lock around calls."""

    def __init__(self, seed: int, rules: Sequence[Rule] = ()) -> None:
        """Create a rule book that has counted nothing.

        Args:
            seed: Determines the draws of ``chance``.
            rules: The rules, in order of precedence.
        """
        self.seed = seed
        self._counted: list[_Counted] = []
        self._added = 0
        self._places: Counter[tuple[str, str | None]] = Counter()
        self._captured: dict[str, object] = {}
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule, *, optional: bool = False) -> None:
        """Add a rule; earlier rules take precedence.

        Args:
            rule: The rule.
            optional: Whether it need not apply; otherwise `unused` reports a rule that never applied.
        """
        self._counted.append(_Counted(rule, self._added, optional))
        self._added += 1

    def remove(self, rule: Rule) -> bool:
        """Remove a rule; return whether it was present."""
        for counted in self._counted:
            if counted.rule is rule:
                self._counted.remove(counted)
                return True
        return False

    def script_for(
        self, operations: Sequence[Operation], client: str | None, body: Mapping[str, object] = _NO_FIELDS
    ) -> Script | None:
        """Return the script that a rule gives to a submission, or None. Every rule counts the submission.

        Args:
            operations: The operations that a rule may name for this submission, the most likely first.
            client: The client that sent the submission; None if the request names none.
            body: The decoded body.
        """
        likeliest = operations[0].value
        place = self._places[likeliest, client]
        self._places[likeliest, client] += 1
        chosen: _Counted | None = None
        for counted in self._counted:
            if not counted.rule.counts(operations, client):
                continue
            if (where := counted.rule.where) is not None and not where.matches(body, self._captured):
                continue
            counted.count += 1
            if chosen is None and self._wanted(counted, (likeliest, client, place)):
                chosen = counted
        if chosen is None:
            return None
        chosen.applied = True
        return chosen.rule.script

    def nearest_miss(
        self, operations: Sequence[Operation], client: str | None, body: Mapping[str, object]
    ) -> tuple[RequestMatch, list[str]] | None:
        """Return the conditions of the rule that a submission fits best, and what it misses, or None."""
        wheres = (counted.rule.where for counted in self._counted if counted.rule.counts(operations, client))
        missed = [(where, where.differences(body, self._captured)) for where in wheres if where is not None]
        return min(missed, key=lambda pair: len(pair[1]), default=None)

    def unused(self) -> list[tuple[Rule, int]]:
        """Return the rules that should have applied but did not, and how many submissions each counted."""
        return [
            (counted.rule, counted.count)
            for counted in self._counted
            if not counted.applied and not counted.optional and not _is_by_chance(counted)
        ]

    @property
    def clients(self) -> set[str]:
        """The clients that sent a submission without a script."""
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


def _is_by_chance(counted: _Counted) -> bool:
    return isinstance(counted.rule.choice, Chance) and counted.count > 0


def pause_reply(state: str, reason: str | None, signal: str) -> ReplyStep:
    """Return the reply that a poll gets while the queue is paused.

    Args:
        state: The ``queue_state``.
        reason: The ``queue_state_reason``, or None for none.
        signal: ``timeout`` for HTTP 408, ``try_again`` for HTTP 200.

    Raises:
        ScriptError: There is no such signal.
    """
    if signal not in SIGNALS:
        raise ScriptError(f"signal is {signal!r}; use one of {', '.join(SIGNALS)}{meant(signal, SIGNALS)}")
    warn_of_a_misspelt_state(state, stacklevel=4)
    body = {"queue_state": state} | ({} if reason is None else {"queue_state_reason": reason})
    return timeout(body) if signal == "timeout" else try_again(body)


def _pause(reply: ReplyStep, length: int, apart: int) -> list[Step]:
    if length <= 0 or apart <= 0:
        raise ScriptError(
            "seconds and poll_seconds of a pause must be greater than 0; give for example seconds=90"
        )
    replies = math.ceil(length / apart)
    if replies > MAX_REPLIES:
        raise ScriptError(
            f"the pause has {replies} replies, the limit is {MAX_REPLIES}; increase poll_seconds"
        )
    steps: list[Step] = []
    for number in range(replies):
        moved = min(apart, length - number * apart)
        steps += [reply, Advance(moved, moved)]
    return steps
