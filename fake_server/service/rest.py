"""The endpoints that answer at once: sessions, training runs, checkpoints, samplers, billing.

What is asked, by release: the resource modules and ``RestClient`` of ``tinker`` 0.1.3, 0.6.3 and 0.38.0. A
refusal is HTTP 400, 404, 409 or 410 with ``{"detail": …}``, which no release retries.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, unquote

from fake_server.json_values import encoded
from fake_server.messages import JSON_HEADERS, Reply, Request
from fake_server.operations import API_PREFIX
from fake_server.service.archives import FILES, archive, one_file
from fake_server.service.checkpoints import SCHEME, Checkpoint, stamp
from fake_server.service.errors import ServiceRefusal
from fake_server.service.reading import integer, mapping, text
from fake_server.service.service import DEFAULT_MODEL, Service
from fake_server.service.sessions import Session
from fake_server.service.training import MAX_TTL_SECONDS, OWNER, TrainingRun
from fake_server.service.work import Json

MODELS: Final = (
    DEFAULT_MODEL,
    "Qwen/Qwen3-4B-Instruct-2507",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.2-1B",
)
"""What the capabilities list; any other name is taken as well."""
CONTEXT_LENGTH: Final = 32_768
MIN_TTL_SECONDS: Final = 3_600
LARGEST_PAGE: Final = 10_000
_EXPIRES: Final = "Wed, 31 Dec 2098 23:59:59 GMT"
_ISSUED: Final = 1_735_689_600
_EXPIRY: Final = 4_070_908_799
_NOTHING: Final = Reply(200, JSON_HEADERS, b"{}")


class Rest:
    """Answers from the memory of a service."""

    def __init__(self, service: Service) -> None:
        """Answers for ``service``."""
        self._service = service

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
                return _json({"jwt": _token()})
            case _, ["sessions", *rest]:
                return self._sessions(request, rest, body)
            case "GET", ["get_server_capabilities"]:
                return _json({"supported_models": [_supported(name) for name in self._models()]})
            case "GET", ["samplers", sampler]:
                return self._sampler(sampler)
            case "GET", ["training_runs"]:
                runs = [run.to_json(self._service.checkpoints) for run in self._service.runs.values()]
                return _page(request, "training_runs", list(reversed(runs)), 20)
            case "GET", ["training_runs", run_id]:
                return _json(self._run(run_id).to_json(self._service.checkpoints))
            # `models/…/checkpoints` is what the synchronous resource of tinker 0.1.x asks.
            case "GET", ["training_runs" | "models", run_id, "checkpoints"]:
                self._run(run_id)
                saved = self._service.checkpoints.of_run(run_id)
                return _json({"checkpoints": [each.to_json() for each in saved]})
            case "GET", ["checkpoints"]:
                everything = [each.to_json() for each in self._service.checkpoints.all()]
                return _page(request, "checkpoints", everything, 100)
            case _, ["training_runs", run_id, "checkpoints", *rest] if len(rest) > 1:
                return self._checkpoint(request, run_id, rest, body)
            case "GET", ["archives", run_id, folder, name, *rest]:
                found = self._service.checkpoints.find(f"{SCHEME}{run_id}/{folder}/{name}")
                return archive(found) if not rest else one_file(found, rest[0])
            case "GET", ["billing", "usage", "events"]:
                return _json({"data": [], "sessions": {}, "cost_data_through": None})
            case "GET", ["billing", "usage", "checkpoints", "current"]:
                return _json({"data": [self._usage()], "effective_rate_usd_per_gigabyte_month": None})
            case "GET", ["audit"]:
                return _json({"entries": []})
            case _:
                return None

    def _post(  # noqa: PLR0911 - one return for each thing to ask
        self, name: str, body: Mapping[str, object], sampler_id: str | None
    ) -> Reply | None:
        service = self._service
        match name:
            case "create_session":
                session = service.new_session(body)
                messages = dict.fromkeys(("info_message", "warning_message", "error_message"))
                return _json({"type": name, "session_id": session.session_id, **messages})
            case "session_heartbeat":
                self._session(text(body.get("session_id"))).beat()
                return _json({"type": name})
            case "create_sampling_session":
                sampler = service.new_sampler(body, sampler_id)
                return _json({"type": name, "sampling_session_id": sampler.sampler_id})
            case "get_info":
                return _json(self._run(text(body.get("model_id"))).info())
            case "weights_info":
                return _json(_weights_info(service.checkpoints.find(text(body.get("tinker_path")) or "")))
            case "copy_weights":
                return self._copy(body)
            # The resource of tinker up to 0.2.2; its clients never call it.
            case "sample":
                return _json(service.sample_now(body))
            case "create_custom_loss":
                raise ServiceRefusal(
                    "custom losses on the server are not faked; leave custom_loss_server_side off"
                )
            case _:
                return None

    # -- sessions and samplers -------------------------------------------------------------------

    def _sessions(  # noqa: PLR0911 - one return for each thing to ask
        self, request: Request, rest: list[str], body: Mapping[str, object]
    ) -> Reply | None:
        match request.method, rest:
            case "GET", []:
                return _page(request, "sessions", list(reversed(self._service.sessions)), 20)
            case "POST", ["search"]:
                return self._search(body)
            case "GET", [session_id]:
                session = self._session(session_id)
                return _json(
                    {
                        "training_run_ids": session.run_ids,
                        "sampler_ids": session.sampler_ids,
                        "user_metadata": dict(session.user_metadata),
                        "display_name": session.display_name,
                    }
                )
            case "POST", [session_id, "finish"]:
                session = self._session(session_id)
                session.finish = session.finish or {
                    "reason": body.get("reason"),
                    "detail": body.get("detail"),
                }
                return _NOTHING
            case "PUT", [session_id, "project"]:
                session = self._session(session_id)
                session.project_id = text(body.get("project_id")) or session.project_id
                return _NOTHING
            case "GET", [session_id, "trace_export"]:
                self._session(session_id)
                return _json({"status": "ready", "url": f"{_origin(request)}{request.path}", "error": None})
            case _:
                return None

    def _session(self, session_id: str | None) -> Session:
        found = self._service.sessions.get(session_id or "")
        if found is None:
            raise ServiceRefusal(f"there is no session {session_id!r}; create one first", 404)
        return found

    def _search(self, body: Mapping[str, object]) -> Reply:
        wanted, metadata = text(body.get("session_id")), mapping(body.get("user_metadata"))
        found = [
            self._summary(session)
            for session in self._service.sessions.values()
            if wanted in (None, session.session_id)
            and metadata.items() <= session.user_metadata.items()
            and body.get("display_name") in (None, session.display_name)
        ]
        return _json({"sessions": found[: integer(body.get("limit"), 50)], "next_cursor": None})

    def _summary(self, session: Session) -> Json:
        checkpoints = [each for each in self._service.checkpoints.all() if each.run_id in session.run_ids]
        return {
            "session_id": session.session_id,
            "created_at": stamp(session.created_at),
            "owner": OWNER,
            "project_id": session.project_id,
            "status": session.status(),
            "checkpoints_count": len(checkpoints),
            "display_name": session.display_name,
            "user_metadata": dict(session.user_metadata),
            "checkpoint_storage_bytes": sum(each.size_bytes for each in checkpoints),
        }

    def _sampler(self, sampler_id: str) -> Reply:
        found = self._service.samplers.get(sampler_id)
        if found is None:
            raise ServiceRefusal(f"there is no sampler {sampler_id!r}; open a sampling session first", 404)
        return _json(
            {"sampler_id": sampler_id, "base_model": found.base_model, "model_path": found.model_path}
        )

    # -- training runs and checkpoints -----------------------------------------------------------

    def _models(self) -> Iterable[str]:
        made = (run.base_model.name for run in self._service.runs.values())
        return dict.fromkeys((*MODELS, *made))

    def _run(self, run_id: str | None) -> TrainingRun:
        found = self._service.runs.get(run_id or "")
        if found is None:
            raise ServiceRefusal(f"there is no training run {run_id!r}; create a model first", 404)
        return found

    def _checkpoint(
        self, request: Request, run_id: str, rest: list[str], body: Mapping[str, object]
    ) -> Reply | None:
        checkpoints = self._service.checkpoints
        path = f"{SCHEME}{run_id}/{rest[0]}/{rest[1]}"
        match request.method, rest[2:]:
            case "DELETE", []:
                checkpoints.delete(path)
            case "GET", ["archive"]:
                found = checkpoints.find(path)
                place = f"{_origin(request)}{API_PREFIX}archives/{run_id}/{found.checkpoint_id}"
                headers = ((b"location", place.encode("latin-1", "replace")), (b"expires", _EXPIRES.encode()))
                return Reply(HTTPStatus.FOUND, headers)
            case "GET", ["external_weights_urls"]:
                checkpoints.find(path)
                place = f"{_origin(request)}{API_PREFIX}archives/{run_id}/{rest[0]}/{rest[1]}"
                urls = {name: f"{place}/{name}" for name in FILES}
                return _json({"urls": urls, "expires": "2098-12-31T23:59:59Z"})
            case "POST" | "DELETE", ["publish"]:
                checkpoints.publish(path, public=request.method == "POST")
            case "PUT", ["ttl"]:
                checkpoints.set_ttl(path, _ttl(body.get("ttl_seconds")))
            case _:
                return None
        return Reply(HTTPStatus.NO_CONTENT, ())

    def _copy(self, body: Mapping[str, object]) -> Reply:
        found = self._service.checkpoints.find(text(body.get("source_path")) or "")
        return _json(
            {"tinker_path": self._service.copy_checkpoint(found, _ttl(body.get("ttl_seconds"))).path}
        )

    def _usage(self) -> Json:
        sizes = [each.size_bytes for each in self._service.checkpoints.all()]
        return {
            "project_id": None,
            "checkpoint_count": len(sizes),
            "size_bytes": sum(sizes),
            "size_gigabytes": sum(sizes) / 1e9,
        }


def _supported(name: str) -> Json:
    return {"model_name": name, "max_context_length": CONTEXT_LENGTH, "trainable": True, "sampleable": True}


def _token() -> str:
    """A token that nobody checks: who the fake user is (``tinker`` 0.18, with ``pjwt_auth_enabled``)."""
    claims = {"sub": "tml:user:user-1", "org_id": "org-1", "iat": _ISSUED, "exp": _EXPIRY}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


def _weights_info(found: Checkpoint) -> Json:
    return {
        "type": "weights_info",
        "base_model": found.base_model.name,
        "is_lora": True,
        "lora_rank": found.lora.rank,
        "train_unembed": found.lora.train_unembed,
        "train_mlp": found.lora.train_mlp,
        "train_attn": found.lora.train_attn,
    }


def _ttl(value: object) -> int | None:
    if value is None:
        return None
    seconds = integer(value, 0)
    if not MIN_TTL_SECONDS <= seconds <= MAX_TTL_SECONDS:
        raise ServiceRefusal(
            f"ttl_seconds is {value!r}; give {MIN_TTL_SECONDS} (one hour) to {MAX_TTL_SECONDS} (ten years)"
        )
    return seconds


def _page(request: Request, key: str, everything: list[Json] | list[str], default: int) -> Reply:
    query = parse_qs(request.query)
    limit = _parameter(query, "limit", default)
    offset = _parameter(query, "offset", 0)
    cursor = {"offset": offset, "limit": limit, "total_count": len(everything)}
    return _json({key: everything[offset : offset + limit], "cursor": cursor})


def _parameter(query: Mapping[str, list[str]], name: str, default: int) -> int:
    given = query.get(name, [str(default)])[-1]
    if not given.isascii() or not given.isdecimal():
        raise ServiceRefusal(f"{name}={given!r} is no number; give 0 to {LARGEST_PAGE}")
    return min(int(given[:9]), LARGEST_PAGE)


def _origin(request: Request) -> str:
    return f"http://{request.header('host') or 'tinker.test'}"


def _json(value: Mapping[str, object]) -> Reply:
    return Reply(200, JSON_HEADERS, encoded(value))
