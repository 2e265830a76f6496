"""Work of the cheapest kind that a server offers: a sample, or else a pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.dialogue import EITHER, ProbeEnded, not_offered
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe_bodies import Json, pass_body, sample_body_of
from tinker_conformance.server.probing import Probing

INPUTS = {"asample": "prompt", "forward_backward": "forward_backward_input"}
"""The field of a submission that says what is sampled or trained on, by its path."""


def samples(p: Probing) -> bool:
    """Return whether the cheapest work is a sample; it is a pass if the server does not or cannot sample.

    Raises:
        ProbeEnded: The server neither samples nor trains.
    """
    trains = p.bench.offer.lacks(TRAINING) is None
    if (why := p.bench.offer.lacks(SAMPLING)) is not None:
        if not trains:
            raise not_offered(f"the server neither samples nor trains: {why}")
        return False
    # Without a sampler, polls and ends can still be judged by passes.
    return not trains or _works(lambda: p.bench.sampler(p))


def steps(p: Probing) -> bool:
    """Return whether the server makes steps, and a model could be made."""
    if p.bench.offer.lacks(TRAINING | {Feature.OPTIM_STEP}) is not None:
        return False
    return _works(lambda: p.bench.model(p))


def cheapest_work(p: Probing) -> tuple[str, Json]:
    """Return the path and the body of a submission with the next number."""
    if samples(p):
        sampler = p.bench.sampler(p)
        return "asample", sample_body_of(sampler, p.bench.next_number(sampler))
    model = p.bench.model(p)
    return "forward_backward", pass_body(model, p.bench.next_number(model))


def cheapest_path(p: Probing) -> str:
    """Return the path alone."""
    return "asample" if samples(p) else "forward_backward"


def submit_any(p: Probing) -> str:
    """Submit the cheapest work and return its request id."""
    if samples(p):
        sampler = p.bench.sampler(p)
        return p.submit("asample", sample_body_of(sampler, p.bench.next_number(sampler)))
    model = p.bench.model(p)
    return p.bench.submit_pass(p, model, p.bench.next_number(model))


def any_result(p: Probing, request_id: str, *, accept: str = EITHER) -> Mapping[str, object]:
    """Return the result of the cheapest work in its JSON form; end the probe if it has none."""
    if samples(p):
        return p.sampled(request_id, accept=accept)
    return p.passed(request_id, accept=accept)


def _works(make: Callable[[], object]) -> bool:
    """Return whether something can be made; another probe judges why not."""
    try:
        make()
    except ProbeEnded as ended:
        if ended.verdict is not Verdict.NOT_TESTABLE:
            raise
        return False
    return True
