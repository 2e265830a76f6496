"""Where the fault of a broken SDK can show: conditions for the argument `shows_in` of its declaration.

Each says whether a broken SDK may do anything else than the reference in a scenario, from the scenario and
from what the reference did in it. They err on the side of yes: a run too many costs 5 ms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from fake_server.core.operations import Operation
from fake_server.script.steps import Complete, Fail, ReplyStep, Status, Timeout, TryAgain
from tinker_conformance.queue_state import ClientKind, Parsing, QueueState, parse_queue_state
from tinker_conformance.scenario import ObserverUse, Scenario
from tinker_conformance.timeline import Callback, Outcome, OutcomeKind, Request, Response

from .unbroken import Unbroken

ShowsIn: TypeAlias = Callable[[Unbroken], bool]


def every(*conditions: ShowsIn) -> ShowsIn:
    """Return the condition that all of these are true."""
    return lambda unbroken: all(condition(unbroken) for condition in conditions)


# -- what the scenario has -------------------------------------------------------------------------


def submits(*operations: Operation) -> ShowsIn:
    """Return the condition that one of these operations is submitted as a future."""
    return lambda unbroken: not unbroken.scenario.operations.isdisjoint(operations)


def uses(*kinds: ClientKind) -> ShowsIn:
    """Return the condition that a client of one of these kinds takes part."""
    return lambda unbroken: not unbroken.scenario.kinds.isdisjoint(kinds)


def several_futures(unbroken: Unbroken) -> bool:
    """Return whether there are two futures or more."""
    return len(unbroken.scenario.futures) > 1


def several_clients(kind: ClientKind | None = None) -> ShowsIn:
    """Return the condition that there are two clients of a kind or more; of any kind without one."""
    return lambda unbroken: sum(kind in (None, client.kind) for client in unbroken.scenario.clients) > 1


def several_creations(unbroken: Unbroken) -> bool:
    """Return whether two models or more are created: for training clients, or as futures."""
    scenario = unbroken.scenario
    of_clients = sum(client.kind is ClientKind.TRAINING for client in scenario.clients)
    return of_clients + sum(f.operation is Operation.CREATE_MODEL for f in scenario.futures) > 1


def several_polls(unbroken: Unbroken) -> bool:
    """Return whether there are two futures or more, or one that is submitted again when it has expired."""
    return several_futures(unbroken) or polls_get(410)(unbroken)


def futures_overlap(unbroken: Unbroken) -> bool:
    """Return whether a future may be in flight while another one is: one that a caller left goes on."""
    scenario = unbroken.scenario
    left = any(future.timeout is not None for future in scenario.futures)
    return several_futures(unbroken) and (scenario.concurrent or scenario.threads or left)


def on_threads(unbroken: Unbroken) -> bool:
    """Return whether futures are submitted on threads."""
    return unbroken.scenario.threads


def observed_by(*uses: ObserverUse) -> ShowsIn:
    """Return the condition that a future has such an observer."""
    return lambda unbroken: any(future.observer in uses for future in unbroken.scenario.futures)


def has_a_timeout(unbroken: Unbroken) -> bool:
    """Return whether a caller stops waiting for a future, or gives it up."""
    return any(future.timeout is not None or future.cancels for future in unbroken.scenario.futures)


def loads_a_checkpoint(unbroken: Unbroken) -> bool:
    """Return whether a client is created from a saved state."""
    return any(client.checkpoint is not None for client in unbroken.scenario.clients)


def has_a_base_path(unbroken: Unbroken) -> bool:
    """Return whether the base URL has a path."""
    return unbroken.scenario.base_path != ""


def scripts_the_setup(unbroken: Unbroken) -> bool:
    """Return whether replies to requests of the set-up are scripted."""
    return bool(unbroken.scenario.setup)


def scripts_a_submission(unbroken: Unbroken) -> bool:
    """Return whether replies to submissions or to requests of the set-up are scripted."""
    return unbroken.scenario.is_refused


def has_a_read_timeout(unbroken: Unbroken) -> bool:
    """Return whether the SDK is told how long to wait for a reply."""
    return unbroken.scenario.read_timeout is not None


def begins_before(seconds: float) -> ShowsIn:
    """Return the condition that the wall clock starts before this time, in seconds since 1970."""
    return lambda unbroken: unbroken.scenario.epoch < seconds


def a_client_is_called(odd: Callable[[str], bool]) -> ShowsIn:
    """Return the condition that a name of a client is odd: its id, or the path or model that it uses."""

    def called(unbroken: Unbroken) -> bool:
        names = (
            name
            for client in unbroken.scenario.clients
            for name in (client.id, client.model_path, client.base_model, client.checkpoint)
        )
        return any(odd(name) for name in names if name is not None)

    return called


def has_unusual_replies(unbroken: Unbroken) -> bool:
    """Return whether a script has a result of its own, or a reply with own headers, a raw body or a fault."""
    return not all(_is_usual(step) for step in _steps(unbroken.scenario))


def _is_usual(step: ReplyStep) -> bool:
    match step:
        case Timeout() | TryAgain() | Fail():
            return True
        case Status(status=status, raw=None, headers=()):
            return status >= 400
        case Complete(overrides=overrides, make=None):
            return not overrides
        case _:
            return False


def _steps(scenario: Scenario) -> Iterator[ReplyStep]:
    for future in scenario.futures:
        for turn in (*future.script.turns, *future.script.submission_turns):
            yield turn.reply
    for replies in scenario.replies:
        for turn in replies.turns:
            yield turn.reply


# -- what the reference did ------------------------------------------------------------------------


def sends(*endpoints: str) -> ShowsIn:
    """Return the condition that a request is sent to one of these, such as `asample`; in the set-up too."""
    return lambda unbroken: any(f"sends {endpoint}" in unbroken.used for endpoint in endpoints)


def polls_get(*statuses: int) -> ShowsIn:
    """Return the condition that the reply to a poll of a future has one of these HTTP statuses."""
    return lambda unbroken: any(f"gets {status} from {_POLL}" in unbroken.used for status in statuses)


def gets(*statuses: int) -> ShowsIn:
    """Return the condition that the reply to some request has one of these HTTP statuses."""
    return lambda unbroken: polls_get(*statuses)(unbroken) or refused_with(*statuses)(unbroken)


def requests_get(matches: Callable[[str], bool]) -> ShowsIn:
    """Return the condition that a request other than a poll of a future gets such a status.

    Args:
        matches: Whether a status is one of them; `nothing` stands for a reply that did not come.
    """

    def gets(unbroken: Unbroken) -> bool:
        noted = (name.split() for name in unbroken.used if name.startswith("gets "))
        return any(matches(status) for _, status, _, endpoint in noted if endpoint != _POLL)

    return gets


_POLL = "retrieve_future"


def refused_with(*statuses: int) -> ShowsIn:
    """Return the condition that a request other than a poll of a future is refused with such a status."""
    return requests_get(lambda status: status in {str(each) for each in statuses})


def polls(odd: Callable[[str], bool]) -> ShowsIn:
    """Return the condition that a future is polled whose id is odd."""
    return lambda unbroken: any(
        odd(name.removeprefix("polls ")) for name in unbroken.used if name.startswith("polls ")
    )


def calls(function: str) -> ShowsIn:
    """Return the condition that the reference calls a function that some broken SDK replaces."""
    return lambda unbroken: f"{function}()" in unbroken.used


def reads_otherwise(parse: Callable[[object, Parsing], QueueState]) -> ShowsIn:
    """Return the condition that the reference parses a queue state that this function parses otherwise."""

    def differs(name: str) -> bool:
        parsing, value = json.loads(name.removeprefix("parses "))
        return parse(value, Parsing(parsing)) is not parse_queue_state(value, Parsing(parsing))

    return lambda unbroken: any(differs(name) for name in unbroken.used if name.startswith("parses "))


def pauses(unbroken: Unbroken) -> bool:
    """Return whether an observer is notified of anything but ACTIVE."""
    return any(
        isinstance(event, Callback) and event.state != QueueState.ACTIVE for event in unbroken.run.timeline
    )


def gives_a_reason(unbroken: Unbroken) -> bool:
    """Return whether a reply may have a reason for the queue state, even an empty one or null."""
    return replies_with(lambda reply: isinstance(reply.body, dict) and "queue_state_reason" in reply.body)(
        unbroken
    )


def lasts(seconds: float) -> ShowsIn:
    """Return the condition that at least so many seconds pass."""
    return lambda unbroken: any(event.at >= seconds for event in unbroken.run.timeline)


def notifies(state: QueueState) -> ShowsIn:
    """Return the condition that an observer is notified of this state."""
    return lambda unbroken: any(
        isinstance(event, Callback) and event.state == state for event in unbroken.run.timeline
    )


def replies_with(odd: Callable[[Response], bool], times: int = 1) -> ShowsIn:
    """Return the condition that replies are odd, or that the timeline does not have their whole JSON body.

    Args:
        odd: Whether a reply is odd.
        times: How many replies there must be at least.
    """

    def replies(unbroken: Unbroken) -> bool:
        found = (event for event in unbroken.run.timeline if isinstance(event, Response))
        return sum(_is_in_pieces(reply) or odd(reply) for reply in found) >= times

    return replies


def _is_in_pieces(reply: Response) -> bool:
    without_body = reply.body is None and reply.status != 200
    return without_body or reply.raw is not None or reply.fault is not None


def state_of(reply: Response) -> object:
    """Return the value under `queue_state` in a reply; None if there is none."""
    return reply.body.get("queue_state") if isinstance(reply.body, dict) else None


def ends_in(*kinds: OutcomeKind) -> ShowsIn:
    """Return the condition that a future ends in one of these ways."""
    return lambda unbroken: any(
        isinstance(event, Outcome) and event.kind in kinds for event in unbroken.run.timeline
    )


def sends_many(least: int) -> ShowsIn:
    """Return the condition that so many requests are sent, or more."""
    return lambda unbroken: sum(isinstance(event, Request) for event in unbroken.run.timeline) >= least
