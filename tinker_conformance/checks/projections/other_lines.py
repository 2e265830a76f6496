"""Log lines that tell of no pause: retries, failures, bills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.projections.wording import quoted
from tinker_conformance.timeline import Log, Response, Timeline

_OFFICIAL_LANGUAGE: Final = "python"


def retry_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The lines by which an SDK says that it retries because of a `try_again`."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message) if "try_again" in message:
                said = f"a line that it retries because of try_again at {event.at:.3f} s, level {event.level}"
                yield Fact(("retry", event.at), event.at, said, quoted(event), place)
            case _:
                pass


def error_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The lines at level error: to the letter, or by the failure that they tell.

    The official text names Python classes. An SDK in another language cannot mean them: of its line, the
    server's own words count.
    """
    failure: str | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response(body={"error": str(text)}):
                failure = text
            case Log(level="error", message=message):
                says = quoted(event)
                if case.sdk.language != _OFFICIAL_LANGUAGE and failure is not None and failure in message:
                    says = f"a line at level error with {failure!r}"
                yield Fact(("error", event.at), event.at, says, quoted(event), place)
            case _:
                pass


def billing_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The lines about an unpaid bill, at any level."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message, level=level) if "billing" in message.lower():
                said = f"{quoted(event)} at {event.at:.3f} s, level {level}"
                yield Fact(("billing", event.at), event.at, said, said, place)
            case _:
                pass
