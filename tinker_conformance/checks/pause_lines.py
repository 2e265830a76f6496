"""Which log lines tell a user of a pause, and what they say.

An SDK logs other things too: that it retries, that a bill is unpaid. A pause line is one that speaks of a
pause and gives a reason or names the client; or, whatever its verb, one that names the client and gives a
reason, in so many words or as one of those that the profile knows. So a wrong verb, identifier or reason
fails the requirement about the verb, the identifier or the reason, not every requirement there is.
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
        event: Its place in the timeline.
        log: The event.
    """

    event: int
    log: Log


def pause_lines(timeline: Timeline, case: Case) -> Iterator[PauseLine]:
    """The pause lines of a timeline, in order."""
    identifiers = [identifier_of(client, case.profile) for client in case.scenario.clients]
    reasons = known_reasons(case.profile, case.scenario)
    for place, event in enumerate(timeline):
        match event:
            case Log(message=message) if _speaks_of_a_pause(message, identifiers, reasons):
                yield PauseLine(place, event)
            case _:
                pass


def _speaks_of_a_pause(message: str, identifiers: list[str], reasons: tuple[str, ...]) -> bool:
    named = any(identifier in message for identifier in identifiers)
    gives_a_reason = "reason" in message.lower()
    if "paused" in message.lower():
        return named or gives_a_reason
    return named and (gives_a_reason or any(reason in message for reason in reasons))


def identifier_of(client: ClientSpec, profile: Profile) -> str:
    """What the profile's messages call a client."""
    facet = profile.observer.client(client.kind)
    match facet.identifier if facet else None:
        case Identifier.MODEL_PATH:
            return str(client.model_path)
        case Identifier.BASE_MODEL:
            return client.base_model
        case _:
            return client.id


def known_reasons(profile: Profile, scenario: Scenario) -> tuple[str, ...]:
    """The reasons that a pause line may give: the profile's own and those of the scenario's server."""
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
