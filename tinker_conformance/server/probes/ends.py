"""Probes about the ends of futures: a future that cannot succeed fails in a form that every release reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.requirements import Level
from tinker_conformance.server.cheapest_work import any_result, samples, submit_any
from tinker_conformance.server.dialogue import (
    EITHER,
    JSON,
    PROTOBUF,
    ProbeEnded,
    is_failure,
    is_pending,
    not_offered,
)
from tinker_conformance.server.exchanges import Answer
from tinker_conformance.server.features import TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import (
    NOWHERE,
    PROMPT,
    TARGETS,
    WEIGHTS,
    load_body,
    pass_input,
    sample_body_of,
)
from tinker_conformance.server.probing import Probing

CATEGORIES: Final = ("unknown", "server", "user")
"""The categories of a failure that the official SDK knows (`RequestErrorCategory` of every release)."""


def _impossible(p: Probing) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield submissions that cannot succeed, each as path and body."""
    if samples(p):
        sampler = p.bench.sampler(p)
        yield (
            "asample",
            sample_body_of(
                sampler,
                p.bench.next_number(sampler),
                prompt={"chunks": [{"type": "encoded_text", "tokens": [2_000_000_000]}]},
            ),
        )
        yield (
            "asample",
            sample_body_of(
                sampler, p.bench.next_number(sampler), sampling_params={"max_tokens": 4, "temperature": -1.0}
            ),
        )
    if p.bench.offer.lacks(TRAINING) is None:
        model = p.bench.model(p)
        shorter = (PROMPT, TARGETS[:2], WEIGHTS[:2])
        yield (
            "forward_backward",
            {
                "model_id": model,
                "seq_id": p.bench.next_number(model),
                "forward_backward_input": pass_input([shorter]),
            },
        )
        yield (
            "forward_backward",
            {
                "model_id": model,
                "seq_id": p.bench.next_number(model),
                "forward_backward_input": {**pass_input(), "loss_fn": "no_such_loss"},
            },
        )


def _failed_load(p: Probing) -> tuple[str, Answer] | None:
    """Load a checkpoint that does not exist, once a run, and return the request id and the last reply.

    None if the server refused the submission, or the load succeeded. Servers accept a load only as the first
    request of a model, so this creates a model.
    """
    if p.bench.offer.lacks(TRAINING | {Feature.LOAD_STATE}) is not None:
        return None
    if p.bench.failed_load is None:
        model = p.bench.new_model(p)
        answer = p.post("load_weights", load_body(model, p.bench.next_number(model), NOWHERE))
        p.bench.failed_load = p.request_id(answer) if answer.ok else ""
    if not p.bench.failed_load:
        return None
    ended = p.end(p.bench.failed_load)
    return (p.bench.failed_load, ended) if not ended.ok or is_failure(ended) else None


def _failed_future(p: Probing) -> tuple[str, Answer]:
    """Return the request id and the last reply of a future that failed.

    Raises:
        ProbeEnded: The server refused everything that cannot succeed, or it succeeded.
    """
    for path, body in _impossible(p):
        answer = p.post(path, body)
        if not answer.ok:
            p.bench.take_back(body)
            continue
        request_id = p.request_id(answer)
        ended = p.end(request_id)
        if not ended.ok or is_failure(ended):
            return request_id, ended
    if (failed := _failed_load(p)) is not None:
        return failed
    raise not_offered("no future of this run failed: the server refuses what cannot succeed at once")


def _all_end(p: Probing) -> None:
    samples(p)  # ends the probe if the server neither samples nor trains
    for path, body in _impossible(p):
        answer = p.post(path, body)
        if answer.ok:
            p.end(p.request_id(answer))
        else:
            p.bench.take_back(body)
            p.refused(answer)


def _form(p: Probing) -> None:
    _, ended = _failed_future(p)
    p.expect(is_failure(ended), "HTTP 200 with an error and a category", str(ended))


def _text(p: Probing) -> None:
    _, ended = _failed_future(p)
    if is_failure(ended):
        error = ended.mapping().get("error")
        p.expect(isinstance(error, str) and error != "", "an error that is text", str(ended))


def _category(p: Probing) -> None:
    _, ended = _failed_future(p)
    if is_failure(ended):
        category = ended.mapping().get("category")
        p.expect(category in CATEGORIES, f"a category among {', '.join(CATEGORIES)}", str(ended))


def _again(p: Probing) -> None:
    request_id, ended = _failed_future(p)
    again = p.end(request_id)
    p.expect((again.status, again.body) == (ended.status, ended.body), "the same failure again", str(again))


def _whatever_is_accepted(p: Probing) -> None:
    request_id, ended = _failed_future(p)
    for accept in (JSON, PROTOBUF, EITHER):
        again = p.end(request_id, accept=accept)
        same = again.status == ended.status and again.mapping() == ended.mapping()
        p.expect(same, f"the same failure with Accept: {accept}", str(again))


def _goes_on(p: Probing) -> None:
    any_result(p, submit_any(p))
    _failed_future(p)
    try:
        request_id = submit_any(p)
    except ProbeEnded as ended:
        if ended.verdict is not Verdict.NOT_TESTABLE:
            raise
        # The server accepted the same submission before the failure.
        p.fail("the next submission accepted", str(ended))
    any_result(p, request_id)


def _stays_ended(p: Probing) -> None:
    request_id = submit_any(p)
    p.end(request_id)
    for _ in range(3):
        answer = p.poll(request_id)
        p.expect(not is_pending(answer) and answer.status < 500, "the result again", str(answer))


def _cancelled(p: Probing) -> None:
    request_id = submit_any(p)
    answer = p.post("cancel_future", {"request_id": request_id}, seconds=30)
    p.expect(answer.ok, "HTTP 200", str(answer))
    p.end(request_id)


def _cancelled_nobody(p: Probing) -> None:
    p.bench.session(p)
    answer = p.post("cancel_future", {"request_id": "no-such-request"}, seconds=30)
    p.expect(answer.status < 500, "a status below 500", str(answer))


PROBES: Final = (
    Probe(
        id="ends.stays_ended",
        sentence="A future that has ended is not pending again.",
        source="Every release of tinker polls a future again if the reply was lost",
        check=_stays_ended,
    ),
    Probe(
        id="ends.all_end",
        sentence="A request that cannot succeed is refused with a 4xx, or its future ends.",
        source=(
            "Every release of tinker polls for ever while the reply is a 408 or a 5xx, whatever its body says"
        ),
        check=_all_end,
    ),
    Probe(
        id="ends.form",
        sentence="A failed future answers HTTP 200 with `error`.",
        source=(
            "Every release of tinker reads a failure from an HTTP 200. From 0.15.0 on it polls three more "
            "times after a 400, and every release polls for ever on a 5xx"
        ),
        check=_form,
    ),
    Probe(
        id="ends.text",
        sentence="The `error` of a failure is a string.",
        source="Every release of tinker shows the `error` to its user",
        check=_text,
    ),
    Probe(
        id="ends.category",
        sentence="The `category` of a failure is `unknown`, `server` or `user`.",
        source=(
            'Every release of tinker knows these three words. It reads others, such as "user_error", as '
            "`unknown`"
        ),
        check=_category,
    ),
    Probe(
        id="ends.same_again",
        sentence="A failed future that is polled again gives the same failure.",
        source="Every release of tinker polls a future again if the reply was lost",
        check=_again,
    ),
    Probe(
        id="ends.in_json",
        sentence="A failure is JSON, whatever formats the poll accepts.",
        source="tinker 0.25.0 accepts results of samples only in protobuf, and still reads a failure as JSON",
        check=_whatever_is_accepted,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="ends.goes_on",
        sentence="After a future has failed, the next one succeeds.",
        source="Every release of tinker uses its client further after a future has failed",
        check=_goes_on,
    ),
    Probe(
        id="ends.cancelled",
        sentence="A future that was cancelled ends.",
        source="tinker 0.26.0 cancels a sample if its caller has given up the wait for the result",
        check=_cancelled,
        needs=frozenset({Feature.CANCEL}),
        releases=Releases("0.26.0"),
    ),
    Probe(
        id="ends.cancelled_nobody",
        sentence="Cancelling a future that does not exist is not answered with a 5xx.",
        source="tinker 0.26.0 repeats a cancellation while the reply is a 5xx",
        check=_cancelled_nobody,
        level=Level.QUIRK,
        needs=frozenset({Feature.CANCEL}),
        releases=Releases("0.26.0"),
    ),
)
