"""The set-up endpoints, which the official SDK uses before and beside submissions and polls.

By release: ``tinker`` 0.1.0 only submits, polls and sends telemetry; sessions came with 0.2, the client
configuration with 0.18, the dynamic one with 0.25. ``fake_server.engine.results`` builds the bodies.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from fake_server.core.http_messages import Reply, Request
from fake_server.core.json_values import encoded
from fake_server.core.operations import API_PREFIX, Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.results import DEFAULT_MODEL, MAX_SAMPLES, SETUP_REPLIES, setup_body
from fake_server.script.steps import Complete
from fake_server.service.request_values import integer

if TYPE_CHECKING:
    from fake_server.service.rest_endpoints import Rest
    from fake_server.service.simulated_service import SimulatedService

_SAMPLERS: Final = f"{API_PREFIX}samplers/"
_SESSIONS: Final = f"{API_PREFIX}sessions/"
_TRAINING_RUNS: Final = f"{API_PREFIX}training_runs/"

SETUP_PATHS: Final = (*(API_PREFIX + path for _, path in SETUP_REPLIES), _SAMPLERS)


class Ids:
    """The ids of one kind, such as models: first those that a test asked for, then numbered ones."""

    def __init__(self, prefix: str) -> None:
        """Create ids that are numbered from ``{prefix}-1``."""
        self._prefix = prefix
        self._expected: deque[str] = deque()
        self._count = 0

    def expect(self, identifier: str) -> None:
        """Use this id next, after those that were asked for before."""
        self._expected.append(identifier)

    def expected(self) -> str | None:
        """The next id that a test has asked for; None if it is a numbered one."""
        return self._expected.popleft() if self._expected else None

    def next(self) -> str:
        """Return the next id."""
        if self._expected:
            return self._expected.popleft()
        self._count += 1
        return f"{self._prefix}-{self._count}"


class SetUp:
    """Answers the set-up endpoints, and remembers models and samplers. Not thread-safe."""

    def __init__(self, client_config: Mapping[str, object], service: SimulatedService | None = None) -> None:
        """Create the endpoints without any model or sampler.

        Args:
            client_config: Fields of the reply to ``client/config`` that replace the defaults.
            service: The simulated service that remembers models and samplers; None for numbered ids.
        """
        self._service = service
        self._rest = None if service is None else _rest(service)
        self.models = Ids("model")
        self.samplers = Ids("sampler")
        self._sessions = Ids("session")
        self._client_config = dict(client_config)
        self._joined: Counter[str] = Counter()
        self._base_models: dict[str, str] = {}
        self._sources: dict[str, dict[str, object]] = {}

    def assign(
        self, operation_path: str, request: Mapping[str, object], future: ScriptedFuture
    ) -> dict[str, object]:
        """Return the ids of what a submission creates (a model, a sampler), as fields of its result.

        To load a checkpoint without naming a model creates one (``tinker`` 0.35 and later); the SDK derives
        the model's id from the session and the sequence number. To save weights for sampling without a name
        creates a sampling session (0.5.1 and later).

        Args:
            operation_path: The path of the submission.
            request: The decoded body of the submission.
            future: The future of the submission.
        """
        if self._service is not None and future.operation is not None:
            return self._with_service(self._service, future.operation, request, future)
        match operation_path.removeprefix(API_PREFIX):
            case "create_model":
                model_id = self.models.next()
            case "load_weights" if (derived := derived_model_id(request)) is not None:
                model_id = derived
            case "save_weights_for_sampler" if _unnamed(request):
                return {"sampling_session_id": self.samplers.next()}
            case _:
                return {}
        base_model = request.get("base_model")
        if isinstance(base_model, str):
            self._base_models[model_id] = base_model
        return {"model_id": model_id}

    def _with_service(
        self,
        service: SimulatedService,
        operation: Operation,
        request: Mapping[str, object],
        future: ScriptedFuture,
    ) -> dict[str, object]:
        if operation is Operation.CREATE_MODEL or (
            operation is Operation.LOAD_STATE and request.get("model_id") is None
        ):
            expected = self.models.expected()
            return {"model_id": service.created(future.name, operation, request, expected)}
        completes = any(isinstance(turn.reply, Complete) for turn in future.script.turns)
        service.submitted(future.name, operation, request, completes=completes)
        match operation:
            case Operation.SAVE_WEIGHTS_FOR_SAMPLER if request.get("path") is None:
                made = service.snapshot(future.name, request, self.samplers.expected())
                return {"sampling_session_id": made}
            case Operation.SAMPLE | Operation.COMPUTE_LOGPROBS:
                count = min(max(integer(request.get("num_samples"), 1), 0), MAX_SAMPLES)
                return {"sample_sequence_ids": service.sequence_ids(future.name, count)}
            case _:
                return {}

    def answer(self, asked: Request, request: Mapping[str, object]) -> Reply | None:
        """Return the reply of a set-up endpoint, or None if the request is for something else.

        Args:
            asked: The request.
            request: The decoded body of the request.
        """
        method, path = asked.method, asked.path
        if self._rest is not None:
            creates = path == f"{API_PREFIX}create_sampling_session"
            reply = self._rest.answer(asked, request, self.samplers.expected() if creates else None)
            if reply is not None:
                return reply
        if method == "POST" and path.startswith(_SESSIONS) and path.endswith("/finish"):
            return Reply(200, body=b"{}")
        if method == "GET" and path.startswith(_TRAINING_RUNS):
            return self._training_run(unquote(path.removeprefix(_TRAINING_RUNS)))
        if path == _SAMPLERS:
            return None
        found = setup_body(method, path, request, overrides=self._overrides(path, request))
        if found is None:
            return None
        content_type, body = found
        return Reply(200, ((b"content-type", content_type.encode("ascii")),), body)

    def _overrides(  # noqa: PLR0911 - one return for each endpoint
        self, path: str, request: Mapping[str, object]
    ) -> dict[str, object]:
        match path.removeprefix(API_PREFIX):
            case "client/config" | "client/dynamic_config":
                return self._client_config
            case "create_session":
                return {"session_id": self._sessions.next()}
            case "create_sampling_session":
                sampler_id = self.samplers.next()
                self._sources[sampler_id] = _present(request, ("base_model", "model_path"))
                return {"sampling_session_id": sampler_id}
            case "join_sampling_session":
                # With this, copies of one sampling client number their samples independently (tinker 0.32).
                sampler_id = str(request.get("sampling_session_id"))
                self._joined[sampler_id] += 1
                return {"client_counter": self._joined[sampler_id]}
            case "get_info":
                return self._info(request.get("model_id"))
            case _ if path.startswith(_SAMPLERS):
                sampler_id = unquote(path.removeprefix(_SAMPLERS))
                return {"sampler_id": sampler_id, **self._sources.get(sampler_id, {})}
            case _:
                return {}

    def _training_run(self, model_id: str) -> Reply | None:
        # Requested by `create_training_client_from_state` before it creates a model (tinker 0.1.0).
        if not model_id or "/" in model_id:
            return None
        run = {
            "training_run_id": model_id,
            "base_model": self._base_models.get(model_id, DEFAULT_MODEL),
            "model_owner": "owner-1",
            "is_lora": True,
            "lora_rank": 32,
            "corrupted": False,
            "last_request_time": "2025-01-01T00:00:00Z",
        }
        return Reply(200, body=encoded(run))

    def _info(self, model_id: object) -> dict[str, object]:
        base_model = self._base_models.get(model_id) if isinstance(model_id, str) else None
        if base_model is None:
            return {}
        data = {"arch": "unknown", "model_name": base_model, "tokenizer_id": base_model}
        return {"model_data": data, "model_name": base_model}


def telemetry_events(request: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the events in the body of a telemetry request, each with the session that sent it."""
    events = request.get("events")
    session = request.get("session_id")
    return [
        {"session_id": session, **event}
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict)
    ]


def derived_model_id(request: Mapping[str, object]) -> str | None:
    """Return the id of the model that a load of a checkpoint without ``model_id`` creates, else None.

    Source: ``tinker`` 0.38.0.
    """
    session, number = request.get("session_id"), request.get("model_seq_id")
    if request.get("model_id") is None and isinstance(session, str) and isinstance(number, int):
        return f"{session}:train:{number}"
    return None


def client_of(path: str, request: Mapping[str, object]) -> str | None:
    """Return the client of a submission: its model, sampling session or base model; None if it has none.

    ``tinker`` 0.1.x has no sampling sessions; each request names ``model_path`` or ``base_model``.
    """
    for key in ("model_id", "sampling_session_id"):
        if isinstance(found := request.get(key), str):
            return found
    if path == f"{API_PREFIX}load_weights":
        return derived_model_id(request)
    for key in ("model_path", "base_model"):
        if isinstance(found := request.get(key), str):
            return found
    return None


def _unnamed(request: Mapping[str, object]) -> bool:
    return "path" not in request and isinstance(request.get("sampling_session_seq_id"), int)


def _present(request: Mapping[str, object], keys: Iterable[str]) -> dict[str, object]:
    return {key: request[key] for key in keys if isinstance(request.get(key), str)}


def _rest(service: SimulatedService) -> Rest:
    from fake_server.service.rest_endpoints import Rest  # noqa: PLC0415 - not needed for scripts alone

    return Rest(service)
