"""Probes about submissions: which the server must accept, and how it must refuse the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import zstandard

from tinker_conformance.requirements import Level
from tinker_conformance.server.cheapest_work import INPUTS, cheapest_path, cheapest_work, samples, submit_any
from tinker_conformance.server.dialogue import PROTOBUF, not_offered
from tinker_conformance.server.exchanges import Answer
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import (
    forward_body,
    pass_body,
    protobuf_pass,
    sample_body_of,
    step_body,
)
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.survey import NO_JSON

_IN_PROTOBUF: Final = {"content-type": PROTOBUF}


def _model(p: Probing) -> None:
    p.bench.made("model", p)


def _sampler(p: Probing) -> None:
    p.bench.made("sampler", p)


def _request_id(p: Probing) -> None:
    if samples(p):
        p.end(submit_any(p))
    if p.bench.offer.lacks(TRAINING) is None:
        model = p.bench.model(p)
        p.end(p.bench.submit_pass(p, model, p.bench.next_number(model)))


def _own_id(p: Probing) -> None:
    first, second = submit_any(p), submit_any(p)
    p.expect(first != second, "a request_id of its own for each", f"{first!r} twice")
    p.end(first)
    p.end(second)


def _no_json(p: Probing) -> None:
    p.refused(p.post(cheapest_path(p), raw=NO_JSON))


def _no_object(p: Probing) -> None:
    p.refused(p.post(cheapest_path(p), [1, 2, 3]))


def _no_text(p: Probing) -> None:
    p.refused(p.post(cheapest_path(p), raw=b'{"model_id": "\xff\xfe"}'))


def _nothing(p: Probing) -> None:
    p.refused(p.post(cheapest_path(p), raw=b""))


def _without(p: Probing) -> None:
    path, body = cheapest_work(p)
    del body[INPUTS[path]]
    _refused(p, path, body)


def _wrong_type(p: Probing) -> None:
    path, body = cheapest_work(p)
    _refused(p, path, {**body, INPUTS[path]: "text"})


def _refused(p: Probing, path: str, body: dict[str, object]) -> None:
    answer = p.post(path, body)
    if not answer.ok:
        p.bench.take_back(body)
    p.refused_or_failed(answer)


def _new_fields(p: Probing) -> None:
    path, body = cheapest_work(p)
    p.end(p.submit(path, {**body, "added_by_a_later_release": None}))


def _unknown_model(p: Probing) -> None:
    p.bench.session(p)
    p.refused_or_failed(p.post("forward_backward", pass_body("no-such-model", 1)))


def _unknown_sampler(p: Probing) -> None:
    p.bench.session(p)
    p.refused_or_failed(p.post("asample", sample_body_of("no-such-sampler", 1)))


def _unknown_base(p: Probing) -> None:
    answer = p.bench.open_sampler(p, base_model="no-such/base-model")
    if not answer.ok:
        p.refused(answer)
        return
    sampler = answer.mapping().get("sampling_session_id")
    sent = p.post("asample", sample_body_of(str(sampler), 1))
    if sent.ok and p.end(p.request_id(sent)).ok:
        raise not_offered("the server takes any name for a base model")
    p.refused_or_failed(sent)


def _unknown_path(p: Probing) -> None:
    answer = p.post("no_such_endpoint", {})
    p.expect(answer.status in {404, 405, 501}, "HTTP 404, 405 or 501", str(answer))


def _json_pass(p: Probing) -> None:
    model = p.bench.model(p)
    p.passed(p.submit("forward_backward", pass_body(model, p.bench.next_number(model))))


def _json_forward(p: Probing) -> None:
    model = p.bench.model(p)
    p.passed(p.submit("forward", forward_body(model, p.bench.next_number(model))))


def _step(p: Probing) -> None:
    model = p.bench.model(p)
    p.result(p.submit("optim_step", step_body(model, p.bench.next_number(model))))


def _in_protobuf(p: Probing, make: Callable[[str, int], bytes], **headers: str) -> Answer:
    model = p.bench.model(p)
    number = p.bench.next_number(model)
    raw = make(model, number)
    answer = p.post("forward_backward", raw=raw, headers=_IN_PROTOBUF | headers)
    if not answer.ok:
        p.bench.take_back({"model_id": model, "seq_id": number})
    if answer.status == 415 and not headers:
        raise not_offered("forward_backward answers HTTP 415 to a body in protobuf")
    return answer


def _protobuf_pass(p: Probing) -> None:
    p.passed(p.request_id(_in_protobuf(p, protobuf_pass)))


def _protobuf_forward(p: Probing) -> None:
    def only_forward(model: str, number: int) -> bytes:
        return protobuf_pass(model, number, forward_only=True)

    p.passed(p.request_id(_in_protobuf(p, only_forward)))


def _bad_protobuf(p: Probing) -> None:
    def cut(model: str, number: int) -> bytes:
        return protobuf_pass(model, number)[:-7]

    p.refused(_in_protobuf(p, cut))


def _asks_for_zstd(p: Probing) -> None:
    if p.post("client/config", {"sdk_version": "0.38.0"}).mapping().get("proto_compress_fwdbwd") is not True:
        raise not_offered("client/config does not set proto_compress_fwdbwd")


def _zstd(p: Probing) -> None:
    _asks_for_zstd(p)

    def compressed(model: str, number: int) -> bytes:
        return zstandard.compress(protobuf_pass(model, number))

    p.passed(p.request_id(_in_protobuf(p, compressed, **{"content-encoding": "zstd"})))


def _bad_zstd(p: Probing) -> None:
    _asks_for_zstd(p)

    def cut(model: str, number: int) -> bytes:
        return zstandard.compress(protobuf_pass(model, number))[:-9]

    p.refused(_in_protobuf(p, cut, **{"content-encoding": "zstd"}))


PROBES: Final = (
    Probe(
        id="submission.model",
        sentence="`create_model` is accepted, and its result has the `model_id` of the new model.",
        source="`ServiceClient.create_lora_training_client` of every release of tinker does this",
        check=_model,
        needs=frozenset({Feature.CREATE_MODEL}),
    ),
    Probe(
        id="submission.sampler",
        sentence="`create_sampling_session` answers with a `sampling_session_id`.",
        source="`ServiceClient.create_sampling_client` of tinker 0.3.0 does this",
        check=_sampler,
        needs=frozenset({Feature.SAMPLING_SESSION}),
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="submission.request_id",
        sentence="A submission is answered with a `request_id` that is a string.",
        source="Every release of tinker polls with this id",
        check=_request_id,
    ),
    Probe(
        id="submission.own_id",
        sentence="Two submissions get different request ids.",
        source="Every release of tinker tells its futures apart by their request ids",
        check=_own_id,
    ),
    Probe(
        id="submission.no_json",
        sentence="A body that is not JSON is refused with a 4xx and a JSON body.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_no_json,
    ),
    Probe(
        id="submission.no_object",
        sentence="A body that is a JSON array is refused with a 4xx and a JSON body.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_no_object,
    ),
    Probe(
        id="submission.no_text",
        sentence="A body that is not UTF-8 is refused with a 4xx and a JSON body.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_no_text,
        level=Level.QUIRK,
    ),
    Probe(
        id="submission.nothing",
        sentence="An empty body is refused with a 4xx and a JSON body.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_nothing,
    ),
    Probe(
        id="submission.missing_field",
        sentence="A body without the input to sample from or train on is refused, or its future fails.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_without,
    ),
    Probe(
        id="submission.wrong_type",
        sentence="A body with a string in place of an object is refused, or its future fails.",
        source="Every release of tinker sends a submission again while the reply is a 5xx",
        check=_wrong_type,
    ),
    Probe(
        id="submission.new_fields",
        sentence="A field of a submission that the server does not know is ignored.",
        source=(
            "Several releases of tinker from 0.26.0 to 0.38.0 added fields to `asample`; see SkyRL #2021 "
            "and open-rl #245"
        ),
        check=_new_fields,
    ),
    Probe(
        id="submission.unknown_model",
        sentence="A forward-backward pass on a model that does not exist is refused, or its future fails.",
        source="Every release of tinker raises an error for a refusal; it would repeat the request on a 5xx",
        check=_unknown_model,
        needs=TRAINING,
    ),
    Probe(
        id="submission.unknown_sampler",
        sentence="A sample from a sampling session that does not exist is refused, or its future fails.",
        source="tinker 0.3.0 and newer raise an error for a refusal; they would repeat the request on a 5xx",
        check=_unknown_sampler,
        needs=SAMPLING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="submission.unknown_base_model",
        sentence="A sample from a base model that the server does not have is refused, or its future fails.",
        source="Every release of tinker raises an error for a refusal; it would repeat the request on a 5xx",
        check=_unknown_base,
        needs=SAMPLING,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="submission.unknown_path",
        sentence="A path that does not exist is answered with 404, 405 or 501.",
        source="tinker 0.25.0 reads a 404 as the reply of a server that is older than the endpoint",
        check=_unknown_path,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.json_pass",
        sentence="`forward_backward` accepts a JSON body.",
        source="tinker 0.1.0 to 0.24.1 send a pass only in JSON",
        check=_json_pass,
        needs=TRAINING,
        releases=Releases("0.1.0", "0.24.1"),
    ),
    Probe(
        id="submission.json_forward",
        sentence="`forward` accepts a JSON body.",
        source="tinker 0.1.0 to 0.24.1 send a forward pass to an endpoint of its own",
        check=_json_forward,
        needs=TRAINING | {Feature.FORWARD},
        releases=Releases("0.1.0", "0.24.1"),
    ),
    Probe(
        id="submission.protobuf_pass",
        sentence="`forward_backward` accepts a protobuf body.",
        source="tinker 0.25.0 and newer send a pass only in protobuf; see SkyRL #2022",
        check=_protobuf_pass,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.protobuf_forward",
        sentence="`forward_backward` accepts a protobuf body with `forward_only`.",
        source="tinker 0.25.0 and newer send this in place of a request to `forward`",
        check=_protobuf_forward,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.bad_protobuf",
        sentence="A truncated protobuf body is refused with a 4xx and a JSON body.",
        source="tinker 0.25.0 and newer send a submission again while the reply is a 5xx",
        check=_bad_protobuf,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.zstd",
        sentence=(
            "A server that sets `proto_compress_fwdbwd` in `client/config` accepts protobuf bodies "
            "compressed with zstd."
        ),
        source="tinker 0.25.0 and newer compress the bodies if that flag is set",
        check=_zstd,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.bad_zstd",
        sentence="A truncated zstd body is refused with a 4xx and a JSON body.",
        source="tinker 0.25.0 and newer send a submission again while the reply is a 5xx",
        check=_bad_zstd,
        needs=TRAINING,
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="submission.step",
        sentence="`optim_step` is accepted, and its future gets a result.",
        source="`TrainingClient.optim_step` of every release of tinker does this",
        check=_step,
        needs=TRAINING | {Feature.OPTIM_STEP},
    ),
)
