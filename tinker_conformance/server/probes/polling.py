"""Probes about polls: pending replies, results that are fetched again, and request ids that do not exist."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.requirements import Level
from tinker_conformance.server.cheapest_work import any_result, samples, steps, submit_any
from tinker_conformance.server.dialogue import EITHER, POLL, is_pending, not_offered
from tinker_conformance.server.exchanges import NOT_JSON, READ_SECONDS, Answer, NoAnswerError
from tinker_conformance.server.features import TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import MAX_TOKENS, SMALL_STEP, sample_body_of
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.training_effects import differ, log_likelihood, passed, stepped, submitted_step

KNOWN_STATES: Final = tuple(state.value for state in QueueState if state is not QueueState.UNKNOWN)
LONGEST_BACK_OFF: Final = 30.0
"""The longest time between two polls of the official SDK, in seconds (every release)."""
_LATE_SECONDS: Final = 10.0


def pending_replies(p: Probing) -> list[Answer]:
    """Return the replies of this run that said that a future is not ready.

    Without any, submit some work that takes a moment and poll it.

    Raises:
        ProbeEnded: There was no such reply.
    """
    if not p.line.pending and steps(p):
        model = p.bench.model(p)
        passed(p, model)
        stepped(p, model, None, learning_rate=SMALL_STEP)
    for _ in range(3):
        if p.line.pending:
            break
        if samples(p):
            sampler = p.bench.sampler(p)
            longer = {"max_tokens": 8 * MAX_TOKENS, "temperature": 1.0, "seed": 7}
            body = sample_body_of(sampler, p.bench.next_number(sampler), sampling_params=longer)
            p.end(p.submit("asample", body))
        else:
            p.end(submit_any(p))
    if not p.line.pending:
        raise not_offered("no poll of this run met a future that was still pending")
    return p.line.pending


def _in_time(p: Probing) -> None:
    if not steps(p):
        _polled_in_time(p, submit_any(p))
        return
    # A step is pending until the request with the number before it arrives, so this probe decides how long.
    model = p.bench.model(p)
    first, second = p.bench.next_number(model), p.bench.next_number(model)
    later = submitted_step(p, model, second)
    try:
        _polled_in_time(p, later)
    finally:
        earlier = p.bench.submit_pass(p, model, first)
    p.end(earlier)
    p.end(later)


def _polled_in_time(p: Probing, request_id: str) -> None:
    try:
        answer = p.poll(request_id, seconds=READ_SECONDS)
    except NoAnswerError as error:
        if not error.connected:
            raise
        p.expect(False, f"a reply within {READ_SECONDS:g} s", f"no reply: {error}")  # noqa: FBT003
        return
    p.expect(answer.status < 500, "a result, a failure or a pending reply", str(answer))


def _pending_json(p: Probing) -> None:
    for answer in pending_replies(p):
        p.expect(isinstance(answer.json(), dict), "a pending reply that is a JSON object", str(answer))


def _pending_id(p: Probing) -> None:
    found = [answer for answer in pending_replies(p) if answer.ok]
    if not found:
        raise not_offered("every pending reply is a 408, in which no release reads an id")
    for answer in found:
        given = answer.mapping().get("request_id")
        p.expect(isinstance(given, str) and given != "", "a request_id that is text", str(answer))


def _pending_state(p: Probing) -> None:
    for answer in pending_replies(p):
        state = answer.mapping().get("queue_state", None if answer.ok else "active")
        p.expect(state in KNOWN_STATES, f"a queue_state among {', '.join(KNOWN_STATES)}", str(answer))


def _pending_reason(p: Probing) -> None:
    for answer in pending_replies(p):
        reason = answer.mapping().get("queue_state_reason")
        p.expect(reason is None or isinstance(reason, str), "a queue_state_reason that is text", str(answer))


def _two_at_once(p: Probing) -> None:
    request_id = submit_any(p)
    answers = [
        answer
        for answer in p.at_once(lambda: p.poll(request_id), lambda: p.poll(request_id))
        if not is_pending(answer)
    ]
    answers += [p.end(request_id) for _ in range(2 - len(answers))]
    first, second = answers
    p.expect(first.ok, "a result", str(first))
    p.expect(
        (second.status, second.body) == (first.status, first.body), "the same result for both", str(second)
    )


def _again(p: Probing) -> None:
    request_id = submit_any(p)
    first = p.end(request_id)
    p.require(first.ok, "a result", str(first))
    again = p.end(request_id)
    p.expect((again.status, again.body) == (first.status, first.body), "the same result again", str(again))


def _after_hanging_up(p: Probing) -> None:
    request_id = submit_any(p)
    p.hang_up(POLL, {"request_id": request_id}, accept=EITHER)
    any_result(p, request_id)


def _after_the_longest_back_off(p: Probing) -> None:
    request_id = submit_any(p)
    first = p.end(request_id)
    p.require(first.ok, "a result", str(first))
    p.line.clock.sleep(LONGEST_BACK_OFF)
    again = p.end(request_id)
    p.expect((again.status, again.body) == (first.status, first.body), "the same result again", str(again))


def _unknown(p: Probing) -> None:
    p.bench.session(p)
    answer = p.poll("no-such-request", seconds=_LATE_SECONDS)
    p.expect(answer.status in {404, 410}, "HTTP 404 or 410", str(answer))


def _unknown_json(p: Probing) -> None:
    p.bench.session(p)
    answer = p.poll("no-such-request", seconds=_LATE_SECONDS)
    p.expect(answer.json() is not NOT_JSON, "a JSON body", str(answer))


def _foreign(p: Probing) -> None:
    request_id = submit_any(p)
    answer = p.poll(request_id, with_key=False, headers={"x-api-key": "tml-no-such-key"})
    p.end(request_id)
    if answer.ok or answer.status == 408:
        raise not_offered("the server takes any key")
    p.expect(answer.status in {401, 403, 404, 410}, "HTTP 401, 403, 404 or 410", str(answer))


def _without_an_id(p: Probing) -> None:
    p.bench.session(p)
    p.refused(p.post(POLL, {}))


def _no_effect(p: Probing) -> None:
    model = p.bench.model(p)
    passed(p, model)
    request_id = submitted_step(p, model, p.bench.next_number(model), learning_rate=0.01)
    p.result(request_id)
    once = log_likelihood(p, model)
    for _ in range(3):
        p.end(request_id)
    again = log_likelihood(p, model)
    p.expect(not differ(once, again), f"a log-likelihood of {once:g} as before the polls", f"{again:g}")


def _many(p: Probing) -> None:
    first, second = submit_any(p), submit_any(p)
    any_result(p, second)
    any_result(p, first)


PROBES: Final = (
    Probe(
        id="polling.in_time",
        sentence="A poll is answered within 45 s, even while the future is pending.",
        source=(
            "Every release of tinker gives up a poll after 45 s; see SkyRL #2162. Other clients wait for "
            "60 to 600 s"
        ),
        check=_in_time,
        waits=READ_SECONDS,
    ),
    Probe(
        id="polling.two_at_once",
        sentence="Two polls of one future at the same time both get its result.",
        source=(
            "Every release of tinker polls again while a poll that it has given up is still open on the "
            "server"
        ),
        check=_two_at_once,
    ),
    Probe(
        id="polling.again",
        sentence="A result that was fetched can be fetched again, and is the same.",
        source='Every release of tinker polls again if a reply was lost; see SkyRL #2162, "Future not found"',
        check=_again,
    ),
    Probe(
        id="polling.after_hanging_up",
        sentence="If a client closes the connection during a poll, its next poll gets the result.",
        source="Every release of tinker gives up a poll after 45 s and polls again; see SkyRL #2162",
        check=_after_hanging_up,
    ),
    Probe(
        id="polling.after_the_longest_back_off",
        sentence="A result can be fetched again 30 s later.",
        source="Every release of tinker waits for up to 30 s after connection errors",
        check=_after_the_longest_back_off,
        waits=LONGEST_BACK_OFF,
    ),
    Probe(
        id="polling.other_order",
        sentence="Futures can be polled in another order than the one in which they were submitted.",
        source="Every release of tinker polls all futures of a client at the same time",
        check=_many,
    ),
    Probe(
        id="polling.unknown_id",
        sentence="A poll of a request id that the server never gave is answered with 404 or 410.",
        source=(
            "Every release of tinker raises an error for these. It would repeat the poll for ever on a "
            "408 or a 5xx"
        ),
        check=_unknown,
    ),
    Probe(
        id="polling.unknown_id_json",
        sentence="A poll of a request id that the server never gave is answered with JSON.",
        source="Every release of tinker shows the body of the reply in its error",
        check=_unknown_json,
        level=Level.QUIRK,
    ),
    Probe(
        id="polling.foreign_id",
        sentence="If the server checks keys, a poll with another key than that of the submission is refused.",
        source="The real service gives a result only to the owner of the request",
        check=_foreign,
    ),
    Probe(
        id="polling.without_an_id",
        sentence="A poll without a `request_id` is refused with a 4xx and a JSON body.",
        source="Every release of tinker repeats a poll for ever while the reply is a 5xx",
        check=_without_an_id,
    ),
    Probe(
        id="polling.no_effect",
        sentence="Polling an `optim_step` three more times does not repeat the step.",
        source="Every release of tinker polls a future as often as is needed",
        check=_no_effect,
        needs=TRAINING | {Feature.OPTIM_STEP},
    ),
    Probe(
        id="polling.pending_json",
        sentence="A pending reply, 408 or 200, is a JSON object.",
        source="Every release of tinker reads the fields of a pending reply",
        check=_pending_json,
    ),
    Probe(
        id="polling.pending_id",
        sentence="A 200 `try_again` has the `request_id`.",
        source=(
            "The type `TryAgainResponse` of every release of tinker requires it; the server of twinkle "
            "leaves it out"
        ),
        check=_pending_id,
    ),
    Probe(
        id="polling.pending_state",
        sentence="A pending reply's `queue_state` is `active`, `paused_capacity` or `paused_rate_limit`.",
        source=(
            'Every release of tinker reads a queue state. It reads another string as "unknown"; from '
            "0.21.0 on, a list in its place ends the poll"
        ),
        check=_pending_state,
    ),
    Probe(
        id="polling.pending_reason",
        sentence="The `queue_state_reason` of a pending reply is a string or null.",
        source="tinker 0.7.0 logs the reason",
        check=_pending_reason,
        releases=Releases("0.7.0"),
    ),
)
