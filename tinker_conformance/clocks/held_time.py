"""Hold back the timers of an event loop while the loop waits for a server in this process.

The server's script may move the clock before its reply arrives. If the loop's timers saw that, the client's
read timeout would fire before a reply that is on its way.
"""

from __future__ import annotations

from collections.abc import Callable

from tinker_conformance.clocks.pacing import Pacer
from tinker_conformance.clocks.two_clocks import MICROSECOND


class HeldTime:
    """The time by which one event loop decides which of its timers are due.

    It is the frozen monotonic clock, or an earlier time while the loop waits for a reply of a server in this
    process. Not thread-safe: only the loop's thread uses it.
    """

    def __init__(self, pacer: Pacer) -> None:
        """Begin with the clock as it is.

        Args:
            pacer: The pacer of the loop, which knows the clock and the moves of servers.
        """
        self._pacer = pacer
        self._held_us: int | None = None
        self._seen_moves = len(pacer.moves_by_servers)

    def now_us(self, waits_for_a_server: Callable[[], bool]) -> int:
        """Return the time, in microseconds.

        A server may move the clock and answer before the loop begins to wait for the reply. So the time is
        held from the first move that the loop has not seen.

        Args:
            waits_for_a_server: Returns whether the loop now waits for a server in this process.
        """
        if self._held_us is None:
            unseen = self._pacer.moves_by_servers[self._seen_moves :]
            if unseen and waits_for_a_server():
                self._held_us = unseen[0]
            else:
                self._seen_moves += len(unseen)
        return self._pacer.clock.monotonic_us if self._held_us is None else self._held_us

    def hold(self) -> int:
        """Hold the time, unless it is held already, and return it, in microseconds."""
        self._held_us = self.now_us(lambda: True)
        return self._held_us

    def seconds_until(self, due_us: int) -> float:
        """Return how many real seconds a timer still has while the time is held.

        A timer that a move made overdue has what it had before the move; any other follows the clock.

        Args:
            due_us: When the timer is due, on the frozen monotonic clock, in microseconds.
        """
        clock_us = self._pacer.clock.monotonic_us
        since_us = clock_us if due_us > clock_us else self.hold()
        return max(0, due_us - since_us) / MICROSECOND

    def release(self) -> bool:
        """Follow the clock again; return whether the clock has moved while the time was held."""
        held_us, self._held_us = self._held_us, None
        self._seen_moves = len(self._pacer.moves_by_servers)
        return held_us is not None and held_us < self._pacer.clock.monotonic_us
