"""Probes about order and repetition: sequence numbers that come twice, too early, or from two clients."""

from __future__ import annotations

from typing import Final

from tinker_conformance.requirements import Level
from tinker_conformance.server.dialogue import not_offered
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import (
    MAX_TOKENS,
    model_body_of,
    sample_body_of,
    sampler_body,
    session_body,
)
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.training_effects import (
    PLAIN,
    differ,
    log_likelihood,
    passed,
    stepped,
    submitted_step,
)

_STEPS: Final = TRAINING | {Feature.OPTIM_STEP}
_IDEMPOTENCY: Final = "x-idempotency-key"
_EPS: Final = 1e4
_SIZES: Final = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Step sizes in proportion to the gradient, tried in turn until one changes the model visibly."""


def _repeated_sample(p: Probing) -> None:
    sampler = p.bench.sampler(p)
    # Without a seed: a sample that is drawn twice differs.
    params = {"max_tokens": 2 * MAX_TOKENS, "temperature": 1.0}
    body = sample_body_of(sampler, p.bench.next_number(sampler), sampling_params=params)
    first, second = p.submit("asample", body), p.submit("asample", body)
    once, again = p.sampled(first), p.sampled(second)
    p.expect(once.get("sequences") == again.get("sequences"), "the same sample for both", dict(again))


def _repeated_step(p: Probing) -> None:
    model = p.bench.model(p)
    before = log_likelihood(p, model)
    passed(p, model)
    number = p.bench.next_number(model)
    stepped(p, model, number, learning_rate=0.01)
    once = log_likelihood(p, model)
    _check_visible(before, once)
    stepped(p, model, number, learning_rate=0.01)
    again = log_likelihood(p, model)
    p.expect(
        abs(again - once) < 0.1 * abs(once - before) or not differ(again, once),
        f"a log-likelihood of {once:g} as after one step",
        f"{again:g}",
    )


def _repeated_pass(p: Probing) -> None:
    model = p.bench.model(p)
    for size in _SIZES:
        change = _change(p, model, size, times=1)
        if change > 0:
            twice = _change(p, model, size, times=2)
            p.expect(twice < 1.5 * change, f"a step as after one pass ({change:g})", f"{twice:g}")
            return
    raise not_offered("the numbers of this server are too coarse to tell one pass from two")


def _change(p: Probing, model: str, size: float, *, times: int) -> float:
    """Return how much a step of this size changes the model's numbers; 0 if less than the noise."""
    before = log_likelihood(p, model)
    number = p.bench.next_number(model)
    for _ in range(times):
        passed(p, model, number)
    stepped(p, model, learning_rate=size * _EPS, eps=_EPS, beta1=0.0, beta2=0.0)
    after = log_likelihood(p, model)
    return abs(after - before) if differ(before, after) else 0.0


def _repeated_model(p: Probing) -> None:
    session = p.bench.session(p)
    p.bench.model(p)
    body = model_body_of(session, p.bench.next_model_number(), p.bench.base_model)
    first = p.bench.created_model(p, p.post("create_model", body))
    second = p.bench.created_model(p, p.post("create_model", body))
    p.expect(first == second, f"the same model for both, {first!r}", second)


def _repeated_sampler(p: Probing) -> None:
    p.bench.sampler(p)
    session = p.bench.new_session(p)
    body = sampler_body(session, 0, base_model=p.bench.base_model)
    first, second = (p.post("create_sampling_session", body).mapping() for _ in range(2))
    key = "sampling_session_id"
    p.expect(
        first.get(key) == second.get(key), f"the same sampler for both, {first.get(key)!r}", second.get(key)
    )


def _repeated_session(p: Probing) -> None:
    p.bench.session(p)
    headers = {_IDEMPOTENCY: f"conformance-{p.bench.next_number('idempotency')}"}
    first, second = (p.post("create_session", session_body(), headers=headers).mapping() for _ in range(2))
    key = "session_id"
    p.expect(
        first.get(key) == second.get(key), f"the same session for both, {first.get(key)!r}", second.get(key)
    )


def _later_first(p: Probing) -> None:
    model = p.bench.model(p)
    before = log_likelihood(p, model)
    first, second = p.bench.next_number(model), p.bench.next_number(model)
    later = submitted_step(p, model, second, **PLAIN)
    earlier = p.bench.submit_pass(p, model, first)
    p.result(later)
    p.passed(earlier)
    after = log_likelihood(p, model)
    p.expect(
        differ(before, after), "a step that uses the gradient of the pass before it", f"{before:g}, unchanged"
    )


def _gap(p: Probing) -> None:
    sampler = p.bench.sampler(p)
    p.sampled(p.submit("asample", sample_body_of(sampler, 1_000_000_001)))


def _two_samplers(p: Probing) -> None:
    p.bench.sampler(p)
    one, other = p.bench.new_sampler(p), p.bench.new_sampler(p)
    first = p.submit("asample", sample_body_of(one, 1))
    second = p.submit("asample", sample_body_of(other, 1, num_samples=1))
    counts = [len(_sequences(p.sampled(each))) for each in (first, second)]
    p.expect(counts == [2, 1], "two samples for one client and one for the other", counts)


def _sequences(result: object) -> list[object]:
    found = result.get("sequences") if isinstance(result, dict) else None
    return found if isinstance(found, list) else []


def _two_models(p: Probing) -> None:
    model = p.bench.model(p)
    other = p.bench.new_model(p)
    before = log_likelihood(p, other)
    passed(p, model)
    stepped(p, model, None, **PLAIN)
    after = log_likelihood(p, other)
    p.expect(not differ(before, after), f"the other model as it was ({before:g})", f"{after:g}")


def _check_visible(before: float, after: float) -> None:
    if not differ(before, after):
        raise not_offered("a step of this server changes its numbers too little to be seen")


PROBES: Final = (
    Probe(
        id="order.repeated_sample",
        sentence="Two sample requests with the same `seq_id` draw one sample, and both get it.",
        source=(
            "tinker 0.3.0 submits a request again if the reply was lost; 0.38.0 calls its request ids "
            '"deterministic"'
        ),
        check=_repeated_sample,
        needs=SAMPLING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.repeated_step",
        sentence="An `optim_step` that is submitted twice with the same `seq_id` is done once.",
        source="tinker 0.3.0 submits a request again if the reply was lost; see SkyRL #2035",
        check=_repeated_step,
        needs=_STEPS,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.repeated_pass",
        sentence=(
            "A `forward_backward` that is submitted twice with the same `seq_id` adds its gradient once."
        ),
        source="tinker 0.3.0 submits a request again if the reply was lost; see SkyRL #2035",
        check=_repeated_pass,
        needs=_STEPS,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.repeated_model",
        sentence="Two `create_model` requests with the same session and `model_seq_id` create one model.",
        source="tinker 0.3.0 submits a request again if the reply was lost",
        check=_repeated_model,
        needs=TRAINING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.repeated_sampler",
        sentence=(
            "Two `create_sampling_session` requests with the same `sampling_session_seq_id` open one "
            "sampling session."
        ),
        source="tinker 0.38.0 submits a request again if the reply was lost",
        check=_repeated_sampler,
        level=Level.QUIRK,
        needs=frozenset({Feature.SAMPLING_SESSION}),
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.repeated_session",
        sentence="Two `create_session` requests with the same `X-Idempotency-Key` open one session.",
        source="Every release of tinker sends the same key with all attempts of one call",
        check=_repeated_session,
        level=Level.QUIRK,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.later_first",
        sentence=(
            "An `optim_step` that arrives before the `forward_backward` with the lower `seq_id` is done "
            "after it."
        ),
        source=(
            "Every release of tinker sends both requests without waiting for a reply, over several "
            "connections"
        ),
        check=_later_first,
        needs=_STEPS,
    ),
    Probe(
        id="order.gap",
        sentence="A sample does not wait for samples with lower `seq_id`s that were never sent.",
        source=(
            "In tinker 0.32.0 each copy of a sampling client numbers its samples from another multiple of "
            "1,000,000,000 on"
        ),
        check=_gap,
        needs=SAMPLING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.two_samplers",
        sentence="The same `seq_id` in two sampling sessions means two different samples.",
        source="In tinker 0.3.0 each sampling client numbers its samples from the start",
        check=_two_samplers,
        needs=SAMPLING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="order.two_models",
        sentence="Training one model does not change another.",
        source="A `ServiceClient` of every release of tinker can train several models",
        check=_two_models,
        needs=_STEPS,
    ),
)
