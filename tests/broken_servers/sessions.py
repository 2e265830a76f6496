"""Servers whose sessions, configuration, capabilities or keys are wrong."""

from __future__ import annotations

from fake_server import Reply, Request
from tinker_conformance.server.exchanges import NoAnswerError

from .declaration import (
    API,
    FAILED,
    BrokenBench,
    Chapter,
    Json,
    decoded,
    is_to,
    json_of,
    replied,
    without,
)
from .laboratory import KEY

SERVERS = Chapter()

SERVERS.answers(
    "has_no_client_config",
    lambda request: is_to(request, "client/config"),
    replied(404, {"detail": "Not Found"}),
    caught_by="session.config",
    saying='wanted HTTP 200 with a JSON object, got HTTP 404 {"detail": "Not Found"}',
)
SERVERS.answers(
    "answers_client_config_with_a_list",
    lambda request: is_to(request, "client/config"),
    replied(200, []),
    caught_by="session.config",
    saying="wanted HTTP 200 with a JSON object, got HTTP 200 []",
)
SERVERS.answers(
    "fails_at_dynamic_config",
    lambda request: is_to(request, "client/dynamic_config"),
    FAILED,
    caught_by="session.dynamic_config",
    saying="got HTTP 500",
)
SERVERS.says(
    "opens_a_session_without_an_id",
    "create_session",
    without("session_id"),
    caught_by="session.create",
    saying="wanted a reply with a session_id that is text",
)


@SERVERS.add(
    "gives_every_session_one_id", caught_by="session.own_id", saying="wanted a session id of its own for each"
)
class _OneSession(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._first: Reply | None = None

    def after(self, request: Request, reply: Reply) -> Reply:
        if is_to(request, "create_session") and reply.status == 200:
            self._first = self._first or reply
            return self._first
        return reply


SERVERS.answers(
    "forbids_new_fields_of_a_session",
    lambda request: is_to(request, "create_session") and "added_by_a_later_release" in decoded(request),
    replied(422, {"detail": "Extra inputs are not permitted"}),
    caught_by="session.new_fields",
    saying="Extra inputs are not permitted",
)
SERVERS.answers(
    "fails_at_an_old_version",
    lambda request: is_to(request, "create_session") and decoded(request).get("sdk_version") == "0.0.1",
    FAILED,
    caught_by="session.old_version",
    saying="wanted a session, or a 4xx whose detail is text, got HTTP 500",
)
SERVERS.answers(
    "forgets_its_sessions",
    lambda request: is_to(request, "session_heartbeat") and json_of(request) is not None,
    replied(404, {"detail": "there is no such session"}),
    caught_by="session.heartbeat",
    saying="there is no such session",
)


@SERVERS.add(
    "answers_heartbeats_after_20_seconds",
    caught_by="session.heartbeat",
    saying="wanted a reply to POST /api/v1/session_heartbeat, got no reply: nothing came for 10 s",
)
class _LateHeartbeats(BrokenBench):
    def respond(self, request: Request, seconds: float) -> Reply:
        if is_to(request, "session_heartbeat") and seconds < 20:
            self.clock.sleep(seconds)
            raise NoAnswerError(f"nothing came for {seconds:g} s")
        return super().respond(request, seconds)


SERVERS.answers(
    "takes_a_heartbeat_of_nobody",
    lambda request: (
        is_to(request, "session_heartbeat") and decoded(request).get("session_id") == "no-such-session"
    ),
    replied(200, {"type": "session_heartbeat"}),
    caught_by="session.heartbeat_of_nobody",
    saying="wanted a 4xx with a JSON body, got HTTP 200",
)


def _names(body: Json) -> Json:
    return {"supported_models": [each["model_name"] for each in body["supported_models"]]}


SERVERS.says(
    "lists_models_as_text",
    "get_server_capabilities",
    _names,
    caught_by="session.capabilities",
    saying="wanted an object with a model_name that is text",
    also=["session.asked_model"],
)


def _others(body: Json) -> Json:
    return {"supported_models": body["supported_models"][1:]}


SERVERS.says(
    "does_not_list_the_model_that_it_serves",
    "get_server_capabilities",
    _others,
    caught_by="session.asked_model",
    saying="wanted 'Qwen/Qwen3-8B' in supported_models",
)
SERVERS.answers(
    "fails_without_a_key",
    lambda request: request.header("x-api-key") is None,
    FAILED,
    caught_by="session.without_a_key",
    saying="wanted HTTP 401 or 403 with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_with_another_key",
    lambda request: is_to(request, "create_session") and request.header("x-api-key") not in {None, KEY},
    FAILED,
    caught_by="session.wrong_key",
    saying="wanted HTTP 401 or 403 with a JSON body, got HTTP 500",
)
SERVERS.answers(
    "fails_at_telemetry",
    lambda request: is_to(request, "telemetry"),
    FAILED,
    caught_by="session.telemetry",
    saying="wanted a status below 500, got HTTP 500",
)
SERVERS.answers(
    "is_not_healthy",
    lambda request: request.path == f"{API}healthz",
    FAILED,
    caught_by="session.health",
    saying="wanted HTTP 200, got HTTP 500",
)
