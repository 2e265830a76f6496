"""Endpoints that answer at once, without a future: sessions, training runs, checkpoints, samplers, billing.

Source of the requests of each release: the resource modules and ``RestClient`` of ``tinker`` 0.1.3, 0.6.3 and
0.38.0. A refusal is HTTP 400, 404, 409 or 410 with ``{"detail": …}``, which no release retries.
"""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, unquote

from fake_server.core.http_messages import Reply, Request
from fake_server.core.operations import API_PREFIX
from fake_server.service.admin_endpoints import AdminEndpoints
from fake_server.service.answers import json_reply, page
from fake_server.service.archives import archive, one_file
from fake_server.service.checkpoint_endpoints import CheckpointEndpoints
from fake_server.service.checkpoints import SCHEME
from fake_server.service.models import MODELS, supported
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import text
from fake_server.service.session_endpoints import SessionEndpoints
from fake_server.service.simulated_service import SimulatedService
from fake_server.service.training import OWNER, TrainingRun
from fake_server.service.work import Json

_IDEMPOTENCY_HEADER: Final = "x-idempotency-key"
_REPEATABLE: Final = (["create_session"], ["copy_weights"])
"""Endpoints that create something, and whose requests have no number by which the service could deduplicate
them.
"""
_MAX_REPEATABLE: Final = 1_000
_EMAIL: Final = "user-1@example.org"
_API_KEY: Final = {
    "key_id": 1,
    "name": "fake",
    "note": "any key is taken",
    "details": {"org_details": {"name": "org-1"}, "user_details": {"email": _EMAIL}},
}
"""The reply about an API key. `tinker auth login` of 0.38.0 asks for it before it stores the key."""
_ISSUED: Final = 1_735_689_600
_EXPIRY: Final = 4_070_908_799


class Rest:
    """Answers requests from the state of a simulated service."""

    def __init__(self, service: SimulatedService) -> None:
        """Create the endpoints of ``service``."""
        self._service = service
        self._sessions = SessionEndpoints(service)
        self._checkpoints = CheckpointEndpoints(service)
        self._admin = AdminEndpoints(service)
        self._repeatable: OrderedDict[tuple[str, str], Reply] = OrderedDict()

    def answer(self, request: Request, body: Mapping[str, object], sampler_id: str | None) -> Reply | None:
        """Return the reply to a request, or None if the request is for another endpoint.

        Args:
            request: The request.
            body: The decoded body.
            sampler_id: The id that a test has asked for, for the next sampling session; None for a numbered
                one.
        """
        if not request.path.startswith(API_PREFIX):
            return None
        parts = [unquote(part) for part in request.path.removeprefix(API_PREFIX).split("/")]
        with self._service.lock:
            try:
                return self._answered_once(request, parts, body, sampler_id)
            except ServiceRefusal as refusal:
                return refusal.reply

    def _answered_once(
        self, request: Request, parts: list[str], body: Mapping[str, object], sampler_id: str | None
    ) -> Reply | None:
        """Return the reply to a request that creates something; a repetition only gets the first reply again.

        The SDK sends the same ``X-Idempotency-Key`` with all attempts of one call (``tinker`` 0.1.0 and
        later).
        """
        key = request.header(_IDEMPOTENCY_HEADER)
        if key is None or parts not in _REPEATABLE:
            return self._answer(request, parts, body, sampler_id)
        reply = self._repeatable.get((parts[0], key))
        if reply is None and (reply := self._answer(request, parts, body, sampler_id)) is not None:
            self._repeatable[parts[0], key] = reply
            if len(self._repeatable) > _MAX_REPEATABLE:
                self._repeatable.popitem(last=False)
        return reply

    def _answer(  # noqa: PLR0911, PLR0912 - one return for each thing to ask
        self, request: Request, parts: list[str], body: Mapping[str, object], sampler_id: str | None
    ) -> Reply | None:
        match request.method, parts:
            case "POST", [name]:
                return self._post(name, body, sampler_id)
            case "POST", ["auth", "token"]:
                return json_reply({"jwt": _token()})
            case "GET", ["auth", "apikey", "me"]:
                return json_reply(_API_KEY)
            case "DELETE", ["auth", "apikey", "me"]:
                return Reply(HTTPStatus.NO_CONTENT, ())
            case _, ["sessions", *rest]:
                return self._sessions.sessions(request, rest, body)
            case "GET", ["get_server_capabilities"]:
                return json_reply({"supported_models": [supported(name) for name in self._models()]})
            case "GET", ["samplers", sampler]:
                return self._sessions.sampler(sampler)
            case "GET", ["training_runs"]:
                return page(request, "training_runs", self._runs(request), 20)
            case "GET", ["training_runs", run_id]:
                return json_reply(self._run(run_id).to_json(self._service.checkpoints))
            # The synchronous resource of tinker 0.1.x requests `models/…/checkpoints`.
            case "GET", ["training_runs" | "models", run_id, "checkpoints"]:
                self._run(run_id)
                return self._checkpoints.of_run(run_id)
            case "GET", ["checkpoints"]:
                newest_first = reversed(self._service.checkpoints.all())
                return page(request, "checkpoints", [each.to_json() for each in newest_first], 100)
            case _, ["training_runs", run_id, "checkpoints", *rest] if any(rest):
                return self._checkpoints.one(request, run_id, rest, body)
            case "GET", ["archives", run_id, folder, name, *rest]:
                found = self._service.checkpoints.find(f"{SCHEME}{run_id}/{folder}/{name}")
                return archive(found) if not rest else one_file(found, rest[0])
            case "GET", ["billing" | "audit", *rest]:
                return self._admin.answer(request, [parts[0], *rest])
            case _:
                return None

    def _post(  # noqa: PLR0911 - one return for each thing to ask
        self, name: str, body: Mapping[str, object], sampler_id: str | None
    ) -> Reply | None:
        match name:
            case "create_session":
                return self._sessions.create(body)
            case "session_heartbeat":
                return self._sessions.heartbeat(body)
            case "create_sampling_session":
                return self._sessions.create_sampler(body, sampler_id)
            case "get_info":
                return json_reply(self._run(text(body.get("model_id"))).info())
            case "weights_info":
                return self._checkpoints.info(body)
            case "copy_weights":
                return self._checkpoints.copy(body)
            # The resource of tinker up to 0.2.2; its clients never call it.
            case "sample":
                return json_reply(self._service.sample_now(body))
            case "create_custom_loss":
                raise ServiceRefusal(
                    "the fake server does not support custom losses; leave custom_loss_server_side off"
                )
            case _:
                return None

    def _runs(self, request: Request) -> list[Json]:
        """Return the training runs of the project in the query, or of all projects, the newest first."""
        project = parse_qs(request.query).get("project_id", [None])[-1]
        return [
            run.to_json(self._service.checkpoints)
            for run in reversed(self._service.runs.values())
            if project in (None, self._service.project_of(run.run_id))
        ]

    def _models(self) -> Iterable[str]:
        made = (run.base_model.name for run in self._service.runs.values())
        return dict.fromkeys((*MODELS, *made))

    def _run(self, run_id: str | None) -> TrainingRun:
        found = self._service.runs.get(run_id or "")
        if found is None:
            raise ServiceRefusal(f"there is no training run {run_id!r}; create a model first", 404)
        return found


def _token() -> str:
    """Return a login token, which nobody checks (``tinker`` 0.18, ``pjwt_auth_enabled``)."""
    claims = {"sub": OWNER, "org_id": "org-1", "email": _EMAIL, "iat": _ISSUED, "exp": _EXPIRY}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])
