"""Probes about results: shapes, lengths, finite numbers, and the two forms, JSON and protobuf."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from fake_server.protobuf import decode_forward_output, decode_sample_response
from tinker_conformance.requirements import Level
from tinker_conformance.server.dialogue import JSON, PROTOBUF, not_offered, numbers
from tinker_conformance.server.exchanges import NOT_JSON, Answer
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import (
    EXAMPLES,
    MAX_TOKENS,
    PROMPT,
    RANK,
    SMALL_STEP,
    WEIGHTS,
    sample_body_of,
)
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.training_effects import logprobs_of, submitted_step

_CLOSE: Final = 1e-3
STOP_REASONS: Final = ("length", "stop")

Json = Mapping[str, object]


def _sample(p: Probing, **changes: object) -> str:
    sampler = p.bench.sampler(p)
    return p.submit("asample", sample_body_of(sampler, p.bench.next_number(sampler), **changes))


def _pass(p: Probing) -> str:
    model = p.bench.model(p)
    return p.bench.submit_pass(p, model, p.bench.next_number(model))


def _sequences(p: Probing, result: Json) -> list[Json]:
    found = result.get("sequences")
    listed = found if isinstance(found, list) else []
    p.require(listed and all(isinstance(each, dict) for each in listed), "a list of sequences", dict(result))
    return listed


def _outputs(p: Probing, result: Json) -> list[list[float]]:
    outputs = result.get("loss_fn_outputs")
    found = [logprobs_of(each) for each in outputs] if isinstance(outputs, list) else []
    p.require(
        found and all(each is not None for each in found), "logprobs of numbers for each datum", dict(result)
    )
    return [each for each in found if each is not None]


def _pass_shape(p: Probing) -> None:
    lengths = [len(each) for each in _outputs(p, p.passed(_pass(p)))]
    p.expect(lengths == [len(targets) for _, targets, _ in EXAMPLES], "a number for each target", lengths)


def _pass_finite(p: Probing) -> None:
    for row in _outputs(p, p.passed(_pass(p))):
        p.expect(all(value <= _CLOSE for value in row), "log-probabilities up to 0", row)


def _loss(p: Probing) -> None:
    result = p.passed(_pass(p))
    metrics = result.get("metrics")
    loss = metrics.get("loss:sum") if isinstance(metrics, dict) else None
    p.require(
        type(loss) in {int, float} and math.isfinite(float(str(loss))),
        "a metric loss:sum that is finite",
        metrics,
    )
    rows = _outputs(p, result)
    wanted = -math.fsum(value * weight for row in rows for value, weight in zip(row, WEIGHTS, strict=False))
    close = math.isclose(float(str(loss)), wanted, rel_tol=0.01, abs_tol=0.01)
    p.expect(close, f"loss:sum {wanted:g}, as the log-probabilities give it", loss)


def _step(p: Probing) -> None:
    model = p.bench.model(p)
    request_id = submitted_step(p, model, p.bench.next_number(model), learning_rate=SMALL_STEP)
    metrics = p.result(request_id, accept=JSON).get("metrics")
    named = isinstance(metrics, dict) and all(type(each) in {int, float} for each in metrics.values())
    p.expect(metrics is None or named, "metrics that are numbers, or null", metrics)


def _sample_shape(p: Probing) -> None:
    sequences = _sequences(p, p.sampled(_sample(p)))
    p.expect(len(sequences) == 2, "2 sequences, as num_samples says", len(sequences))
    for each in sequences:
        tokens, logprobs = each.get("tokens"), each.get("logprobs")
        whole = isinstance(tokens, list) and all(type(token) is int and token >= 0 for token in tokens)
        p.require(whole, "tokens that are whole numbers", each)
        given = numbers(logprobs)
        p.expect(
            given is not None and isinstance(tokens, list) and len(given) == len(tokens),
            "a log-probability for each token",
            each,
        )


def _sample_finite(p: Probing) -> None:
    for each in _sequences(p, p.sampled(_sample(p))):
        found = numbers(each.get("logprobs")) or ()
        good = all(math.isfinite(value) and value <= _CLOSE for value in found)
        p.expect(good, "finite log-probabilities up to 0", each.get("logprobs"))


def _max_tokens(p: Probing) -> None:
    for each in _sequences(p, p.sampled(_sample(p))):
        tokens = each.get("tokens")
        length = len(tokens) if isinstance(tokens, list) else 0
        p.expect(0 < length <= MAX_TOKENS, f"1 to {MAX_TOKENS} tokens", length)
        if each.get("stop_reason") == "length":
            p.expect(length == MAX_TOKENS, f"{MAX_TOKENS} tokens for the stop_reason length", length)


def _stop_reason(p: Probing) -> None:
    for each in _sequences(p, p.sampled(_sample(p))):
        reason = each.get("stop_reason")
        p.expect(reason in STOP_REASONS, f"a stop_reason among {', '.join(STOP_REASONS)}", reason)


def _stop(p: Probing) -> None:
    greedy = {"max_tokens": MAX_TOKENS, "temperature": 0.0}
    tokens = _sequences(p, p.sampled(_sample(p, num_samples=1, sampling_params=greedy)))[0].get("tokens")
    p.require(isinstance(tokens, list) and tokens != [], "tokens", tokens)
    assert isinstance(tokens, list)  # noqa: S101 - narrows: `require` has ended the probe otherwise
    params = {**greedy, "stop": [tokens[0]]}
    stopped = _sequences(p, p.sampled(_sample(p, num_samples=1, sampling_params=params)))[0]
    p.expect(stopped.get("stop_reason") == "stop", "the stop_reason stop at a stop token", dict(stopped))
    p.expect(len(stopped.get("tokens") or "") <= len(tokens), "no tokens after the stop", dict(stopped))  # type: ignore[arg-type]


def _sequence_ids(p: Probing) -> None:
    sampler = p.bench.sampler(p)
    answer = p.post("asample", sample_body_of(sampler, p.bench.next_number(sampler)))
    request_id = p.request_id(answer)
    ids = answer.mapping().get("sample_sequence_ids")
    p.end(request_id)
    texts = isinstance(ids, list) and all(isinstance(each, str) and each for each in ids)
    p.expect(
        texts and isinstance(ids, list) and len(set(ids)) == 2,
        "sample_sequence_ids: a text of its own for each of 2 samples",
        str(answer),
    )


def _prompt_logprobs(p: Probing) -> None:
    result = p.sampled(_sample(p, num_samples=1, prompt_logprobs=True), accept=JSON)
    found = result.get("prompt_logprobs")
    p.require(
        isinstance(found, list) and len(found) == len(PROMPT),
        f"prompt_logprobs: {len(PROMPT)} values, one for each token of the prompt",
        found,
    )
    rest = numbers(found[1:] if isinstance(found, list) else None)
    p.expect(
        rest is not None and all(map(math.isfinite, rest)),
        "a finite number for each token but the first",
        found,
    )


def _sample_in_json(p: Probing) -> None:
    _comes_in(p, p.end(_sample(p), accept=JSON), JSON)


def _pass_in_json(p: Probing) -> None:
    _comes_in(p, p.end(_pass(p), accept=JSON), JSON)


def _sample_in_protobuf(p: Probing) -> None:
    _comes_in(p, p.end(_sample(p), accept=PROTOBUF), PROTOBUF)


def _pass_in_protobuf(p: Probing) -> None:
    _comes_in(p, p.end(_pass(p), accept=PROTOBUF), PROTOBUF)


def _comes_in(p: Probing, answer: Answer, form: str) -> None:
    if answer.status == 406:
        raise not_offered(f"a poll that accepts {form} is answered with HTTP 406")
    p.require(answer.ok, "a result", str(answer))
    right = answer.media_type == form and (form != JSON or answer.json() is not NOT_JSON)
    p.expect(right, f"a result as {form}", f"{answer.media_type or 'no media type'}: {answer}")


def _both(p: Probing, request_id: str, decode: Callable[[bytes], Json]) -> tuple[Json, Json]:
    in_json = p.end(request_id, accept=JSON)
    in_protobuf = p.end(request_id, accept=PROTOBUF)
    if in_protobuf.media_type != PROTOBUF:
        raise not_offered(f"a poll that accepts only protobuf gets {in_protobuf.media_type}")
    return p.decoded(in_json, decode), p.decoded(in_protobuf, decode)


def _same_sample(p: Probing) -> None:
    one, other = _both(p, _sample(p), decode_sample_response)
    for first, second in zip(_sequences(p, one), _sequences(p, other), strict=False):
        for key in ("tokens", "stop_reason"):
            p.expect(
                first.get(key) == second.get(key), f"{key} {first.get(key)}, as in JSON", second.get(key)
            )
        _same(p, numbers(first.get("logprobs")), numbers(second.get("logprobs")))


def _same_pass(p: Probing) -> None:
    one, other = _both(p, _pass(p), decode_forward_output)
    for first, second in zip(_outputs(p, one), _outputs(p, other), strict=False):
        _same(p, first, second)


def _same(p: Probing, first: object, second: object) -> None:
    one, other = numbers(first), numbers(second)
    if one is None or other is None:
        p.expect(one == other, f"{first}, as in JSON", second)
        return
    same = len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-5) for a, b in zip(one, other, strict=True)
    )
    p.expect(same, f"{first}, as in JSON", second)


def _seeded(p: Probing) -> None:
    first, second = (p.sampled(_sample(p)).get("sequences") for _ in range(2))
    p.expect(first == second, "the same samples for the same seed", second)


def _info(p: Probing) -> None:
    answer = p.post("get_info", {"type": "get_info", "model_id": p.bench.model(p)})
    info = answer.mapping()
    data = info.get("model_data")
    p.require(answer.ok and isinstance(data, dict), "HTTP 200 with model_data", str(answer))
    p.expect(info.get("model_id") == p.bench.model(p), "the model_id that was asked for", str(answer))
    assert isinstance(data, dict)  # noqa: S101 - narrows: `require` has ended the probe otherwise
    p.expect(isinstance(data.get("model_name"), str), "a model_name that is text", str(answer))
    p.expect(info.get("lora_rank") in {None, RANK}, f"lora_rank {RANK}", str(answer))


PROBES: Final = (
    Probe(
        id="results.pass_shape",
        sentence="A forward-backward pass returns a log-probability for each target token of each datum.",
        source=(
            "`ForwardBackwardOutput` of every release of tinker has the log-probabilities, and users compute "
            "losses from them"
        ),
        check=_pass_shape,
        needs=TRAINING,
    ),
    Probe(
        id="results.pass_finite",
        sentence="The log-probabilities of a forward-backward pass are finite numbers, none above 0.",
        source="`ForwardBackwardOutput` of every release of tinker has such numbers, and JSON has no others",
        check=_pass_finite,
        needs=TRAINING,
    ),
    Probe(
        id="results.loss",
        sentence="For `cross_entropy`, `loss:sum` is the negative sum of log-probability times weight.",
        source="tinker-cookbook logs this metric, with every release of tinker",
        check=_loss,
        needs=TRAINING,
    ),
    Probe(
        id="results.step",
        sentence="The metrics of an `optim_step` are numbers, or there are none.",
        source="`OptimStepResponse` of every release of tinker has such metrics",
        check=_step,
        needs=TRAINING | {Feature.OPTIM_STEP},
    ),
    Probe(
        id="results.sample_shape",
        sentence="A sample has `num_samples` sequences, with a log-probability for each token.",
        source="`SampleResponse` of every release of tinker has this shape",
        check=_sample_shape,
        needs=SAMPLING,
    ),
    Probe(
        id="results.sample_finite",
        sentence="The log-probabilities of a sample are finite numbers, none above 0.",
        source="Importance sampling computes ratios from these numbers, with every release of tinker",
        check=_sample_finite,
        needs=SAMPLING,
    ),
    Probe(
        id="results.max_tokens",
        sentence=(
            "A sequence has at most `max_tokens` tokens, and exactly that many if its `stop_reason` is "
            "`length`."
        ),
        source="`SamplingParams` of every release of tinker has `max_tokens`",
        check=_max_tokens,
        needs=SAMPLING,
    ),
    Probe(
        id="results.stop_reason",
        sentence="The `stop_reason` of a sequence is `length` or `stop`.",
        source="`StopReason` of every release of tinker has these two values",
        check=_stop_reason,
        needs=SAMPLING,
    ),
    Probe(
        id="results.stop",
        sentence="A sequence ends at a stop token, with the `stop_reason` `stop`.",
        source="`SamplingParams.stop` of every release of tinker takes stop tokens",
        check=_stop,
        needs=SAMPLING,
    ),
    Probe(
        id="results.sequence_ids",
        sentence="The reply to `asample` has `sample_sequence_ids`, one for each sample.",
        source="tinker 0.26.0 fails without these ids; see SkyRL #2021 and open-rl #251",
        check=_sequence_ids,
        needs=SAMPLING,
        releases=Releases("0.26.0"),
    ),
    Probe(
        id="results.prompt_logprobs",
        sentence=(
            "`prompt_logprobs` has an entry for each token of the prompt; all but the first are numbers."
        ),
        source="`SamplingClient.compute_logprobs` of every release of tinker returns these log-probabilities",
        check=_prompt_logprobs,
        needs=SAMPLING,
    ),
    Probe(
        id="results.sample_in_json",
        sentence="A poll that accepts JSON gets a sample as JSON.",
        source="tinker 0.1.0 to 0.24.1 accept a sample in JSON",
        check=_sample_in_json,
        needs=SAMPLING,
        releases=Releases("0.1.0", "0.24.1"),
    ),
    Probe(
        id="results.pass_in_json",
        sentence="A poll that accepts JSON gets the result of a forward-backward pass as JSON.",
        source="tinker 0.1.0 to 0.24.1 accept the result of a pass in JSON",
        check=_pass_in_json,
        needs=TRAINING,
        releases=Releases("0.1.0", "0.24.1"),
    ),
    Probe(
        id="results.sample_in_protobuf",
        sentence="A poll that accepts only protobuf gets a sample as protobuf.",
        source="tinker 0.25.0 accepts a sample in no other form; see SkyRL #2022",
        check=_sample_in_protobuf,
        needs=SAMPLING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="results.pass_in_protobuf",
        sentence="A poll that accepts only protobuf gets the result of a forward-backward pass as protobuf.",
        source="tinker 0.25.0 accepts the result of a pass in no other form; see SkyRL #2022",
        check=_pass_in_protobuf,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="results.same_sample",
        sentence="A sample has the same tokens and numbers in JSON and in protobuf.",
        source=(
            "Users compare runs with releases of tinker from before and after 0.25.0, which poll in JSON "
            "and in protobuf"
        ),
        check=_same_sample,
        needs=SAMPLING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="results.same_pass",
        sentence="The result of a forward-backward pass has the same numbers in JSON and in protobuf.",
        source=(
            "Users compare runs with releases of tinker from before and after 0.25.0, which poll in JSON "
            "and in protobuf"
        ),
        check=_same_pass,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="results.seeded",
        sentence="Two samples with the same `seed` are equal.",
        source="`SamplingParams` of every release of tinker has a `seed`",
        check=_seeded,
        level=Level.QUIRK,
        needs=SAMPLING,
    ),
    Probe(
        id="results.info",
        sentence="`get_info` describes the model that was asked for.",
        source=(
            "`TrainingClient.get_info` of every release of tinker returns it; users choose the tokenizer "
            "by it"
        ),
        check=_info,
        needs=TRAINING | {Feature.GET_INFO},
    ),
)
