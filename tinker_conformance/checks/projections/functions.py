"""What only some SDKs have: logging functions that a caller may call, and telemetry."""

from __future__ import annotations

from collections.abc import Iterator

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.projections.wording import quoted
from tinker_conformance.timeline import Log, Outcome, Telemetry, Timeline


def telemetry_names(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Which telemetry events were emitted at each instant."""
    for place, event in enumerate(timeline):
        match event:
            case Telemetry():
                said = f"a telemetry event at {event.at:.3f} s"
                shown = f"the telemetry event {event.name!r} at {event.at:.3f} s"
                yield Fact(("telemetry", event.at), event.at, said, shown, place)
            case _:
                pass


def returned_values(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """What called functions returned."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                call = case.scenario.calls[(event.future or 1) - 1]
                arguments = ", ".join(repr(argument) for argument in call.arguments)
                value = f"{event.value!r}" if event.error is None else event.error
                said = f"{call.function}({arguments}) to return {value}"
                yield Fact(("call", event.future), event.at, said, value, place)
            case _:
                pass


def function_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """What the logging function logged: level and text."""
    number = 1
    for place, event in enumerate(timeline):
        match event:
            case Log():
                said = f"call {number} to log {event.message!r} at level {event.level}"
                yield Fact(("function", number), event.at, said, quoted(event), place)
            case Outcome():
                number += 1
            case _:
                pass
