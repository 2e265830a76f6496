"""Servers whose results have the wrong shape, numbers or form."""

from __future__ import annotations

from collections.abc import Callable

from fake_server import Operation, Reply, Request
from fake_server.core.http_messages import JSON_HEADERS, PROTOBUF
from fake_server.protobuf.codec import bytes_field, fields, varint_field
from fake_server.protobuf.field_numbers import SampledSequence, SampleResponse

from .declaration import (
    BrokenBench,
    Chapter,
    Json,
    changed,
    polled,
    without,
)

SERVERS = Chapter()
_PASSES = (Operation.FORWARD, Operation.FORWARD_BACKWARD)
_SAMPLES = (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS)


def _first_row(change: Callable[[list[float]], list[float]]) -> Callable[[Json], Json]:
    def changed_row(result: Json) -> Json:
        tensor = result["loss_fn_outputs"][0]["logprobs"]
        tensor["data"] = change(tensor["data"])
        tensor["shape"] = [len(tensor["data"])]
        return result

    return changed_row


SERVERS.results(
    "returns_a_logprob_too_many",
    _PASSES,
    _first_row(lambda row: [*row, -1.0]),
    caught_by="results.pass_shape",
    saying="wanted a number for each target, got [6, 3]",
)
SERVERS.results(
    "returns_a_positive_logprob",
    _PASSES,
    _first_row(lambda row: [3.0, *row[1:]]),
    caught_by="results.pass_finite",
    saying="wanted log-probabilities up to 0, got [3.0",
)
SERVERS.results(
    "reports_the_mean_loss",
    _PASSES,
    lambda result: {**result, "metrics": {"loss:sum": result["metrics"]["loss:sum"] / 8}},
    caught_by="results.loss",
    saying="as the log-probabilities give it",
)
SERVERS.results(
    "reports_no_loss",
    _PASSES,
    lambda result: {**result, "metrics": {}},
    caught_by="results.loss",
    saying="wanted a metric loss:sum that is finite",
)
SERVERS.results(
    "reports_metrics_as_text",
    [Operation.OPTIM_STEP],
    lambda result: {**result, "metrics": {"learning_rate": "high"}},
    caught_by="results.step",
    saying="wanted metrics that are numbers, or null",
)


def _each(change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return lambda result: {**result, "sequences": [change(each) for each in result["sequences"]]}


SERVERS.results(
    "returns_a_logprob_too_few",
    _SAMPLES,
    _each(lambda each: {**each, "logprobs": each["logprobs"][:-1]}),
    caught_by="results.sample_shape",
    saying="wanted a log-probability for each token",
)
SERVERS.results(
    "returns_probabilities_of_tokens",
    _SAMPLES,
    _each(lambda each: {**each, "logprobs": [1.0 for _ in each["logprobs"]]}),
    caught_by="results.sample_finite",
    saying="wanted finite log-probabilities up to 0",
)
SERVERS.results(
    "samples_a_token_too_many",
    _SAMPLES,
    _each(lambda each: {**each, "tokens": [*each["tokens"], 5], "logprobs": [*each["logprobs"], -1.0]}),
    caught_by="results.max_tokens",
    saying="wanted 1 to 6 tokens, got 7",
)


@SERVERS.add(
    "stops_for_a_reason_of_its_own",
    caught_by="results.stop_reason",
    saying="wanted a stop_reason among length, stop, got 2",
)
class _OwnReason(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        if polled(request) is None or PROTOBUF not in dict(reply.headers).get(b"content-type", b"").decode():
            return changed(reply, _named) if polled(request) is not None else reply
        if b"ArrayRecord" in reply.body:
            return reply
        return Reply(reply.status, reply.headers, b"".join(_renamed(reply.body)))


def _named(body: Json) -> Json:
    for each in body.get("sequences", []):
        each["stop_reason"] = "2" if each["stop_reason"] == "length" else each["stop_reason"]
    return body


def _renamed(body: bytes) -> list[bytes]:
    parts = []
    for number, value in fields(body):
        if number == SampleResponse.SEQUENCES and isinstance(value, bytes):
            inner = [
                varint_field(n, 2 if n == SampledSequence.STOP_REASON and v == 1 else v)
                if isinstance(v, int)
                else bytes_field(n, v)
                for n, v in fields(value)
            ]
            parts.append(bytes_field(number, b"".join(inner)))
        else:
            parts.append(
                varint_field(number, value) if isinstance(value, int) else bytes_field(number, value)
            )
    return parts


def _without_param(name: str) -> Callable[[Json], Json]:
    def change(body: Json) -> Json:
        params = body.get("sampling_params")
        return {**body, "sampling_params": without(name)(params)} if isinstance(params, dict) else body

    return change


SERVERS.asks(
    "samples_past_a_stop",
    "asample",
    _without_param("stop"),
    caught_by="results.stop",
    saying="wanted the stop_reason stop at a stop token",
)
SERVERS.says(
    "forgets_sample_sequence_ids",
    "asample",
    without("sample_sequence_ids"),
    caught_by="results.sequence_ids",
    saying="wanted sample_sequence_ids: a text of its own for each of 2 samples",
)
SERVERS.results(
    "forgets_the_first_prompt_logprob",
    _SAMPLES,
    lambda result: {**result, "prompt_logprobs": (result["prompt_logprobs"] or [])[1:] or None},
    caught_by="results.prompt_logprobs",
    saying="one for each token of the prompt",
)


def _sends(only: str, marks: bytes, *, when: str, but: bytes = b"never") -> type[BrokenBench]:
    """A server that answers polls of one kind in one form, if another is accepted alone."""

    class Sends(BrokenBench):
        def respond(self, request: Request, seconds: float) -> Reply:
            reply = super().respond(request, seconds)
            head = reply.body[:40]
            if (
                polled(request) is None
                or request.header("accept") != when
                or marks not in head
                or but in head
            ):
                return reply
            headers = tuple(
                (name, only.encode() if name == b"accept" else value) for name, value in request.headers
            )
            return super().respond(
                Request(request.method, request.path, request.query, headers, request.body), seconds
            )

    return Sends


SERVERS.add(
    "sends_samples_in_protobuf_only",
    caught_by="results.sample_in_json",
    saying="wanted a result as application/json, got application/x-protobuf",
)(_sends(PROTOBUF, b'"sample"', when="application/json"))
SERVERS.add(
    "sends_passes_in_protobuf_only",
    caught_by="results.pass_in_json",
    saying="wanted a result as application/json, got application/x-protobuf",
)(_sends(PROTOBUF, b"ArrayRecord", when="application/json"))
SERVERS.add(
    "sends_samples_in_json_only",
    caught_by="results.sample_in_protobuf",
    saying="wanted a result as application/x-protobuf, got application/json",
)(_sends("application/json", b"\x0a", when=PROTOBUF, but=b"ArrayRecord"))
SERVERS.add(
    "sends_passes_in_json_only",
    caught_by="results.pass_in_protobuf",
    saying="wanted a result as application/x-protobuf, got application/json",
)(_sends("application/json", b"ArrayRecord", when=PROTOBUF))


class _InJson(BrokenBench):
    """Answers other numbers in JSON than in protobuf."""

    def after(self, request: Request, reply: Reply) -> Reply:
        if polled(request) is None or reply.headers != JSON_HEADERS:
            return reply
        return changed(reply, self.rounded)

    def rounded(self, body: Json) -> Json:
        return body


@SERVERS.add("rounds_samples_in_json", caught_by="results.same_sample", saying="as in JSON")
class _RoundsSamples(_InJson):
    def rounded(self, body: Json) -> Json:
        for each in body.get("sequences", []):
            each["logprobs"] = [round(value, 1) for value in each["logprobs"]]
        return body


@SERVERS.add("rounds_passes_in_json", caught_by="results.same_pass", saying="as in JSON")
class _RoundsPasses(_InJson):
    def rounded(self, body: Json) -> Json:
        for each in body.get("loss_fn_outputs", []):
            each["logprobs"]["data"] = [round(value, 1) for value in each["logprobs"]["data"]]
        return body


SERVERS.asks(
    "ignores_the_seed",
    "asample",
    _without_param("seed"),
    caught_by="results.seeded",
    saying="wanted the same samples for the same seed",
)
SERVERS.says(
    "describes_another_model",
    "get_info",
    lambda body: {**body, "model_id": "another"},
    caught_by="results.info",
    saying="wanted the model_id that was asked for",
)
