"""Build a timeline from the events of the fake server and the messages of an adapter.

Requests and replies are added in the order in which they happen. An adapter's message may still be in the
pipe when the clocks move. If the message names the clock reading that the SDK had seen (`seq`), its event is
placed before the clock steps that the SDK had not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError
from tinker_conformance.timeline import ClockStep, Event, Timeline, with_merged_sleeps


@dataclass(slots=True)
class _Stretch:
    """The events between two clock steps."""

    seq: int
    at: float
    events: list[Event] = field(default_factory=list)


class StdioTimeline:
    """The events of one scenario so far. Not thread-safe."""

    def __init__(self, seq: int) -> None:
        """Start an empty timeline at 0 virtual seconds.

        Args:
            seq: The clock's `seq` at the start of the scenario.
        """
        self._stretches = [_Stretch(seq, 0.0)]
        self.count = 0

    @property
    def at(self) -> float:
        """Virtual seconds since the start of the scenario."""
        return self._stretches[-1].at

    def add_server_event(self, event: Event) -> None:
        """Append an event that the fake server reported."""
        self._stretches[-1].events.append(event)
        self.count += 1

    def add_clock_step(self, seq: int, step: ClockStep) -> None:
        """Append a clock step.

        Args:
            seq: The clock's `seq` after the step.
            step: The step; `step.at` is the time after it, in virtual seconds.
        """
        self._stretches.append(_Stretch(seq, step.at, [step]))
        self.count += 1

    def add_adapter_event(self, make: Callable[[float], Event], seq: int | None) -> None:
        """Insert an event that the adapter reported, before the clock steps that the SDK had not seen.

        Args:
            make: Takes the time of the event, in virtual seconds, and returns the event.
            seq: The clock's `seq` that the SDK last read; None: the current one.

        Raises:
            ScenarioFaultError: If the clock has not reached `seq`.
        """
        stretch = self._stretches[-1]
        if seq is not None:
            if seq > stretch.seq:
                message = (
                    f"Expected a seq of at most {stretch.seq}, which is in the clock file, got {seq}. "
                    "Send the number that the SDK last read."
                )
                raise ScenarioFaultError(FaultKind.OUT_OF_TURN, message)
            # A reading from before this scenario belongs to its start.
            stretch = next((s for s in reversed(self._stretches) if s.seq <= seq), self._stretches[0])
        stretch.events.append(make(stretch.at))
        self.count += 1

    def timeline(self) -> Timeline:
        """Return all events in order, with adjacent sleeps merged into one step."""
        return with_merged_sleeps(event for stretch in self._stretches for event in stretch.events)
