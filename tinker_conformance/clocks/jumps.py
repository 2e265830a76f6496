"""Decide when the frozen clocks jump to the next timer, and how far.

The clocks jump when every event loop of the process waits for a timer and no thread works: only time could
change anything then. An SDK that backs off for thirty seconds costs no real time, and the timeline shows
thirty seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tinker_conformance.clocks.waiting import ClockWaiters


class JumpListener(Protocol):
    """A function that is called at each jump, before the sleeping threads and loops wake."""

    def __call__(self, moved_us: int) -> None:
        """Handle a jump of both clocks by `moved_us` microseconds."""


@dataclass(slots=True)
class JumpRules:
    """The conditions under which the clocks may jump.

    Attributes:
        limit_us: How far from the start of a scenario the clocks may jump, in microseconds.
        until_us: The same limit as a time of the monotonic clock, in microseconds.
        on_stall: Called at most once, with the reason, when the process would sleep for ever or beyond the
            limit.
        on_jump: Called at each jump; None if nobody listens.
    """

    limit_us: int
    until_us: int
    on_stall: Callable[[str], None]
    on_jump: JumpListener | None = None
    _stall_reported: bool = False

    def restart(self, now_us: int) -> None:
        """Let the limit count from `now_us`, a time of the monotonic clock in microseconds."""
        self.until_us = now_us + self.limit_us

    def next_jump_us(self, waiting: ClockWaiters, now_us: int, *, at_rest: bool) -> int | None:
        """Return how far to jump from `now_us`, in microseconds, or None if the clocks may not jump now.

        Args:
            waiting: The event loops and threads that wait for the clock.
            now_us: The monotonic clock, in microseconds.
            at_rest: Whether the process was found idle, so that a thread with hidden work is known to be
                blocked.
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
        """Call `on_jump`, if there is one."""
        if self.on_jump is not None:
            self.on_jump(moved_us)

    def _stalled(self, reason: str) -> None:
        if not self._stall_reported:
            self._stall_reported = True
            self.on_stall(reason)
