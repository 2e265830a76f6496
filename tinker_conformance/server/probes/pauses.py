"""Probes about pauses, for a server that `--pauses-at-samples` or `--pauses-at-models` says how to pause."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.server.dialogue import is_failure, is_pending, not_offered
from tinker_conformance.server.exchanges import Answer
from tinker_conformance.server.features import SAMPLING, TRAINING
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import model_body_of, sample_body_of
from tinker_conformance.server.probes.polling import KNOWN_STATES
from tinker_conformance.server.probing import Probing

PAUSED: Final = (QueueState.PAUSED_CAPACITY.value, QueueState.PAUSED_RATE_LIMIT.value)


def _paused(p: Probing) -> tuple[list[Answer], list[Answer]]:
    """Submit more work than the server takes at once.

    Returns:
        The pending replies, and the last reply of each future.

    Raises:
        ProbeEnded: No option says how much work makes the server pause.
    """
    pausing = p.bench.pausing
    if pausing.samples is not None and p.bench.offer.lacks(SAMPLING) is None:
        p.bench.sampler(p)
        sampler = p.bench.new_sampler(p)
        flying = [
            p.submit("asample", sample_body_of(sampler, number)) for number in range(1, pausing.samples + 2)
        ]
    elif pausing.models is not None and p.bench.offer.lacks(TRAINING) is None:
        session = p.bench.session(p)
        flying = []
        for _ in range(pausing.models + 1):
            body = model_body_of(session, p.bench.next_model_number(), p.bench.base_model)
            model = p.bench.created_model(p, p.post("create_model", body))
            flying.append(p.bench.submit_pass(p, model, p.bench.next_number(model)))
    else:
        raise not_offered("no option says how many samples or models make this server pause")
    found = [p.poll(request_id) for request_id in reversed(flying)]
    ended = [p.end(request_id) for request_id in flying]
    pending = [answer for answer in found if is_pending(answer)]
    p.require(pending, "a pending reply while too much is in flight", [str(answer) for answer in found[:3]])
    return pending, ended


def _words(p: Probing) -> None:
    states = [answer.mapping().get("queue_state") for answer in _paused(p)[0]]
    named = any(state in PAUSED for state in states) and all(state in KNOWN_STATES for state in states)
    p.expect(named, f"a queue_state among {', '.join(PAUSED)}", states)


def _reason(p: Probing) -> None:
    for answer in _paused(p)[0]:
        reason = answer.mapping().get("queue_state_reason")
        p.expect(
            reason is None or (isinstance(reason, str) and reason.strip() != ""),
            "a queue_state_reason that says something, or none",
            str(answer),
        )


def _resumes(p: Probing) -> None:
    for answer in _paused(p)[1]:
        p.expect(answer.ok and not is_failure(answer), "a result", str(answer))


PROBES: Final = (
    Probe(
        id="pauses.words",
        sentence=(
            "While too many requests are in flight, the queue state is `paused_capacity` or "
            "`paused_rate_limit`."
        ),
        source="Every release of tinker reports these two queue states to its user, and no other",
        check=_words,
    ),
    Probe(
        id="pauses.reason",
        sentence="The reason of a pause, if there is one, is not empty.",
        source="tinker 0.7.0 logs the server's reason in place of its own text",
        check=_reason,
        releases=Releases("0.7.0"),
    ),
    Probe(
        id="pauses.resumes",
        sentence="A request that was paused gets its result.",
        source="Every release of tinker waits until a paused request has its result",
        check=_resumes,
    ),
)
