"""The endpoints that answer at once: sessions, training runs, checkpoints, samplers, billing.

What is asked, by release: the resource modules and ``RestClient`` of ``tinker`` 0.1.3, 0.6.3 and 0.38.0. A
refusal is HTTP 400, 404, 409 or 410 with ``{"detail": …}``, which no release retries.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from fake_server.core.http_messages import Reply, Request
from fake_server.core.operations import API_PREFIX
from fake_server.service.answers import json_reply, page
from fake_server.service.archives import archive, one_file
from fake_server.service.checkpoint_endpoints import CheckpointEndpoints
from fake_server.service.checkpoints import SCHEME
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import text
from fake_server.service.session_endpoints import SessionEndpoints
from fake_server.service.simulated_service import DEFAULT_MODEL, Service
from fake_server.service.training import TrainingRun
from fake_server.service.work import Json

MODELS: Final = (
    DEFAULT_MODEL,
    "Qwen/Qwen3-4B-Instruct-2507",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.2-1B",
)
"""What the capabilities list; any other name is taken as well."""
CONTEXT_LENGTH: Final = 32_768
_ISSUED: Final = 1_735_689_600
_EXPIRY: Final = 4_070_908_799


class Rest:
    """Answers from the memory of a service."""

    def __init__(self, service: Service) -> None:
        """Answers for ``service``."""
        self._service = service
        self._sessions = SessionEndpoints(service)
        self._checkpoints = CheckpointEndpoints(service)

    def answer(self, request: Request, body: Mapping[str, object], sampler_id: str | None) -> Reply | None:
        """The reply to a request, or None if it is none of these endpoints'.

        Args:
            request: The request.
            body: Its body, decoded.
            sampler_id: The id that a test wants a new sampling session to have, or None.
        """
        if not request.path.startswith(API_PREFIX):
            return None
        parts = [unquote(part) for part in request.path.removeprefix(API_PREFIX).split("/")]
        with self._service.lock:
            try:
                return self._answer(request, parts, body, sampler_id)
            except ServiceRefusal as refusal:
                return refusal.reply

    def _answer(  # noqa: PLR0911, PLR0912 - one return for each thing to ask
        self, request: Request, parts: list[str], body: Mapping[str, object], sampler_id: str | None
    ) -> Reply | None:
        match request.method, parts:
            case "POST", [name]:
                return self._post(name, body, sampler_id)
            case "POST", ["auth", "token"]:
                return json_reply({"jwt": _token()})
            case _, ["sessions", *rest]:
                return self._sessions.sessions(request, rest, body)
            case "GET", ["get_server_capabilities"]:
                return json_reply({"supported_models": [_supported(name) for name in self._models()]})
            case "GET", ["samplers", sampler]:
                return self._sessions.sampler(sampler)
            case "GET", ["training_runs"]:
                runs = [run.to_json(self._service.checkpoints) for run in self._service.runs.values()]
                return page(request, "training_runs", list(reversed(runs)), 20)
            case "GET", ["training_runs", run_id]:
                return json_reply(self._run(run_id).to_json(self._service.checkpoints))
            # `models/…/checkpoints` is what the synchronous resource of tinker 0.1.x asks.
            case "GET", ["training_runs" | "models", run_id, "checkpoints"]:
                self._run(run_id)
                return self._checkpoints.of_run(run_id)
            case "GET", ["checkpoints"]:
                everything = [each.to_json() for each in self._service.checkpoints.all()]
                return page(request, "checkpoints", everything, 100)
            case _, ["training_runs", run_id, "checkpoints", *rest] if len(rest) > 1:
                return self._checkpoints.one(request, run_id, rest, body)
            case "GET", ["archives", run_id, folder, name, *rest]:
                found = self._service.checkpoints.find(f"{SCHEME}{run_id}/{folder}/{name}")
                return archive(found) if not rest else one_file(found, rest[0])
            case "GET", ["billing", "usage", "events"]:
                return json_reply({"data": [], "sessions": {}, "cost_data_through": None})
            case "GET", ["billing", "usage", "checkpoints", "current"]:
                return json_reply(
                    {"data": [self._checkpoints.usage()], "effective_rate_usd_per_gigabyte_month": None}
                )
            case "GET", ["audit"]:
                return json_reply({"entries": []})
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
                    "custom losses on the server are not faked; leave custom_loss_server_side off"
                )
            case _:
                return None

    def _models(self) -> Iterable[str]:
        made = (run.base_model.name for run in self._service.runs.values())
        return dict.fromkeys((*MODELS, *made))

    def _run(self, run_id: str | None) -> TrainingRun:
        found = self._service.runs.get(run_id or "")
        if found is None:
            raise ServiceRefusal(f"there is no training run {run_id!r}; create a model first", 404)
        return found


def _supported(name: str) -> Json:
    return {"model_name": name, "max_context_length": CONTEXT_LENGTH, "trainable": True, "sampleable": True}


def _token() -> str:
    """A token that nobody checks: who the fake user is (``tinker`` 0.18, with ``pjwt_auth_enabled``)."""
    claims = {"sub": "tml:user:user-1", "org_id": "org-1", "iat": _ISSUED, "exp": _EXPIRY}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])
