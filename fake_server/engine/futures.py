"""Futures and their scripts: which script a submission gets, and which step of the script a poll gets.

Not thread-safe: the engine calls this module while it holds its lock. Scripts are found in dictionaries, so
the time does not depend on their number; only scripts with conditions on the body are tried in turn.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Final

from fake_server.core.errors import ScriptError
from fake_server.core.gate import Gate
from fake_server.core.http_messages import Request
from fake_server.core.number_words import counted
from fake_server.core.operations import Number, Operation
from fake_server.script.builder import Exhausted, Script, Turn
from fake_server.script.request_match import RequestMatch
from fake_server.script.steps import Advance, Complete, Fail, FailCategory, ReplyStep

SUBMISSION_SECONDS: Final = 10.0
"""How long, in seconds, a test waits by default until a client submits a future."""
_CANCELLED: Final = Script((Fail(FailCategory.USER, "the request was cancelled"),), Exhausted.REPEAT)

Key = tuple[Operation | None, str | None]


class ScriptedFuture:
    """One future: its script, how much of the script was sent, and what is known of its submission.

    Attributes:
        name: The future's name in errors and the journal, unique in its engine.
        script: The replies to the future's polls.
        scripted: Whether the test registered the script; False for a future that the engine created by
            itself.
        operation: The submitted operation; before the submission, the operation that the script is for, or
            None for any.
        client: The client that submitted; before the submission, the client that the script is for, or None
            for any.
        where: Conditions that the body of a submission must meet to get this script; None for none.
        request_ids: The request ids that the server has given to submissions of this future, oldest first.
        polls: How many polls the script has answered.
        seen: How many polls have come, including those that an outage or a limit answered.
        refusals: How many of the script's replies to submissions have been sent.
        request: The newest submission, whose body determines the result; None before the submission.
        assigned: Fields of the result that the submission determined, such as the id of a new model.
        ended: Whether the client has stopped waiting for the result.
        let_go: Whether the result was dropped to save memory; a later poll gets HTTP 410.
        numbers: The numbers of the future's submissions, by which a repeated submission is recognized.
        gate: Where held replies of the future wait.
        replied_us: When the last reply was given (before the first reply: the submission), in microseconds of
            the clock that scripts move. Noted only for replies that move the clocks, and for scripts with
            ``side_by_side``.
        unresolved: Whether the test has not given the future an end yet, so that a client may stop polling at
            any time.
    """

    __slots__ = (
        "assigned",
        "client",
        "ended",
        "gate",
        "let_go",
        "name",
        "numbers",
        "operation",
        "polls",
        "refusals",
        "replied_us",
        "request",
        "request_ids",
        "script",
        "scripted",
        "seen",
        "serial",
        "unresolved",
        "where",
    )

    def __init__(
        self,
        name: str,
        script: Script,
        *,
        operation: Operation | None,
        client: str | None,
        serial: int,
        gate: Gate,
        scripted: bool = True,
        where: RequestMatch | None = None,
    ) -> None:
        self.name = name
        self.where = where
        self.script = script
        self.scripted = scripted
        self.operation = operation
        self.client = client
        self.serial = serial
        self.gate = gate
        self.request_ids: tuple[str, ...] = ()
        self.polls = 0
        self.seen = 0
        self.refusals = 0
        self.ended = False
        self.let_go = False
        self.unresolved = False
        self.replied_us = 0
        self.numbers: tuple[Number, ...] = ()
        self.request: Request | None = None
        self.assigned: dict[str, object] = {}

    @property
    def submitted(self) -> bool:
        """Whether a client has submitted the future."""
        return bool(self.request_ids)

    @property
    def served(self) -> int:
        """How many of the script's replies have been sent."""
        return min(self.polls, len(self.script.turns))

    @property
    def is_over(self) -> bool:
        """Whether no client polls it again: the last poll got a result or a failure, or it ended."""
        turns, polled = self.script.turns, self.polls
        if self.ended or polled == 0:
            return self.ended
        if polled > len(turns) and self.script.exhausted is not Exhausted.REPEAT:
            return self.script.exhausted is Exhausted.FAIL
        return bool(turns) and isinstance(turns[min(polled, len(turns)) - 1].reply, Complete | Fail)

    @property
    def left(self) -> tuple[ReplyStep, ...]:
        """The replies that have not been polled yet."""
        return tuple(turn.reply for turn in self.script.turns[self.polls :])

    @property
    def refusals_left(self) -> tuple[ReplyStep, ...]:
        """The replies to submissions that have not been sent yet."""
        return tuple(turn.reply for turn in self.script.submission_turns[self.refusals :])

    def __repr__(self) -> str:
        total = counted(len(self.script.turns), "reply", "replies")
        return f"<ScriptedFuture {self.name!r}, {self.served} of {total} served>"


Claim = tuple[int, tuple[Advance, ...], Turn | None]
"""What one poll gets: its 0-based number, the clock steps before the reply, and the reply with its own steps.

The third item is None if the script has no reply left and does not repeat its last one.
"""


class FutureBook:
    """All futures of one engine, found by name, by request id, or by operation and client."""

    def __init__(self) -> None:
        self.by_name: dict[str, ScriptedFuture] = {}
        self.by_request_id: dict[str, ScriptedFuture] = {}
        self._free: defaultdict[Key, deque[ScriptedFuture]] = defaultdict(deque)
        self._expired: defaultdict[Key, deque[ScriptedFuture]] = defaultdict(deque)
        self._numbered: dict[Number, ScriptedFuture] = {}
        self._unscripted = 0
        self._let_go = 0
        self._made = 0
        self._given = 0
        # Scripts with conditions on the body, which no dictionary finds, in order of registration.
        self._conditional: list[ScriptedFuture] = []
        self._captured: dict[str, object] = {}
        self.gate = Gate()

    @property
    def given(self) -> int:
        """How many request ids were given to submissions, including those of forgotten futures."""
        return self._given

    def add(
        self,
        script: Script,
        operation: Operation | None,
        client: str | None,
        name: str | None,
        where: RequestMatch | None = None,
    ) -> ScriptedFuture:
        """Register a script, and return its future, which waits for a submission.

        Args:
            script: The replies to the polls.
            operation: The operation that the script is for; None for any.
            client: The client that the script is for; None for any.
            name: The future's name; None for the next free ``future-1``, ``future-2``, ….
            where: Conditions on the body of the submission; None for none.

        Raises:
            ScriptError: The name is empty or taken.
        """
        name = self._free_name() if name is None else name
        if not name or name in self.by_name:
            raise ScriptError(
                f"the future name {name!r} is {'taken' if name else 'empty'}; give each its own name"
            )
        future = ScriptedFuture(
            name, script, operation=operation, client=client, serial=self._made, gate=self.gate, where=where
        )
        self._keep(future)
        if where is None:
            self._free[operation, client].append(future)
        else:
            self._conditional.append(future)
        return future

    def add_unscripted(self, script: Script, operation: Operation, client: str | None) -> ScriptedFuture:
        """Create a future for a submission that has no registered script."""
        self._unscripted += 1
        while (name := f"unscripted-{self._unscripted}") in self.by_name:
            self._unscripted += 1
        future = ScriptedFuture(
            name, script, operation=operation, client=client, serial=-1, gate=self.gate, scripted=False
        )
        self._keep(future)
        return future

    def unknown(self) -> ScriptedFuture:
        """Return a future with an empty name, for a submission that no script is left for."""
        return ScriptedFuture(
            "", Script(), operation=None, client=None, serial=-1, gate=self.gate, scripted=False
        )

    def take(
        self, operations: Iterable[Operation], client: str | None, body: Mapping[str, object]
    ) -> tuple[ScriptedFuture, Operation] | None:
        """Return the future for a submission, or None if there is none.

        A future that ended with HTTP 410 and may be submitted again comes first. Otherwise it is the future
        of the first registered script that is still waiting and fits.

        Args:
            operations: The operations that the submission may be, the most likely first.
            client: The client that sent the submission.
            body: The decoded body.

        Returns:
            The future, and the one of ``operations`` that fits.
        """
        choices = tuple(operations)
        for operation in choices:
            if waiting := self._expired.get((operation, client)):
                return waiting.popleft(), operation
            keys: set[Key] = {(operation, client), (operation, None)}
            # To most tests, creating a model is set-up, so it must not consume a script for any operation.
            if operation is not Operation.CREATE_MODEL:
                keys |= {(None, client), (None, None)}
            queues = [queue for key in keys if (queue := self._free.get(key))]
            first = min(queues, key=lambda queue: queue[0].serial) if queues else None
            limit = math.inf if first is None else first[0].serial
            if (found := self._matching(keys, body, limit)) is not None:
                return found, operation
            if first is not None:
                return first.popleft(), operation
        return None

    def _matching(self, keys: set[Key], body: Mapping[str, object], limit: float) -> ScriptedFuture | None:
        """Take the first waiting script with conditions that a submission meets.

        Args:
            keys: Pairs of operation and client of the scripts that fit.
            body: The decoded body of the submission.
            limit: Only scripts that were registered before this serial number.
        """
        for future in self._conditional:
            if future.serial > limit:
                break
            there = (future.operation, future.client) in keys
            if there and future.where is not None and future.where.matches(body, self._captured):
                self._conditional.remove(future)
                return future
        return None

    def nearest_conditional(
        self, operations: Iterable[Operation], client: str | None, body: Mapping[str, object]
    ) -> tuple[ScriptedFuture, list[str]] | None:
        """Return the waiting script that a submission fits best, and the conditions that it misses."""
        wanted = set(operations)
        missed = [
            (future, future.where.differences(body, self._captured))
            for future in self._conditional
            if future.where is not None
            and (future.operation is None or future.operation in wanted)
            and future.client in (None, client)
        ]
        return min(missed, key=lambda pair: len(pair[1]), default=None)

    def submission_turn(self, future: ScriptedFuture, *, repeated: bool = False) -> Turn | None:
        """Return the script's next reply to a submission, instead of the usual one that accepts it.

        If the reply refuses the submission, the future waits for the next submission again.

        Args:
            future: The future that `take` returned, or that of an earlier submission if ``repeated``.
            repeated: Whether the client repeats a submission that was accepted, because the reply was lost.

        Returns:
            The reply; None if the submission gets the usual one.
        """
        turns = future.script.submission_turns
        if future.refusals >= len(turns) or (future.submitted and not repeated):
            return None
        turn = turns[future.refusals]
        future.refusals += 1
        if repeated or turn.accepts:
            return turn
        if future.where is None:
            self._free[future.operation, future.client].appendleft(future)
        else:
            insort(self._conditional, future, key=lambda waiting: waiting.serial)
        return turn

    def repeated(self, number: Number | None) -> ScriptedFuture | None:
        """Return the future of an earlier submission with this number, or None if this is the first.

        A submission after HTTP 410 is not a repetition, whatever its number: it continues the script.
        """
        future = None if number is None else self._numbered.get(number)
        if future is None or future in self._expired.get((future.operation, future.client), ()):
            return None
        return future

    def submit(
        self, future: ScriptedFuture, operation: Operation, client: str | None, number: Number | None = None
    ) -> str:
        """Accept a submission, and return its request id: the future's name, with a count if resubmitted."""
        if number is not None:
            self._numbered[number] = future
            future.numbers = (*future.numbers, number)
        count = len(future.request_ids) + 1
        request_id = future.name if count == 1 else f"{future.name}~{count}"
        while request_id in self.by_request_id:
            request_id += "~"
        future.request_ids = (*future.request_ids, request_id)
        future.operation, future.client = operation, client
        self.by_request_id[request_id] = future
        self._given += 1
        return request_id

    def claim(self, future: ScriptedFuture) -> Claim:
        """Return the script's next step to one poll; no other poll gets the same step."""
        index, script = future.polls, future.script
        turns = script.turns
        future.polls = index + 1
        if index < len(turns):
            turn = turns[index]
            if turn.expires:
                self._expire(future)
            return index, turn.advances, turn
        repeated = script.last if script.exhausted is Exhausted.REPEAT else None
        if repeated is not None and repeated.expires:
            self._expire(future)
        return index, script.tail if index == len(turns) else (), repeated

    def end(self, future: ScriptedFuture) -> None:
        """End a future: no later submission continues its script, even after a refused submission."""
        future.ended = True
        for waiting in self._expired.values():
            if future in waiting:
                waiting.remove(future)
        if future.refusals and not future.submitted:
            free = self._free[future.operation, future.client]
            if future in free:
                free.remove(future)
            if future in self._conditional:
                self._conditional.remove(future)

    def forget(self, future: ScriptedFuture) -> None:
        """Remove a future of whose script every reply was sent.

        Raises:
            ScriptError: The future is unknown, or has replies left.
        """
        if self.by_name.get(future.name) is not future:
            raise ScriptError(f"there is no future {future.name!r} here; forget each future only once")
        if future.left or not future.submitted:
            raise ScriptError(f"{future!r} cannot be forgotten; poll it to the end of its script first")
        self.end(future)
        del self.by_name[future.name]
        for request_id in future.request_ids:
            del self.by_request_id[request_id]
        for number in future.numbers:
            if self._numbered.get(number) is future:
                del self._numbered[number]

    def was_let_go(self, request_id: str) -> bool:
        """Return whether a request id belonged to a future that `let_go` has removed."""
        name, _, _ = request_id.partition("~")
        prefix, _, number = name.rpartition("-")
        if prefix != "unscripted" or not number.isdecimal() or len(number) > 18:
            return False
        return name not in self.by_name and 0 < int(number) <= self._let_go

    def let_go(self, future: ScriptedFuture) -> None:
        """Remove a future that the engine created by itself and that is finished.

        `was_let_go` still recognizes its request ids.
        """
        if self.by_name.get(future.name) is future:
            self.forget(future)
            number = future.name.rpartition("-")[2]
            self._let_go = max(self._let_go, int(number))

    def cancel(self, request_id: object) -> ScriptedFuture | None:
        """Cancel the future with a request id, so that its polls get a failure (as in 0.38.0).

        Returns:
            The future; None if there is no such request id.
        """
        future = self.by_request_id.get(request_id) if isinstance(request_id, str) else None
        if future is not None:
            self.end(future)
            future.script = _CANCELLED
            future.scripted = False
        return future

    @property
    def clients(self) -> set[str]:
        """The clients whose submissions were accepted."""
        return {future.client for future in self.by_name.values() if future.submitted and future.client}

    def unfinished(self) -> list[ScriptedFuture]:
        """Return the scripted futures with replies that were never sent, in order of registration.

        A future that the test has left unresolved is not among them once it is submitted: its client may have
        cancelled it.
        """
        return [
            future
            for future in self.by_name.values()
            if future.scripted
            and (future.left or future.refusals_left)
            and not (future.unresolved and future.submitted)
        ]

    def _expire(self, future: ScriptedFuture) -> None:
        if future.ended or future.operation is None:
            return
        waiting = self._expired[future.operation, future.client]
        if future not in waiting:
            waiting.append(future)

    def _keep(self, future: ScriptedFuture) -> None:
        self.by_name[future.name] = future
        self._made += 1

    def _free_name(self) -> str:
        count = self._made + 1
        while f"future-{count}" in self.by_name:
            count += 1
        return f"future-{count}"
