"""Pause lines: when they are logged, for which client, at which level, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    """When pause lines were logged."""
    for line in pause_lines(timeline, case):
        at = line.log.at
        yield Fact(("line", at), at, f"a pause line at {at:.3f} s", quoted(line.log), line.event)


def line_rounds(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """In which rounds, between two moves of the clocks, pause lines were logged, and for which client."""
    rounds = [1]
    for event in timeline:
        moves = isinstance(event, ClockStep) and event.cause is ClockCause.SCRIPT
        rounds.append(rounds[-1] + moves)
    for line in pause_lines(timeline, case):
        client, number = _client_of(line, case), rounds[line.event]
        name = "an unknown client" if client is None else identifier_of(client, case.profile)
        said = f"a pause line for {name} in round {number}"
        key = ("round", number, None if client is None else client.name)
        yield Fact(key, line.log.at, said, quoted(line.log), line.event)


def lines_at_last(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Whether any pause line came once twenty minutes had passed: how often is the debounce's affair."""
    for line in pause_lines(timeline, case):
        if (at := line.log.at) >= _LONG_AFTER_SECONDS:
            yield Fact("at last", at, "a pause line after twenty minutes", quoted(line.log), line.event)
            return


def line_clients(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When pause lines were logged, and for which client."""
    for line in pause_lines(timeline, case):
        client = _client_of(line, case)
        name = "an unknown client" if client is None else identifier_of(client, case.profile)
        at = line.log.at
        key = ("line", at, None if client is None else client.name)
        yield Fact(key, at, f"a pause line for {name} at {at:.3f} s", quoted(line.log), line.event)


def line_levels(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """At which levels pause lines were logged."""
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
    """The texts of pause lines, to the letter."""
    yield from _once_each(
        Fact("text", line.log.at, quoted(line.log), quoted(line.log), line.event)
        for line in pause_lines(timeline, case)
    )


def line_verbs(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Whether pause lines have the profile's verb phrase."""

    def says(line: PauseLine, forms: ClientForms, client: ClientSpec) -> str:
        phrase = forms.verb_phrase
        return f"the words {phrase!r}" if _contains_phrase(line.log.message, phrase, client, case) else ""

    yield from _line_parts(case, timeline, says)


def line_identifiers(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Which client pause lines name."""

    def says(line: PauseLine, _: ClientForms, client: ClientSpec) -> str:
        identifier = identifier_of(client, case.profile)
        return f"the identifier {identifier!r}" if identifier in line.log.message else ""

    yield from _line_parts(case, timeline, says)


def line_reasons(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Which reason pause lines give."""
    reasons = known_reasons(case.profile, case.scenario)

    def says(line: PauseLine, forms: ClientForms, _: ClientSpec) -> str:
        # The longest first: one reason may be a part of another. The fallback may be part of anything, so
        # it comes last.
        for reason in [*sorted(reasons, key=len, reverse=True), forms.reasons.unknown]:
            if reason in line.log.message:
                return f"the reason {reason!r}"
        return ""

    yield from _line_parts(case, timeline, says)


def _once_each(facts: Iterable[Fact]) -> Iterator[Fact]:
    """What lines say, each thing once: how often they say it is the debounce's affair."""
    said: set[str] = set()
    for fact in facts:
        if fact.says not in said:
            said.add(fact.says)
            yield fact


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
    """Whether the verb phrase stands in the message; an `{identifier}` in it is the client's."""
    return phrase.replace("{identifier}", identifier_of(client, case.profile)) in message


def _client_of(line: PauseLine, case: Case) -> ClientSpec | None:
    by_name = {client.name: client for client in case.scenario.clients}
    named = [c for c in by_name.values() if identifier_of(c, case.profile) in line.log.message]
    if len(named) == 1:
        return named[0]
    if line.log.client in by_name:
        return by_name[line.log.client]
    return named[0] if named else None
