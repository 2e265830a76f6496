"""Projections of what only some SDKs have: public logging functions, and telemetry events."""

from __future__ import annotations

from collections.abc import Iterator

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.projections.wording import quoted
from tinker_conformance.timeline import Log, Outcome, Telemetry, Timeline


def telemetry_names(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the telemetry events, with their times."""
    for place, event in enumerate(timeline):
        match event:
            case Telemetry():
                statement = f"a telemetry event at {event.at:.3f} s"
                shown = f"the telemetry event {event.name!r} at {event.at:.3f} s"
                yield Fact(("telemetry", event.at), event.at, statement, shown, place)
            case _:
                pass


def returned_values(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield what each called function returned."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                call = case.scenario.calls[(event.future or 1) - 1]
                arguments = ", ".join(repr(argument) for argument in call.arguments)
                value = f"{event.value!r}" if event.error is None else event.error
                statement = f"{call.function}({arguments}) to return {value}"
                yield Fact(("call", event.future), event.at, statement, value, place)
            case _:
                pass


def function_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the level and the text of the line that each call of `log_state_change` logged."""
    number = 1
    for place, event in enumerate(timeline):
        match event:
            case Log():
                statement = f"call {number} to log {event.message!r} at level {event.level}"
                yield Fact(("function", number), event.at, statement, quoted(event), place)
            case Outcome():
                number += 1
            case _:
                pass
