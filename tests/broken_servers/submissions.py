"""Servers that take or refuse submissions wrongly."""

from __future__ import annotations

import json

from fake_server import Reply, Request
from fake_server.core.http_messages import PROTOBUF
from tinker_conformance.server.survey import NO_JSON

from .declaration import (
    FAILED,
    WAITING,
    BrokenBench,
    Chapter,
    changed,
    decoded,
    is_to,
    json_of,
    polled,
    replied,
    without,
)

SERVERS = Chapter()


def _in_protobuf(request: Request) -> bool:
    return is_to(request, "forward_backward") and PROTOBUF in (request.header("content-type") or "")


def _in_zstd(request: Request) -> bool:
    return request.header("content-encoding") == "zstd"


def _submits(request: Request) -> bool:
    return is_to(request, "asample") or is_to(request, "forward_backward")


@SERVERS.add(
    "creates_a_model_without_an_id",
    caught_by="submission.model",
    saying="wanted a model_id that is text",
)
class _NoModelId(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        if polled(request) is not None and b'"create_model"' in reply.body:
            return changed(reply, without("model_id"))
        return reply


SERVERS.says(
    "opens_a_sampler_without_an_id",
    "create_sampling_session",
    without("sampling_session_id"),
    caught_by="submission.sampler",
    saying="wanted a reply with a sampling_session_id that is text",
)
SERVERS.says(
    "promises_nothing",
    "asample",
    without("request_id"),
    caught_by="submission.request_id",
    saying="wanted a request_id that is text",
)


@SERVERS.add(
    "takes_equal_samples_for_one",
    caught_by="submission.own_id",
    saying="wanted a request_id of its own for each",
    also=["pauses.reason", "pauses.resumes", "pauses.words"],
)
class _EqualSamples(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[str, Reply] = {}

    def respond(self, request: Request, seconds: float) -> Reply:
        if polled(request) is not None:
            self._waiting.clear()
        body = json_of(request) if is_to(request, "asample") else None
        if body is None:
            return super().respond(request, seconds)
        key = json.dumps(without("seq_id")(body), sort_keys=True)
        if key not in self._waiting:
            self._waiting[key] = super().respond(request, seconds)
        return self._waiting[key]


SERVERS.answers(
    "fails_at_a_body_that_is_no_json",
    lambda request: _submits(request) and request.body == NO_JSON,
    FAILED,
    caught_by="submission.no_json",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "refuses_a_body_that_is_no_json_with_a_page",
    lambda request: _submits(request) and request.body == NO_JSON,
    Reply(400, ((b"content-type", b"text/html"),), b"<h1>Bad Request</h1>"),
    caught_by="submission.no_json",
    saying="wanted a 4xx with a JSON body, got HTTP 400 <h1>Bad Request</h1>",
)
SERVERS.answers(
    "fails_at_an_array",
    lambda request: _submits(request) and request.body.startswith(b"["),
    FAILED,
    caught_by="submission.no_object",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_a_body_that_is_not_utf_8",
    lambda request: _submits(request) and b"\xff\xfe" in request.body,
    FAILED,
    caught_by="submission.no_text",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_an_empty_body",
    lambda request: _submits(request) and not request.body,
    FAILED,
    caught_by="submission.nothing",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.asks(
    "samples_without_a_prompt",
    "asample",
    lambda body: {"prompt": {"chunks": []}, **body} if body else body,
    caught_by="submission.missing_field",
    saying="wanted a 4xx, or a future that fails, got HTTP 200",
)
SERVERS.answers(
    "fails_at_a_prompt_that_is_text",
    lambda request: _submits(request) and isinstance(decoded(request).get("prompt"), str),
    FAILED,
    caught_by="submission.wrong_type",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "forbids_new_fields_of_a_sample",
    lambda request: _submits(request) and "added_by_a_later_release" in decoded(request),
    replied(422, {"detail": "Extra inputs are not permitted"}),
    caught_by="submission.new_fields",
    saying="Extra inputs are not permitted",
)
SERVERS.answers(
    "fails_at_an_unknown_model",
    lambda request: decoded(request).get("model_id") == "no-such-model",
    FAILED,
    caught_by="submission.unknown_model",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)


@SERVERS.add(
    "keeps_a_sample_of_nobody_waiting",
    caught_by="submission.unknown_sampler",
    saying="wanted an end of the future within 300 s, got none",
)
class _KeepsWaiting(BrokenBench):
    def before(self, request: Request) -> Request | Reply:
        if decoded(request).get("sampling_session_id") == "no-such-sampler":
            return replied(200, {"request_id": "limbo"})
        return WAITING if polled(request) == "limbo" else request


SERVERS.answers(
    "fails_at_an_unknown_base_model",
    lambda request: decoded(request).get("base_model") == "no-such/base-model",
    FAILED,
    caught_by="submission.unknown_base_model",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_an_unknown_path",
    lambda request: is_to(request, "no_such_endpoint"),
    FAILED,
    caught_by="submission.unknown_path",
    saying="wanted HTTP 404, 405 or 501, got HTTP 500",
)
SERVERS.answers(
    "takes_passes_in_protobuf_only",
    lambda request: is_to(request, "forward_backward") and bool(json_of(request)),
    replied(415, {"detail": "send application/x-protobuf"}),
    caught_by="submission.json_pass",
    saying="send application/x-protobuf",
)
SERVERS.answers(
    "refuses_forward_in_json",
    lambda request: is_to(request, "forward") and bool(json_of(request)),
    replied(422, {"detail": "forward_input is not known"}),
    caught_by="submission.json_forward",
    saying="forward_input is not known",
)
SERVERS.answers(
    "takes_passes_in_json_only",
    lambda request: (
        _in_protobuf(request)
        and not _in_zstd(request)
        and decoded(request).get("forward_only") is False
        and request.body.endswith(b"cross_entropy")
    ),
    replied(422, {"detail": "the body is not JSON"}),
    caught_by="submission.protobuf_pass",
    saying="the body is not JSON",
)
SERVERS.answers(
    "refuses_to_go_only_forward",
    lambda request: _in_protobuf(request) and decoded(request).get("forward_only") is True,
    replied(422, {"detail": "forward_only is not known"}),
    caught_by="submission.protobuf_forward",
    saying="forward_only is not known",
)


@SERVERS.add(
    "fails_at_protobuf_that_is_cut_short",
    caught_by="submission.bad_protobuf",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
class _FailsAtBadProtobuf(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        return FAILED if _in_protobuf(request) and not _in_zstd(request) and reply.status == 422 else reply


SERVERS.answers(
    "asks_for_zstd_and_does_not_read_it",
    _in_zstd,
    replied(415, {"detail": "the content encoding is not supported"}),
    caught_by="submission.zstd",
    saying="the content encoding is not supported",
)


@SERVERS.add(
    "fails_at_zstd_that_is_cut_short",
    caught_by="submission.bad_zstd",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
class _FailsAtBadZstd(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        return FAILED if _in_zstd(request) and reply.status == 422 else reply


SERVERS.answers(
    "refuses_steps",
    lambda request: is_to(request, "optim_step") and bool(json_of(request)),
    replied(422, {"detail": "adam_params is not known"}),
    caught_by="submission.step",
    saying="adam_params is not known",
)
