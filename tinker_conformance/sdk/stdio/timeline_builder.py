"""Builds a timeline from what a server and an adapter tell, each in its own time.

A request and its reply have their place in the order in which they happen. What an adapter tells may
still be in the pipe when the clocks have moved; where it says which clock the SDK had read (`seq`), it goes
in front of the step that it did not know of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tinker_conformance.timeline import ClockStep, Event, Timeline, with_merged_sleeps


class UnknownSeqError(ValueError):
    """An event from a clock that the SDK cannot have read yet."""


@dataclass(slots=True)
class _Stretch:
    """What happened between two changes of the clock."""

    seq: int
    at: float
    events: list[Event] = field(default_factory=list)


class StdioTimeline:
    """The events of one scenario. Not for two threads at once."""

    def __init__(self, seq: int) -> None:
        """Begins at 0 seconds.

        Args:
            seq: The clock's number at the beginning.
        """
        self._stretches = [_Stretch(seq, 0.0)]
        self.count = 0

    @property
    def at(self) -> float:
        """Virtual seconds since the scenario began."""
        return self._stretches[-1].at

    def happened(self, event: Event) -> None:
        """Adds what the server told, at the end."""
        self._stretches[-1].events.append(event)
        self.count += 1

    def moved(self, seq: int, step: ClockStep) -> None:
        """Adds a change of the clock; `step.at` is the time afterwards."""
        self._stretches.append(_Stretch(seq, step.at, [step]))
        self.count += 1

    def told(self, make: Callable[[float], Event], seq: int | None) -> None:
        """Adds what the adapter told, where it belongs.

        Args:
            make: Makes the event, given its time.
            seq: The clock's number as the SDK last read it; None for the present one.

        Raises:
            UnknownSeqError: If the clock has not come that far.
        """
        stretch = self._stretches[-1]
        if seq is not None:
            if seq > stretch.seq:
                message = (
                    f"seq {seq} is not yet: the clock file says {stretch.seq}; give the number last read"
                )
                raise UnknownSeqError(message)
            # A clock that was read before the scenario began is as good as the first one.
            stretch = next((s for s in reversed(self._stretches) if s.seq <= seq), self._stretches[0])
        stretch.events.append(make(stretch.at))
        self.count += 1

    def timeline(self) -> Timeline:
        """All events in their order."""
        return with_merged_sleeps(event for stretch in self._stretches for event in stretch.events)
