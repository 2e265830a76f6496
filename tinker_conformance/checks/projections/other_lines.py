"""Projections of log lines that are not about a pause: retries, failures, bills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.projections.wording import quoted
from tinker_conformance.timeline import Log, Request, Response, Timeline

_OFFICIAL_LANGUAGE: Final = "python"


def retry_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the lines about a retry after a `try_again`."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message) if "try_again" in message:
                statement = f"a line about a retry after try_again at {event.at:.3f} s, level {event.level}"
                yield Fact(("retry", event.at), event.at, statement, quoted(event), place)
            case _:
                pass


def error_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the lines at level error: their exact text, or for SDKs in other languages the server's words.

    The official text names Python classes, which an SDK in another language does not have.
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
    """Yield the lines about an unpaid bill, at any level."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message, level=level) if "billing" in message.lower():
                statement = f"{quoted(event)} at {event.at:.3f} s, level {level}"
                yield Fact(("billing", event.at), event.at, statement, statement, place)
            case _:
                pass


def session_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the warnings and errors that are logged while the clients are created."""
    for place, event in enumerate(timeline):
        match event:
            case Request(future=int()):
                return
            case Log(level="warning" | "error" as level):
                statement = f"{quoted(event)}, level {level}"
                yield Fact(("set-up", statement), event.at, statement, statement, place)
            case _:
                pass
