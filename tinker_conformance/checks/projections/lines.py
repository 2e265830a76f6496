"""Projections of pause lines: time, client, level and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.pause_lines import (
    PauseLine,
    identifier_of,
    known_reasons,
    pause_lines,
)
from tinker_conformance.checks.projections.wording import quoted
from tinker_conformance.profile.observer_facet import ClientForms
from tinker_conformance.scenario.scenario import ClientSpec
from tinker_conformance.timeline import ClockCause, ClockStep, Timeline

_LONG_AFTER_SECONDS: Final = 1200.0


def line_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the times of the pause lines."""
    for line in pause_lines(timeline, case):
        at = line.log.at
        yield Fact(("line", at), at, f"a pause line at {at:.3f} s", quoted(line.log), line.event)


def line_rounds(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the client of each pause line, and between which two moves of the clocks it was logged."""
    rounds = [1]
    for event in timeline:
        moves = isinstance(event, ClockStep) and event.cause is ClockCause.SCRIPT
        rounds.append(rounds[-1] + moves)
    for line in pause_lines(timeline, case):
        client, number = _client_of(line, case), rounds[line.event]
        name = "an unknown client" if client is None else identifier_of(client, case.profile)
        statement = f"a pause line for {name} {_after_steps(number - 1)}"
        key = ("round", number, None if client is None else client.name)
        yield Fact(key, line.log.at, statement, quoted(line.log), line.event)


def _after_steps(count: int) -> str:
    return f"after clock step {count} of the script" if count else "before the first clock step of the script"


def lines_at_last(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the first pause line after twenty minutes; other requirements judge the later ones."""
    for line in pause_lines(timeline, case):
        if (at := line.log.at) >= _LONG_AFTER_SECONDS:
            yield Fact("late line", at, "a pause line after twenty minutes", quoted(line.log), line.event)
            return


def line_clients(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the time and the client of each pause line."""
    for line in pause_lines(timeline, case):
        client = _client_of(line, case)
        name = "an unknown client" if client is None else identifier_of(client, case.profile)
        at = line.log.at
        key = ("line", at, None if client is None else client.name)
        yield Fact(key, at, f"a pause line for {name} at {at:.3f} s", quoted(line.log), line.event)


def line_levels(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the levels of the pause lines, each once."""
    yield from _once_each(
        Fact(
            "level",
            line.log.at,
            f"a pause line at level {line.log.level}",
            f"{quoted(line.log)} at level {line.log.level}",
            line.event,
        )
        for line in pause_lines(timeline, case)
    )


def line_texts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the exact texts of the pause lines, each once."""
    yield from _once_each(
        Fact("text", line.log.at, quoted(line.log), quoted(line.log), line.event)
        for line in pause_lines(timeline, case)
    )


def line_verbs(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield whether pause lines contain the profile's verb phrase."""

    def says(line: PauseLine, forms: ClientForms, client: ClientSpec) -> str:
        phrase = forms.verb_phrase
        return f"the words {phrase!r}" if _contains_phrase(line.log.message, phrase, client, case) else ""

    yield from _line_parts(case, timeline, says)


def line_identifiers(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield whether pause lines contain the client's identifier."""

    def says(line: PauseLine, _: ClientForms, client: ClientSpec) -> str:
        identifier = identifier_of(client, case.profile)
        return f"the identifier {identifier!r}" if identifier in line.log.message else ""

    yield from _line_parts(case, timeline, says)


def line_reasons(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the reasons that pause lines give."""
    reasons = known_reasons(case.profile, case.scenario)

    def says(line: PauseLine, forms: ClientForms, _: ClientSpec) -> str:
        # The longest first, as one reason may be part of another. The fallback is last, as it may be part of
        # any reason.
        for reason in [*sorted(reasons, key=len, reverse=True), forms.reasons.unknown]:
            if reason in line.log.message:
                return f"the reason {reason!r}"
        return ""

    yield from _line_parts(case, timeline, says)


def _once_each(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield the facts, those with a repeated text marked as such, so that only the first is compared."""
    seen: set[str] = set()
    for fact in facts:
        yield replace(fact, repeats=fact.says in seen)
        seen.add(fact.says)


def _line_parts(
    case: Case, timeline: Timeline, says: Callable[[PauseLine, ClientForms, ClientSpec], str]
) -> Iterator[Fact]:
    yield from _once_each(_parts(case, timeline, says))


def _parts(
    case: Case, timeline: Timeline, says: Callable[[PauseLine, ClientForms, ClientSpec], str]
) -> Iterator[Fact]:
    for line in pause_lines(timeline, case):
        client = _client_of(line, case) or case.scenario.clients[0]
        forms = case.profile.observer.client(client.kind)
        text = "" if forms is None else says(line, forms, client)
        yield Fact(
            "part",
            line.log.at,
            f"a pause line with {text}" if text else "a pause line without it",
            quoted(line.log),
            line.event,
        )


def _contains_phrase(message: str, phrase: str, client: ClientSpec, case: Case) -> bool:
    """Return whether the message contains the verb phrase, with the client's identifier filled in."""
    return phrase.replace("{identifier}", identifier_of(client, case.profile)) in message


def _client_of(line: PauseLine, case: Case) -> ClientSpec | None:
    by_name = {client.name: client for client in case.scenario.clients}
    named = [c for c in by_name.values() if identifier_of(c, case.profile) in line.log.message]
    if len(named) == 1:
        return named[0]
    if line.log.client in by_name:
        return by_name[line.log.client]
    return named[0] if named else None
