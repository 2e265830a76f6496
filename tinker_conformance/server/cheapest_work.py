"""Submit the cheapest work that a server offers, for probes that need any future: a sample, or else a pass.

A pass is one `forward_backward` request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.dialogue import EITHER, ProbeEnded, not_offered
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe_bodies import Json, pass_body, sample_body_of
from tinker_conformance.server.probing import Probing

INPUTS = {"asample": "prompt", "forward_backward": "forward_backward_input"}
"""The field of a submission that has the input to sample from or train on, by the submission's path."""


def samples(p: Probing) -> bool:
    """Return whether the cheapest work is a sample; if the server does not or cannot sample, it is a pass.

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
    """Return whether the server offers `optim_step`, and the probe could create a model."""
    if p.bench.offer.lacks(TRAINING | {Feature.OPTIM_STEP}) is not None:
        return False
    return _works(lambda: p.bench.model(p))


def cheapest_work(p: Probing) -> tuple[str, Json]:
    """Return the path and the body of a submission of the cheapest work, with the next sequence number."""
    if samples(p):
        sampler = p.bench.sampler(p)
        return "asample", sample_body_of(sampler, p.bench.next_number(sampler))
    model = p.bench.model(p)
    return "forward_backward", pass_body(model, p.bench.next_number(model))


def cheapest_path(p: Probing) -> str:
    """Return the path to which the cheapest work is submitted."""
    return "asample" if samples(p) else "forward_backward"


def submit_any(p: Probing) -> str:
    """Submit the cheapest work and return its request id."""
    if samples(p):
        sampler = p.bench.sampler(p)
        return p.submit("asample", sample_body_of(sampler, p.bench.next_number(sampler)))
    model = p.bench.model(p)
    return p.bench.submit_pass(p, model, p.bench.next_number(model))


def any_result(p: Probing, request_id: str, *, accept: str = EITHER) -> Mapping[str, object]:
    """Return the result of the cheapest work, decoded from either form.

    A future without a result ends the probe.

    Args:
        p: The probe.
        request_id: The future that `submit_any` returned.
        accept: The `Accept` header of the polls.
    """
    if samples(p):
        return p.sampled(request_id, accept=accept)
    return p.passed(request_id, accept=accept)


def _works(make: Callable[[], object]) -> bool:
    """Return whether `make` can create a session, model or sampler. Why not, another probe judges."""
    try:
        make()
    except ProbeEnded as ended:
        if ended.verdict is not Verdict.NOT_TESTABLE:
            raise
        return False
    return True
