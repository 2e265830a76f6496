"""Find out which future of the SDK's adapter is which future of the fake server.

The adapter numbers futures by their place in the scenario. The fake server gives the first free script to the
first matching submission. Where several futures of one client and operation are in flight together, their
submissions arrive in any order, so one future may have two different numbers: the adapter's and the server's.
A timeline uses the server's number, because that number names the script.
"""

from __future__ import annotations

from collections import deque

import msgspec

from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.scenario.scenario import FutureSpec, Scenario
from tinker_conformance.timeline import Callback, Log, Outcome, Telemetry, Timeline


class FutureNumbers:
    """Finds the server's number for each of the adapter's futures. Not thread-safe.

    An SDK does something for a future only between a reply and the next request of that future. So when the
    adapter reports an event of a future, that future cannot be one whose poll the server has not answered
    yet.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Start with all pairs of numbers that are possible in a scenario.

        Args:
            scenario: The scenario that runs.
        """
        self._possible: dict[int, set[int]] = {}
        for numbers in rounds(scenario):
            for number in numbers:
                alike = _alike(scenario, scenario.futures[number - 1])
                same = [other for other in numbers if _alike(scenario, scenario.futures[other - 1]) == alike]
                self._possible[number] = set(same)
        self._held = {number: number for number in self._possible}
        self._asked: set[int] = set()
        self._finished: list[int] = []

    def of(self, number: int) -> int:
        """Return the server's number for an adapter's number.

        While the server's number is not certain, return the adapter's number.
        """
        possible = self._possible.get(number, {number})
        return next(iter(possible)) if len(possible) == 1 else number

    def renumbered(self, timeline: Timeline) -> Timeline:
        """Return a timeline in which the events that the adapter reported have the server's numbers."""
        return tuple(
            msgspec.structs.replace(event, future=self.of(event.future))
            if isinstance(event, Callback | Log | Telemetry | Outcome) and event.future is not None
            else event
            for event in timeline
        )

    def from_server(self, number: int) -> int | None:
        """Return the adapter's number for a server's number, or None while that is not certain."""
        return next((own for own, possible in self._possible.items() if possible == {number}), None)

    @property
    def awaiting_a_reply(self) -> bool:
        """Whether the server has received a poll and has not answered it yet."""
        return bool(self._asked)

    def submitted_by(self, own: int | None, number: int) -> None:
        """Record which future of the adapter sent a submission.

        Args:
            own: The adapter's number of the future; None if that is not known.
            number: The server's number of the future.
        """
        if own is not None and number in self._possible.get(own, ()):
            self._narrow(own, {number})

    def request_arrived(self, number: int) -> None:
        """Record that the server received a poll of the future with this server's number."""
        self._asked.add(number)

    def reply_chosen(self, number: int, *, last: bool) -> None:
        """Record that the server answers a poll.

        Args:
            number: The server's number of the future.
            last: Whether the script has no further reply.
        """
        self._asked.discard(number)
        if last and number not in self._finished:
            self._finished.append(number)

    def event_of(self, own: int) -> None:
        """Record that the adapter reported an event of the future with this adapter's number."""
        self._narrow(own, self._possible.get(own, set()) - self._asked)

    def outcome_of(self, own: int) -> int:
        """Record that the adapter reported the outcome of the future with this adapter's number.

        Returns:
            The server's number of the future. If several are possible, the one whose script ended first. No
            other future of the adapter gets the same number.
        """
        self.event_of(own)
        possible = self._possible.get(own, {own})
        finished = [number for number in self._finished if number in possible]
        for number in (*finished, *sorted(possible, key=lambda number: number != own)):
            self._narrow(own, {number})
            if self._possible.get(own) == {number}:
                return number
        return own

    def _narrow(self, own: int, to: set[int]) -> None:
        # Nothing is ruled out by an event that contradicts what is known, such as a line of another thread.
        if own not in self._possible or not (possible := self._possible[own] & to):
            return
        before, self._possible[own] = self._possible[own], possible
        if possible != before and not self._holds_one(own):
            self._possible[own] = before
            return
        if len(possible) > 1:
            return
        for other, others in self._possible.items():
            if other != own and possible < others:
                self._narrow(other, others - possible)

    def _holds_one(self, own: int) -> bool:
        """Return whether all futures can still have different numbers, given what is possible for each.

        `_held` is one way in which all futures have different numbers. This method searches for a chain of
        changes in which each future takes the number of the next, and the last takes the number that `own`
        can no longer have.
        """
        free = self._held[own]
        if free in self._possible[own]:
            return True
        holders = {number: holder for holder, number in self._held.items()}
        takers: dict[int, int] = {}
        waiting = deque([own])
        while waiting and free not in takers:
            taker = waiting.popleft()
            for number in self._possible[taker] - takers.keys():
                takers[number] = taker
                waiting.append(holders[number])
        if free not in takers:
            return False
        number = free
        while (taker := takers[number]) != own:
            self._held[taker], number = number, self._held[taker]
        self._held[own] = number
        return True


def _alike(scenario: Scenario, future: FutureSpec) -> tuple[object, ...]:
    """Return what the fake server sees of a submission when it chooses a script.

    If these values are equal for two submissions, the fake server cannot tell the submissions apart.
    """
    kind = scenario.client(future.client).kind
    client = None if kind is ClientKind.SAMPLING else future.client
    return kind, client, future.operation
