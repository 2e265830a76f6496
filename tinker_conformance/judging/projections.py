"""The projections that requirements compare: each picks some events, and some of what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from tinker_conformance.judging.case import Case, Check, Mismatch
from tinker_conformance.judging.facts import Fact, differences
from tinker_conformance.judging.pause_lines import (
    PauseLine,
    identifier_of,
    known_reasons,
    pause_lines,
)
from tinker_conformance.reference_observer_facet import ClientForms
from tinker_conformance.scenario import ClientSpec
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.timeline import (
    Callback,
    ClockCause,
    ClockStep,
    Log,
    Outcome,
    Request,
    Response,
    Telemetry,
    Timeline,
)

_LONG_AFTER_SECONDS: Final = 1200.0

Projection: TypeAlias = Callable[[Case, Timeline], Iterator[Fact]]

_OFFICIAL_LANGUAGE: Final = "python"


@dataclass(frozen=True, slots=True)
class Same:
    """The check that expected and observed timelines agree in these projections."""

    projections: tuple[Projection, ...]

    def __call__(self, case: Case) -> Iterator[Mismatch]:
        """Every difference, projection by projection."""
        for projection in self.projections:
            yield from differences(
                case.scenario.id,
                projection(case, case.expected),
                projection(case, case.observed),
            )


def same(*projections: Projection) -> Check:
    """The check that expected and observed timelines agree in these projections."""
    return Same(projections)


# -- pause lines ---------------------------------------------------------------------------------


def line_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When pause lines were logged."""
    for line in pause_lines(timeline, case):
        at = line.log.at
        yield Fact(("line", at), at, f"a pause line at {at:.3f} s", _quoted(line.log), line.event)


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
        yield Fact(key, line.log.at, said, _quoted(line.log), line.event)


def lines_at_last(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Whether any pause line came once twenty minutes had passed: how often is the debounce's affair."""
    for line in pause_lines(timeline, case):
        if (at := line.log.at) >= _LONG_AFTER_SECONDS:
            yield Fact("at last", at, "a pause line after twenty minutes", _quoted(line.log), line.event)
            return


def line_clients(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When pause lines were logged, and for which client."""
    for line in pause_lines(timeline, case):
        client = _client_of(line, case)
        name = "an unknown client" if client is None else identifier_of(client, case.profile)
        at = line.log.at
        key = ("line", at, None if client is None else client.name)
        yield Fact(key, at, f"a pause line for {name} at {at:.3f} s", _quoted(line.log), line.event)


def line_levels(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """At which levels pause lines were logged."""
    yield from _once_each(
        Fact(
            "level",
            line.log.at,
            f"a pause line at level {line.log.level}",
            f"{_quoted(line.log)} at level {line.log.level}",
            line.event,
        )
        for line in pause_lines(timeline, case)
    )


def line_texts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The texts of pause lines, to the letter."""
    yield from _once_each(
        Fact("text", line.log.at, _quoted(line.log), _quoted(line.log), line.event)
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
            _quoted(line.log),
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


def _quoted(log: Log) -> str:
    return f"the line {log.message!r}"


# -- observer calls ------------------------------------------------------------------------------


def told_states(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Which states the observer was told at each instant, however often.

    Where observer calls cannot be seen, the reason in a pause line stands for the state.
    """
    if Capability.CALLBACKS not in case.sdk.capabilities:
        yield from line_reasons(case, timeline)
        return
    last: tuple[object, ...] | None = None
    for place, event, _ in _pauses_told(timeline):
        key = ("told", event.at, event.state)
        if key != last:
            last = key
            said = f"the observer told {event.state!r} at {event.at:.3f} s"
            yield Fact(("told", event.at), event.at, said, said, place)


def _pauses_told(timeline: Timeline) -> Iterator[tuple[int, Callback, Response | None]]:
    """Calls of the client's observer, each with the reply before it; not what is told at a future's end.

    That ACTIVE is told there, or not, is a matter of its own.
    """
    replies: dict[int | None, Response] = {}
    latest: Response | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response():
                replies[event.future] = latest = event
            case Callback(custom=False):
                reply = replies.get(event.future, latest)
                if event.state != "active" or reply is None or not _ends(reply):
                    yield place, event, reply
            case _:
                pass


def _ends(reply: Response) -> bool:
    body = reply.body
    return reply.status == 200 and not (isinstance(body, dict) and body.get("type") == "try_again")


def told_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often the observer was told each pause, by whichever future."""
    counts: dict[str, tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=False, state=state) if state != "active":
                counts[state] = (counts.get(state, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for state, (count, place, at) in counts.items():
        said = f"the observer told {state!r} {count} time{'s' if count != 1 else ''}"
        yield Fact(("count", state), at, said, said, place)


def notified_steps(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """After which replies a pause was noticed.

    Where observer calls cannot be seen, pause lines stand for them.
    """
    if Capability.CALLBACKS in case.sdk.capabilities:
        for place, told, reply in _pauses_told(timeline):
            yield _notified(told, reply, f"state {told.state!r}", place)
        return
    lines = {line.event for line in pause_lines(timeline, case)}
    replies: dict[int | None, Response] = {}
    latest: Response | None = None
    for place, event in enumerate(timeline):
        match event:
            case Response():
                replies[event.future] = latest = event
            case Log() if place in lines:
                yield _notified(event, replies.get(event.future, latest), event.message, place)
            case _:
                pass


def _notified(event: Callback | Log, reply: Response | None, shown: str, place: int) -> Fact:
    future, step = (None, None) if reply is None else (reply.future, reply.step)
    answered = "before any reply" if reply is None else f"after reply {step} ({_shown_reply(reply)})"
    return Fact(
        ("notified", future, step), event.at, f"the observer called {answered}", f"{shown} {answered}", place
    )


def _shown_reply(reply: Response) -> str:
    if reply.fault is not None:
        return reply.fault
    kind = reply.body.get("type") if isinstance(reply.body, dict) else None
    return f"HTTP {reply.status} {kind}" if kind == "try_again" else f"HTTP {reply.status}"


def callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Each call of the observer: which reply it followed, and what it was told."""
    yield from _callbacks(timeline, custom=False)


def custom_callbacks(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Each call of an observer that the caller handed in."""
    yield from _callbacks(timeline, custom=True)


def _callbacks(timeline: Timeline, *, custom: bool) -> Iterator[Fact]:
    whose = "the caller's observer" if custom else "the observer"
    for place, event in enumerate(timeline):
        match event:
            case Callback(custom=flag) if flag is custom:
                said = f"{whose} told {event.state!r} at {event.at:.3f} s"
                yield Fact((whose, event.future, event.at), event.at, said, said, place)
            case _:
                pass


def callback_reasons(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The server's reason in each call of the observer."""
    for place, event, _ in _pauses_told(timeline):
        said = f"the observer told {event.state!r} with the reason {event.reason!r}"
        yield Fact(("reason", event.future, event.at), event.at, said, said, place)


# -- polling -------------------------------------------------------------------------------------


def poll_counts(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often each future was polled."""
    counts: dict[int | None, tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                counts[future] = (counts.get(future, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for future, (count, place, at) in counts.items():
        said = f"{count} poll{'s' if count != 1 else ''} of future {future}"
        yield Fact(("polls", future), at, said, said, place)


def poll_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When each poll was sent."""
    numbers: dict[int | None, int] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                numbers[future] = number = numbers.get(future, 0) + 1
                said = f"poll {number} of future {future} at {event.at:.3f} s"
                yield Fact(("poll", future, number), event.at, said, said, place)
            case _:
                pass


def poll_iterations(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The iteration header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Iteration", lambda request: request.iteration)


def poll_types(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The request-type header of each poll."""
    yield from _poll_headers(timeline, "X-Tinker-Request-Type", lambda request: request.request_type)


def _poll_headers(timeline: Timeline, name: str, value: Callable[[Request], str | None]) -> Iterator[Fact]:
    numbers: dict[int | None, int] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if path.endswith("retrieve_future"):
                numbers[future] = number = numbers.get(future, 0) + 1
                sent = value(event)
                said = f"poll {number} of future {future} " + (
                    f"without {name}" if sent is None else f"with {name}: {sent}"
                )
                yield Fact((name, future, number), event.at, said, said, place)
            case _:
                pass


def submissions(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How often each operation was submitted."""
    counts: dict[tuple[int | None, str], tuple[int, int, float]] = {}
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future) if "retrieve_future" not in path:
                key = (future, path)
                counts[key] = (counts.get(key, (0, 0, 0.0))[0] + 1, place, event.at)
            case _:
                pass
    for (future, path), (count, place, at) in counts.items():
        said = f"future {future} submitted {count} time{'s' if count != 1 else ''} to {path}"
        yield Fact(("submission", future, path), at, said, said, place)


def outcomes(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """How each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                said = f"future {event.future} to end in {event.kind.value!r}"
                shown = f"{event.kind.value!r}" + (f" ({event.error})" if event.error else "")
                yield Fact(("outcome", event.future), event.at, said, shown, place)
            case _:
                pass


def outcome_times(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """When each future ended."""
    for place, event in enumerate(timeline):
        match event:
            case Outcome():
                said = f"future {event.future} to end at {event.at:.3f} s"
                yield Fact(("end", event.future), event.at, said, f"its end at {event.at:.3f} s", place)
            case _:
                pass


# -- the rest ------------------------------------------------------------------------------------


def retry_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The lines by which an SDK says that it retries because of a `try_again`."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message) if "try_again" in message:
                said = f"a line that it retries because of try_again at {event.at:.3f} s, level {event.level}"
                yield Fact(("retry", event.at), event.at, said, _quoted(event), place)
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
                says = _quoted(event)
                if case.sdk.language != _OFFICIAL_LANGUAGE and failure is not None and failure in message:
                    says = f"a line at level error with {failure!r}"
                yield Fact(("error", event.at), event.at, says, _quoted(event), place)
            case _:
                pass


def billing_lines(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """The lines about an unpaid bill, at any level."""
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message, level=level) if "billing" in message.lower():
                said = f"{_quoted(event)} at {event.at:.3f} s, level {level}"
                yield Fact(("billing", event.at), event.at, said, said, place)
            case _:
                pass


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
                yield Fact(("function", number), event.at, said, _quoted(event), place)
            case Outcome():
                number += 1
            case _:
                pass
