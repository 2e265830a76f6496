"""Servers that take numbers that come twice, too early, or from two clients for something else."""

from __future__ import annotations

from fake_server import Reply, Request

from .declaration import (
    WAITING,
    BrokenBench,
    Chapter,
    is_to,
    json_of,
    polled,
    service_of,
    with_body,
)
from .polls import decoded_reply

SERVERS = Chapter()
_BEYOND = 10_000_000


def _counts_again(path: str, client: str, number: str) -> type[BrokenBench]:
    """A server that takes a submission that comes again for another."""

    class Again(BrokenBench):
        def __init__(self) -> None:
            super().__init__()
            self._seen: set[object] = set()

        def before(self, request: Request) -> Request | Reply:
            body = json_of(request) if is_to(request, path) else None
            if not body or number not in body:
                return request
            key = (body.get(client), body[number])
            if key in self._seen:
                return with_body(request, {**body, number: _BEYOND + len(self._seen)})
            self._seen.add(key)
            return request

    return Again


SERVERS.add(
    "draws_a_repeated_sample_again",
    caught_by="order.repeated_sample",
    saying="wanted the same sample for both",
)(_counts_again("asample", "sampling_session_id", "seq_id"))
SERVERS.add(
    "applies_a_repeated_step_twice",
    caught_by="order.repeated_step",
    saying="as after one step",
)(_counts_again("optim_step", "model_id", "seq_id"))
SERVERS.add(
    "adds_a_repeated_gradient_twice",
    caught_by="order.repeated_pass",
    saying="wanted a step as after one pass",
)(_counts_again("forward_backward", "model_id", "seq_id"))
SERVERS.add(
    "creates_a_second_model_when_asked_again",
    caught_by="order.repeated_model",
    saying="wanted the same model for both",
)(_counts_again("create_model", "session_id", "model_seq_id"))
SERVERS.add(
    "opens_a_second_sampler_when_asked_again",
    caught_by="order.repeated_sampler",
    saying="wanted the same sampler for both",
)(_counts_again("create_sampling_session", "session_id", "sampling_session_seq_id"))


@SERVERS.add(
    "opens_a_second_session_when_asked_again",
    caught_by="order.repeated_session",
    saying="wanted the same session for both",
)
class _SecondSession(BrokenBench):
    def before(self, request: Request) -> Request | Reply:
        headers = tuple(line for line in request.headers if line[0].lower() != b"x-idempotency-key")
        return Request(request.method, request.path, request.query, headers, request.body)


@SERVERS.add(
    "steps_before_the_pass_arrives",
    caught_by="order.later_first",
    saying="wanted a step that uses the gradient of the pass before it",
)
class _StepsAtOnce(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        if is_to(request, "optim_step") and (request_id := decoded_reply(reply).get("request_id")):
            service_of(self).result(request_id)
        return reply


@SERVERS.add(
    "waits_for_samples_with_lower_numbers",
    caught_by="order.gap",
    saying="wanted an end of the future within 300 s, got none",
)
class _WaitsForLower(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._waits: set[object] = set()

    def before(self, request: Request) -> Request | Reply:
        return WAITING if polled(request) in self._waits else request

    def after(self, request: Request, reply: Reply) -> Reply:
        body = json_of(request) or {}
        if is_to(request, "asample") and isinstance(body.get("seq_id"), int) and body["seq_id"] >= _BEYOND:
            self._waits.add(decoded_reply(reply).get("request_id"))
        return reply


@SERVERS.add(
    "numbers_samples_across_samplers",
    caught_by="order.two_samplers",
    saying="wanted two samples for one client and one for the other",
)
class _AcrossSamplers(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._first: Reply | None = None

    def after(self, request: Request, reply: Reply) -> Reply:
        body = json_of(request) or {}
        if not is_to(request, "asample") or body.get("seq_id") != 1 or reply.status != 200:
            return reply
        if body.get("num_samples") == 1 and self._first is not None:
            return self._first
        self._first = reply
        return reply


@SERVERS.add(
    "trains_all_models_at_once",
    caught_by="order.two_models",
    saying="wanted the other model as it was",
)
class _TrainsAll(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[object, object] = {}

    def after(self, request: Request, reply: Reply) -> Reply:
        body = json_of(request) or {}
        if is_to(request, "optim_step"):
            self._steps[decoded_reply(reply).get("request_id")] = body.get("model_id")
        model = self._steps.get(polled(request))
        if model is not None:
            runs = service_of(self).runs
            for run in runs.values():
                run.trained = runs[model].trained
        return reply
