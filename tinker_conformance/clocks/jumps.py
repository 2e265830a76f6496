"""The decision when the clocks jump to the next timer.

A jump happens when every event loop of the process waits for a timer and nothing else is at work: waiting
would change nothing but the time. An SDK that backs off for thirty seconds costs no real time, and the
timeline shows thirty seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tinker_conformance.clocks.waiting import ClockWaiters


class JumpListener(Protocol):
    """Is notified of each jump, before the sleepers wake."""

    def __call__(self, moved_us: int) -> None:
        """Take the distance, in microseconds, that both clocks moved."""


@dataclass(slots=True)
class JumpRules:
    """Under which conditions clocks may jump.

    Attributes:
        limit_us: How far from the start the monotonic clock may jump.
        until_us: Where on the monotonic clock that is.
        on_stall: Called once, with the reason, when nothing can happen any more.
        on_jump: Called with each distance.
    """

    limit_us: int
    until_us: int
    on_stall: Callable[[str], None]
    on_jump: JumpListener | None = None
    _stall_reported: bool = False

    def restart(self, now_us: int) -> None:
        """Count the limit from this moment on the monotonic clock."""
        self.until_us = now_us + self.limit_us

    def next_jump_us(self, waiting: ClockWaiters, now_us: int, *, at_rest: bool) -> int | None:
        """Return how far to jump from `now_us`, in microseconds, or None if no jump is due.

        Args:
            waiting: What waits on the clock.
            now_us: The monotonic clock.
            at_rest: Whether threads that cannot be seen are known to do nothing.
        """
        hidden = waiting.hidden_work()
        if not waiting.every_loop_idle() or (hidden and not at_rest):
            return None
        due_us = waiting.next_due_us()
        if due_us is None:
            if not hidden:
                self._stalled("every event loop waits without a timer and no reply is pending")
            return None
        if due_us > self.until_us:
            self._stalled("the SDK still sleeps at the end of the time that a scenario may take")
            return None
        return max(due_us - now_us, 0)

    def jumped(self, moved_us: int) -> None:
        """Notify the listener, if there is one."""
        if self.on_jump is not None:
            self.on_jump(moved_us)

    def _stalled(self, reason: str) -> None:
        if not self._stall_reported:
            self._stall_reported = True
            self.on_stall(reason)
