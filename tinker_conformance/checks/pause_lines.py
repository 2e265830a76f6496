"""Find the pause lines in a timeline: the log lines that report a pause to a user.

An SDK logs other lines too, about retries or an unpaid bill. A line with the word "paused" is a pause line if
it also names the client or has the word "reason". A line without "paused" is a pause line if it names the
client and has the word "reason" or a reason that the profile knows. So an SDK with a wrong verb, identifier
or reason fails the requirement about that part, and not every requirement about pauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fake_server.script.steps import Timeout, TryAgain, intended_reply
from tinker_conformance.checks.case import Case
from tinker_conformance.profile.choices import Identifier
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import ClientSpec, Scenario
from tinker_conformance.timeline import Log, Timeline


@dataclass(frozen=True, slots=True)
class PauseLine:
    """A pause line in a timeline.

    Attributes:
        event: The index of the log event in the timeline.
        log: The log event itself.
    """

    event: int
    log: Log


def pause_lines(timeline: Timeline, case: Case) -> Iterator[PauseLine]:
    """Yield the pause lines of a timeline, in order."""
    identifiers = [identifier_of(client, case.profile) for client in case.scenario.clients]
    reasons = known_reasons(case.profile, case.scenario)
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message) if _reports_a_pause(message, identifiers, reasons):
                yield PauseLine(place, event)
            case _:
                pass


def _reports_a_pause(message: str, identifiers: list[str], reasons: tuple[str, ...]) -> bool:
    named = any(identifier in message for identifier in identifiers)
    gives_a_reason = "reason" in message.lower()
    if "paused" in message.lower():
        return named or gives_a_reason
    return named and (gives_a_reason or any(reason in message for reason in reasons))


def identifier_of(client: ClientSpec, profile: Profile) -> str:
    """Return the id by which pause lines name a client under a profile."""
    facet = profile.observer.client(client.kind)
    match facet.identifier if facet else None:
        case Identifier.MODEL_PATH:
            return str(client.model_path)
        case Identifier.BASE_MODEL:
            return client.base_model
        case _:
            return client.id


def known_reasons(profile: Profile, scenario: Scenario) -> tuple[str, ...]:
    """Return the reasons that a pause line may give: the profile's texts and the server's reasons."""
    own = [
        reason
        for kind in ClientKind
        if (facet := profile.observer.client(kind)) is not None
        for reason in (facet.reasons.paused_rate_limit, facet.reasons.paused_capacity)
    ]
    return tuple(dict.fromkeys([*own, *_server_reasons(scenario)]))


def _server_reasons(scenario: Scenario) -> Iterator[str]:
    for future in scenario.futures:
        for step in future.script.steps:
            match intended_reply(step):
                case Timeout(body=dict() as body) | TryAgain(body=dict() as body):
                    reason = body.get("queue_state_reason")
                    if isinstance(reason, str) and reason:
                        yield reason
                case _:
                    pass
