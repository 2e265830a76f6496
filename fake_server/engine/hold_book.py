"""The holds of one engine: outages, which pause all futures at once, and limits on futures in flight.

A hold decides for each poll of a future without a script whether the poll gets a pause instead of the next
reply. Not thread-safe: the engine holds its lock around all calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from fake_server.core.operations import Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.script.holds import AtMost, Hold, Outage
from fake_server.script.steps import Advance, ReplyStep

MOST_IDLE_POLLS: Final = 100
"""Number of polls of other futures after which a future that was not polled meanwhile no longer counts as in
flight.
"""


@dataclass(frozen=True, slots=True)
class HeldPoll:
    """What a hold does to one poll.

    Attributes:
        advance: How the clocks move before the reply; None if they do not.
        reply: The pause that the poll gets; None if the hold is over, and the script's reply follows.
    """

    advance: Advance | None = None
    reply: ReplyStep | None = None


@dataclass(slots=True)
class _OutageState:
    hold: Outage
    optional: bool = False
    submitted: int = 0
    began_us: int | None = None
    over: bool = False
    polls: int = 0
    last_us: dict[str, int] = field(default_factory=dict)

    def arrived(self, _future: ScriptedFuture, now_us: int) -> None:
        self.submitted += 1
        if self.began_us is None and self.submitted > self.hold.after:
            self.began_us = now_us

    def pause(self, future: ScriptedFuture, now_us: int) -> HeldPoll | None:
        if self.began_us is None or self.over:
            return None
        held = self.hold.held
        self.polls += 1
        if self.hold.polls is not None:
            self.over = self.polls >= self.hold.polls
            return HeldPoll(reply=held.reply)
        if self.hold.length_us is None or held.poll_us is None:
            return HeldPoll(reply=held.reply)
        ends = self.began_us + self.hold.length_us
        # A future is polled `poll_us` after its last reply; polls of others may have moved the clock since.
        due = self.last_us[future.name] + held.poll_us if future.name in self.last_us else now_us
        moved = max(min(due, ends) - now_us, 0)
        advance = Advance(moved, moved) if moved else None
        if now_us + moved >= ends:
            self.over = True
            self.last_us.clear()
            return HeldPoll(advance)
        self.last_us[future.name] = now_us + moved
        return HeldPoll(advance, held.reply)


@dataclass(slots=True)
class _AtMostState:
    hold: AtMost
    optional: bool = False
    applied: bool = False
    waiting: dict[str, int] = field(default_factory=dict)
    """The futures in flight, in order of submission; for each, how many polls of other futures have come
    since its last own poll.
    """

    def arrived(self, future: ScriptedFuture, _now_us: int) -> None:
        self.waiting.setdefault(future.name, 0)

    def ended(self, future: ScriptedFuture) -> None:
        self.waiting.pop(future.name, None)

    def pause(self, future: ScriptedFuture, _now_us: int) -> HeldPoll | None:
        if future.name not in self.waiting:
            return None
        ahead = list(islice(self.waiting, self.hold.count))
        if future.name in ahead:
            self.waiting[future.name] = 0
            return None
        for name in ahead:
            self.waiting[name] += 1
            if self.waiting[name] > MOST_IDLE_POLLS:
                del self.waiting[name]
        self.applied = True
        apart = self.hold.held.poll_us
        return HeldPoll(None if apart is None else Advance(apart, apart), self.hold.held.reply)


class HoldBook:
    """The holds of one engine, with what each has done so far."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        """Create a book without holds.

        Args:
            now_us: Returns the time of the clock that scripts move, in microseconds.
        """
        self._now_us = now_us
        self._states: list[_OutageState | _AtMostState] = []

    def add(self, hold: Hold, *, optional: bool = False) -> None:
        """Add a hold. A limit counts only submissions that come afterwards.

        Args:
            hold: The hold.
            optional: Whether the hold may end without pausing anything; otherwise `unused` reports it.
        """
        match hold:
            case Outage():
                state = _OutageState(hold, optional)
                if not hold.after:
                    state.began_us = self._now_us()
                self._states.append(state)
            case AtMost():
                self._states.append(_AtMostState(hold, optional))

    def remove(self, hold: Hold) -> bool:
        """Remove a hold; return whether the engine had it."""
        for state in self._states:
            if state.hold is hold:
                self._states.remove(state)
                return True
        return False

    def arrived(self, future: ScriptedFuture, operations: Sequence[Operation], client: str | None) -> None:
        """Record a submission of a future."""
        for state in self._states:
            if not state.hold.held.concerns(operations, client):
                continue
            state.arrived(future, self._now_us())

    def pause(self, future: ScriptedFuture) -> HeldPoll | None:
        """Return what the holds do to a poll of a future, or None if the script answers the poll."""
        if not self._states or future.operation is None:
            return None
        for state in self._states:
            if not state.hold.held.concerns((future.operation,), future.client):
                continue
            pause = state.pause(future, self._now_us())
            if pause is not None:
                return pause
        return None

    def ended(self, future: ScriptedFuture) -> None:
        """Record that a future got its last reply, or that no client waits for it any more."""
        for state in self._states:
            if isinstance(state, _AtMostState):
                state.ended(future)

    def unused(self) -> list[Hold]:
        """Return the holds that never paused anything, except optional ones."""
        found: list[Hold] = []
        for state in self._states:
            applied = state.polls > 0 if isinstance(state, _OutageState) else state.applied
            if not applied and not state.optional:
                found.append(state.hold)
        return found
