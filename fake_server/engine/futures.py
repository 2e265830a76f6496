"""Scripted futures: which script a submission gets, and which step a poll gets.

Not thread-safe: the engine calls this module while it holds its lock. Every look-up uses a dictionary, so its
cost does not depend on the number of scripts.
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
from fake_server.script.steps import Advance, Fail, FailCategory, ReplyStep

SUBMISSION_SECONDS: Final = 10.0
"""How long a test waits by default until a client submits a future."""
_CANCELLED: Final = Script((Fail(FailCategory.USER, "the request was cancelled"),), Exhausted.REPEAT)

Key = tuple[Operation | None, str | None]


class ScriptedFuture:
    """One script and how far it has been served.

    Attributes:
        name: Its name in errors and the journal, unique in its engine.
        script: The replies to its polls.
        scripted: False for a future that the engine created for a submission without a script.
        operation: Its operation; None before its submission means any operation.
        client: Its client; None before its submission means any client.
        where: Conditions on the body of its submission; None for none.
        request_ids: Its ids, one for each submission.
        polls: How many polls its script was asked for.
        seen: How many polls have come, including those that a hold answered.
        refusals: How many of the script's replies to submissions have been sent.
        request: The newest submission, whose body determines the result.
        assigned: Fields of the result that were determined by its submission, such as the id of a new model.
        ended: Whether its client has stopped waiting.
        let_go: Whether its result was dropped; a later poll gets HTTP 410.
        numbers: The numbers of its submissions, by which a repeated submission is recognized.
        gate: Where its held replies wait.
        replied_us: When its last reply was given, or its submission, on the scripts' clock in microseconds;
            noted only for a reply that moves the clocks, and for scripts whose advances count from it.
        unresolved: Whether it has no end yet, so that a client may stop polling it at any time.
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
        """Whether a submission has taken it."""
        return bool(self.request_ids)

    @property
    def served(self) -> int:
        """How many of the script's replies have been sent."""
        return min(self.polls, len(self.script.turns))

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
"""What one poll gets: its 0-based number, the clock steps before the reply, and the reply.

The reply is None when the script is exhausted and its rule is not ``repeat``.
"""


class FutureBook:
    """All futures of one engine, found by name, by request id, and by operation and client."""

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
        """How many request ids were issued, those of forgotten futures included."""
        return self._given

    def add(
        self,
        script: Script,
        operation: Operation | None,
        client: str | None,
        name: str | None,
        where: RequestMatch | None = None,
    ) -> ScriptedFuture:
        """Register a script.

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
        """Return a new future for a submission without a registered script."""
        self._unscripted += 1
        while (name := f"unscripted-{self._unscripted}") in self.by_name:
            self._unscripted += 1
        future = ScriptedFuture(
            name, script, operation=operation, client=client, serial=-1, gate=self.gate, scripted=False
        )
        self._keep(future)
        return future

    def unknown(self) -> ScriptedFuture:
        """Return a future without a name, for a submission that this book has no script for."""
        return ScriptedFuture(
            "", Script(), operation=None, client=None, serial=-1, gate=self.gate, scripted=False
        )

    def take(
        self, operations: Iterable[Operation], client: str | None, body: Mapping[str, object]
    ) -> tuple[ScriptedFuture, Operation] | None:
        """Return the future for a submission: one ended by HTTP 410, else the first free match.

        Args:
            operations: The operations that the submission may be, the most likely first.
            client: The client that sent it.
            body: Its decoded body.

        Returns:
            The future and the operation that it was taken for, or None.
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
        """Take the first script with conditions that a submission meets, registered before ``limit``."""
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
        """Return the waiting script whose conditions a submission misses least, and what it misses."""
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
        """Return the script's next reply to a submission of a future, and free the future if that refuses it.

        Args:
            future: The future, just taken unless ``repeated``.
            repeated: Whether the submission was accepted before, and its reply lost.

        Returns:
            None if the submission gets the usual reply.
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
        """Issue a request id for the future: its name, or its name and a count if it is resubmitted."""
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
        """Return the next step of a future; no other poll gets it."""
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
        """End this future: no later submission continues its script, not even one that was refused before."""
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
        """Remove a future whose script was served to its end.

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
        """Return whether the id belonged to a future that was dropped by `let_go`."""
        name, _, _ = request_id.partition("~")
        prefix, _, number = name.rpartition("-")
        if prefix != "unscripted" or not number.isdecimal() or len(number) > 18:
            return False
        return name not in self.by_name and 0 < int(number) <= self._let_go

    def let_go(self, future: ScriptedFuture) -> None:
        """Forget an unscripted future that was served to its end, but remember its ids for `was_let_go`."""
        if self.by_name.get(future.name) is future:
            self.forget(future)
            number = future.name.rpartition("-")[2]
            self._let_go = max(self._let_go, int(number))

    def cancel(self, request_id: object) -> ScriptedFuture | None:
        """Cancel a future: its polls get a failure (0.38.0)."""
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
        """Return the futures with replies that were not polled, in order of registration.

        A submitted future that the test left unresolved may never be polled: its client can cancel it first.
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
