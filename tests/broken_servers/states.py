"""Servers that save, load, list or delete wrongly, and servers that pause wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_server import Reply, Request

from .declaration import (
    API,
    FAILED,
    GONE,
    BrokenBench,
    Chapter,
    Json,
    changed,
    decoded,
    is_pending,
    is_to,
    polled,
    replied,
    service_of,
    without,
)
from .laboratory import KEY

SERVERS = Chapter()


def _renames(theirs: bytes, ours: bytes) -> type[BrokenBench]:
    """A server with another word in its paths, in all that it says and is told."""

    class Renames(BrokenBench):
        def before(self, request: Request) -> Request | Reply:
            path = request.path.replace(theirs.decode(), ours.decode())
            body = request.body.replace(theirs, ours)
            return Request(request.method, path, request.query, request.headers, body)

        def after(self, request: Request, reply: Reply) -> Reply:
            return Reply(reply.status, reply.headers, reply.body.replace(ours, theirs))

    return Renames


SERVERS.add(
    "saves_below_another_folder",
    caught_by="state.path",
    saying="wanted tinker://…/weights/NAME, got tinker://",
)(_renames(b"/checkpoints_of/", b"/weights/"))
SERVERS.add(
    "saves_samplers_below_another_folder",
    caught_by="state.sampler_path",
    saying="wanted tinker://…/sampler_weights/NAME, got tinker://",
)(_renames(b"/samplers_of/", b"/sampler_weights/"))
SERVERS.answers(
    "does_not_find_what_was_saved_for_a_sampler",
    lambda request: (
        is_to(request, "create_sampling_session")
        and "sampler_weights/conformance" in str(decoded(request).get("model_path"))
    ),
    replied(404, {"detail": "there is no such checkpoint"}),
    caught_by="state.sampled",
    saying="there is no such checkpoint",
)


@SERVERS.add(
    "opens_no_sampler_for_weights_without_a_name",
    caught_by="state.sampled_now",
    saying="wanted a sampling_session_id that is text",
)
class _NoSampler(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        if polled(request) is not None and b'"save_weights_for_sampler"' in reply.body:
            return changed(reply, without("sampling_session_id"))
        return reply


class _Loads(BrokenBench):
    """Loads in another way."""

    def __init__(self) -> None:
        super().__init__()
        training = service_of(self)._training
        self._right: Callable[[Any, Any], Json] = training._load
        training._load = self.load

    def load(self, run: Any, request: Json) -> Json:
        return self._right(run, request)


@SERVERS.add(
    "loads_nothing",
    caught_by="state.resumed",
    saying="as when it was saved",
    also=["state.saved_before"],
)
class _LoadsNothing(_Loads):
    def load(self, run: Any, request: Json) -> Json:
        before = run.trained
        result = super().load(run, request)
        run.trained = before
        return result


@SERVERS.add(
    "saves_a_reference_to_the_model",
    caught_by="state.saved_before",
    saying="as when it was saved",
)
class _SavesAReference(_Loads):
    def load(self, run: Any, request: Json) -> Json:
        result = super().load(run, request)
        source = str(request["path"]).removeprefix("tinker://").partition("/")[0]
        run.trained = service_of(self).runs[source].trained
        return result


@SERVERS.add(
    "loads_weights_of_another_base",
    caught_by="state.other_base",
    saying="wanted a 4xx, or a future that fails, got HTTP 200",
)
class _LoadsOthers(_Loads):
    def load(self, run: Any, request: Json) -> Json:
        found = service_of(self).checkpoints.find(request["path"])
        if found.base_model.name != run.base_model.name:
            return {"type": "load_weights", "path": request["path"]}
        return super().load(run, request)


SERVERS.says(
    "lists_no_training_runs",
    "training_runs",
    lambda body: {**body, "training_runs": []},
    caught_by="state.listed",
    saying="among training_runs",
)


class _OfRuns(BrokenBench):
    """Answers requests below `training_runs/` in another way."""

    def after(self, request: Request, reply: Reply) -> Reply:
        below = request.path.removeprefix(f"{API}training_runs/")
        if request.method != "GET" or below == request.path:
            return reply
        return self.of_run(reply, below)

    def of_run(self, reply: Reply, below: str) -> Reply:
        return reply


@SERVERS.add(
    "describes_a_run_without_its_base",
    caught_by="state.described",
    saying="wanted a base_model that is text",
)
class _NoBase(_OfRuns):
    def of_run(self, reply: Reply, below: str) -> Reply:
        return reply if "/" in below else changed(reply, without("base_model"))


@SERVERS.add(
    "lists_no_checkpoints_of_a_run",
    caught_by="state.checkpoint_listed",
    saying="among the checkpoints of the run",
)
class _NoCheckpoints(_OfRuns):
    def of_run(self, reply: Reply, below: str) -> Reply:
        return replied(200, {"checkpoints": []}) if below.endswith("/checkpoints") else reply


SERVERS.says(
    "lists_no_checkpoints",
    "checkpoints",
    lambda body: {**body, "checkpoints": []},
    caught_by="state.of_all_listed",
    saying="among all checkpoints",
)
SERVERS.answers(
    "keeps_what_was_deleted",
    lambda request: request.method == "DELETE" and "no-such" not in request.path,
    Reply(204, ()),
    caught_by="state.deleted",
    saying="no longer among the checkpoints",
)
SERVERS.answers(
    "deletes_what_is_not_there",
    lambda request: request.method == "DELETE" and "no-such" in request.path,
    Reply(204, ()),
    caught_by="state.deleted_nobody",
    saying="wanted a 4xx, got HTTP 204",
)
SERVERS.says(
    "describes_weights_without_their_base",
    "weights_info",
    without("base_model"),
    caught_by="state.weights_info",
    saying="wanted HTTP 200 with a base_model that is text",
)


@SERVERS.add(
    "fails_at_a_name_that_exists",
    caught_by="state.same_name",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
class _FailsAtNames(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        return FAILED if reply.status == 409 else reply


SERVERS.answers(
    "fails_at_loading_what_is_not_there",
    lambda request: is_to(request, "load_weights") and "no-such" in str(decoded(request).get("path")),
    FAILED,
    caught_by="state.unknown_checkpoint",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_sampling_what_is_not_there",
    lambda request: "no-such" in str(decoded(request).get("model_path")),
    FAILED,
    caught_by="state.sampled_unknown",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_somebody_elses_model",
    lambda request: is_to(request, "forward_backward") and request.header("x-api-key") != KEY,
    FAILED,
    caught_by="state.somebody_elses",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_an_unknown_session",
    lambda request: (
        is_to(request, "create_model") and decoded(request).get("session_id") == "no-such-session"
    ),
    FAILED,
    caught_by="state.in_no_session",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)


class _Pauses(BrokenBench):
    """Pauses in another way, while too much is in flight."""

    def after(self, request: Request, reply: Reply) -> Reply:
        if polled(request) is not None and is_pending(reply) and b"paused_rate_limit" in reply.body:
            return self.pause(polled(request) or "", reply)
        return reply

    def pause(self, request_id: str, reply: Reply) -> Reply:
        return reply


@SERVERS.add(
    "is_busy_in_a_word_of_its_own",
    caught_by="pauses.words",
    saying="wanted a queue_state among paused_capacity, paused_rate_limit, got ['busy'",
)
class _Busy(_Pauses):
    def pause(self, request_id: str, reply: Reply) -> Reply:
        return changed(reply, lambda body: {**body, "queue_state": "busy"})


@SERVERS.add(
    "pauses_for_an_empty_reason",
    caught_by="pauses.reason",
    saying="wanted a queue_state_reason that says something, or none",
)
class _EmptyReason(_Pauses):
    def pause(self, request_id: str, reply: Reply) -> Reply:
        return changed(reply, lambda body: {**body, "queue_state_reason": " "})


@SERVERS.add(
    "forgets_what_it_paused",
    caught_by="pauses.resumes",
    saying="wanted a result, got HTTP 404",
)
class _ForgetsPaused(_Pauses):
    def __init__(self) -> None:
        super().__init__()
        self._paused: set[str] = set()

    def before(self, request: Request) -> Request | Reply:
        return GONE if polled(request) in self._paused else request

    def pause(self, request_id: str, reply: Reply) -> Reply:
        self._paused.add(request_id)
        return reply
