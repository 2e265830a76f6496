"""Track the futures of a scenario: which are open, which sleep, and which an event belongs to.

A scenario may have calls of the SDK's public functions in place of futures; they are tracked in the same way.
"""

from __future__ import annotations

from collections import deque

from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.server_events import FutureKey
from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError
from tinker_conformance.sdk.stdio.protocol_messages import Event


class OpenFutures:
    """The futures, or calls, of one scenario that have no outcome yet. Not thread-safe."""

    def __init__(self, scenario: Scenario) -> None:
        """Start with every future open and none asleep."""
        self._scenario = scenario
        self._open = dict.fromkeys(range(1, max(len(scenario.futures), len(scenario.calls)) + 1))
        self._sleeping: dict[int, int] = {}
        self._rounds = rounds(scenario)
        self._waiting = deque(self._rounds)

    def __contains__(self, number: int) -> bool:
        """Return whether the future or call with this number has no outcome yet."""
        return number in self._open

    def __bool__(self) -> bool:
        """Return whether any future or call has no outcome yet."""
        return bool(self._open)

    def mark_ended(self, number: int) -> None:
        """Record that the future or call with this number has its outcome."""
        del self._open[number]
        self.mark_awake(number)

    def missing(self) -> str:
        """Return words for the messages that the adapter still has to send."""
        number = next(iter(self._open), None)
        if number is None:
            return "the message 'done'"
        if self._scenario.calls:
            return f"the outcome of {self.named(number)}"
        future = self._scenario.futures[number - 1]
        return f"the outcome of {self.named(number)} ({future.operation} on {future.client})"

    def named(self, number: int) -> str:
        """Return how messages call the future or call with this number, such as "future 2"."""
        return f"{'call' if self._scenario.calls else 'future'} {number}"

    # -- sleeping ----------------------------------------------------------------------------------

    def mark_sleeping(self, number: int, until_ns: int) -> None:
        """Record that the SDK sleeps for a future.

        Args:
            number: The number of the future.
            until_ns: The end of the sleep, in nanoseconds of the monotonic clock.
        """
        self._sleeping[number] = until_ns

    def mark_awake(self, number: int) -> None:
        """Record that the SDK no longer sleeps for the future with this number."""
        self._sleeping.pop(number, None)

    def wake_until(self, monotonic_ns: int) -> None:
        """Record the end of every sleep that is over at `monotonic_ns`, in nanoseconds."""
        self._sleeping = {n: until for n, until in self._sleeping.items() if until > monotonic_ns}

    def earliest_wake_up(self) -> int | None:
        """Return when the first sleep ends, in nanoseconds of the monotonic clock.

        None unless the SDK sleeps in every future that is in flight.
        """
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
        """Return the numbers of the next futures that start together; none while an earlier future is open.

        Each such group, a round, is returned once.
        """
        if not self._waiting or any(number in self._open for number in range(1, self._waiting[0][0])):
            return ()
        return self._waiting.popleft()

    # -- the client and future of an event ---------------------------------------------------------

    def key_of(self, event: Event) -> FutureKey:
        """Return the client and the future to which an event belongs.

        An event that names neither belongs to the one future in flight, if the scenario is not concurrent.

        Raises:
            ScenarioFaultError: If the event names a client, future or call that the scenario does not have.
        """
        what, number = "call" if self._scenario.calls else "future", event.future
        count = max(len(self._scenario.futures), len(self._scenario.calls))
        if number is not None and number > count:
            message = (
                f"Expected a {what} from 1 to {count}, got {number}. Use the numbers of the message 'run'."
            )
            raise ScenarioFaultError(FaultKind.OUT_OF_TURN, message)
        if self._scenario.calls:
            return FutureKey(None, number)
        names = [client.name for client in self._scenario.clients]
        if event.client is not None and event.client not in names:
            message = (
                f"Expected one of the clients {', '.join(names)}, got {event.client!r}. "
                "Use the names of the message 'run'."
            )
            raise ScenarioFaultError(FaultKind.OUT_OF_TURN, message)
        if number is None and event.client is None and not self._scenario.concurrent:
            number = next(iter(self._open), None)
        if number is None or event.client is not None:
            return FutureKey(event.client, number)
        return FutureKey(self._scenario.futures[number - 1].client, number)
