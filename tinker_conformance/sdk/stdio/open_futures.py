"""The futures of a scenario, or its calls: which are still open, which sleep, and whose an event is."""

from __future__ import annotations

from collections import deque

from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.server_events import FutureKey
from tinker_conformance.sdk.stdio.protocol_messages import Event


class MisplacedEventError(ValueError):
    """An event of a client, a future or a call that the scenario does not have."""


class OpenFutures:
    """What has not ended yet. Not for two threads at once."""

    def __init__(self, scenario: Scenario) -> None:
        """Everything is open, and nothing sleeps."""
        self._scenario = scenario
        self._open = dict.fromkeys(range(1, max(len(scenario.futures), len(scenario.calls)) + 1))
        self._sleeping: dict[int, int] = {}
        self._rounds = rounds(scenario)
        self._waiting = deque(self._rounds)

    def __contains__(self, number: int) -> bool:
        """Whether a future, or a call, has no outcome yet."""
        return number in self._open

    def __bool__(self) -> bool:
        """Whether any has none."""
        return bool(self._open)

    def ended(self, number: int) -> None:
        """It has its outcome."""
        del self._open[number]
        self.awake(number)

    def missing(self) -> str:
        """What the adapter has to tell next, in words."""
        number = next(iter(self._open), None)
        if number is None:
            return "the message 'done'"
        if self._scenario.calls:
            return f"the outcome of call {number}"
        future = self._scenario.futures[number - 1]
        return f"the outcome of future {number} ({future.operation} on {future.client})"

    # -- sleeping ----------------------------------------------------------------------------------

    def sleeps(self, number: int, until_ns: int) -> None:
        """It sleeps until a moment on the monotonic clock."""
        self._sleeping[number] = until_ns

    def awake(self, number: int) -> None:
        """It does something."""
        self._sleeping.pop(number, None)

    def time_is(self, monotonic_ns: int) -> None:
        """Whoever slept until then is awake."""
        self._sleeping = {n: until for n, until in self._sleeping.items() if until > monotonic_ns}

    def all_sleep_until(self) -> int | None:
        """The nearest moment that anything waits for, once everything in flight waits; else None."""
        in_flight = self._in_flight()
        if not in_flight or any(number not in self._sleeping for number in in_flight):
            return None
        return min(self._sleeping[number] for number in in_flight)

    def _in_flight(self) -> list[int]:
        if self._scenario.calls:
            return list(self._open)[:1]
        for numbers in self._rounds:
            if still := [number for number in numbers if number in self._open]:
                return still
        return []

    # -- rounds ------------------------------------------------------------------------------------

    def next_round(self) -> tuple[int, ...]:
        """The next futures that may begin together, each round once; none while an earlier one is open."""
        if not self._waiting or any(number in self._open for number in range(1, self._waiting[0][0])):
            return ()
        return self._waiting.popleft()

    # -- whose an event is -------------------------------------------------------------------------

    def key_of(self, event: Event) -> FutureKey:
        """Whom an event belongs to; where one future is in flight at a time, that one if it does not say.

        Raises:
            MisplacedEventError: If the scenario has no such client, future or call.
        """
        what, number = "call" if self._scenario.calls else "future", event.future
        count = max(len(self._scenario.futures), len(self._scenario.calls))
        if number is not None and number > count:
            raise MisplacedEventError(f"{what} {number}; the scenario has {count}")
        if self._scenario.calls:
            return FutureKey(None, number)
        names = [client.name for client in self._scenario.clients]
        if event.client is not None and event.client not in names:
            raise MisplacedEventError(f"client {event.client!r}; the scenario has {', '.join(names)}")
        if number is None and event.client is None and not self._scenario.concurrent:
            number = next(iter(self._open), None)
        if number is None or event.client is not None:
            return FutureKey(event.client, number)
        return FutureKey(self._scenario.futures[number - 1].client, number)
