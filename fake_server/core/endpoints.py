"""The endpoints of the Tinker API that the fake server answers, and the names that tests use for them.

A test names an endpoint by an operation (``sample``), or by a path below ``/api/v1/`` (``create_session``).
Source: the resource modules of ``tinker`` 0.1.0 to 0.38.0.
"""

from __future__ import annotations

from typing import Final

from fake_server.core.errors import ScriptError, meant
from fake_server.core.operations import API_PREFIX, SUBMISSION_PATHS, Operation
from fake_server.core.plain_data import kind

_CHECKPOINT: Final = "training_runs/{run}/checkpoints/{kind}/{name}"
_OTHERS: Final = (
    "archives/{run}/{kind}/{name}",
    "archives/{run}/{kind}/{name}/{file}",
    "audit",
    "auth/apikey/me",
    "auth/token",
    "billing/usage/checkpoints/current",
    "billing/usage/events",
    "cancel_future",
    "checkpoints",
    "client/config",
    "client/dynamic_config",
    "copy_weights",
    "create_custom_loss",
    "create_sampling_session",
    "create_session",
    "get_info",
    "get_server_capabilities",
    "healthz",
    "join_sampling_session",
    "models/{run}/checkpoints",
    "retrieve_future",
    "retrieve_futures",
    "sample",
    "samplers/{sampler}",
    "session_heartbeat",
    "sessions",
    "sessions/search",
    "sessions/{session}",
    "sessions/{session}/finish",
    "sessions/{session}/project",
    "sessions/{session}/trace_export",
    "sessions/{session}/trace_export/file",
    "telemetry",
    "training_runs",
    "training_runs/{run}",
    "training_runs/{run}/checkpoints",
    _CHECKPOINT,
    *(f"{_CHECKPOINT}/{below}" for below in ("archive", "external_weights_urls", "publish", "ttl")),
    "weights_info",
)
ENDPOINTS: Final = tuple(sorted({*(path.removeprefix(API_PREFIX) for path in SUBMISSION_PATHS), *_OTHERS}))
"""The paths, without ``/api/v1/``. A segment in braces, such as ``{model_id}``, stands for any value."""


def named_endpoint(name: object) -> tuple[str, Operation | None]:
    """Return the path of an endpoint that a test names, and the endpoint's operation, or None if it has none.

    Args:
        name: An operation, a path of ``ENDPOINTS``, or any complete path that begins with a slash.

    Raises:
        ScriptError: There is no such endpoint or operation; the message suggests the nearest one.
    """
    if not isinstance(name, str):
        raise ScriptError(f"an endpoint must be a name such as create_session, not {kind(name)}; quote it")
    if name in set(Operation):
        operation = Operation(name)
        return operation.path, operation
    if name.startswith("/"):
        return name, None
    if not any(_fits(name, endpoint) for endpoint in ENDPOINTS):
        hint = meant(name, (*Operation, *ENDPOINTS)) or (
            f"; the operations are {', '.join(Operation)}, and endpoints are "
            "named as in create_session, client/config or training_runs."
        )
        raise ScriptError(
            f"there is no endpoint or operation {name!r}{hint} For a path that is not known here, write all "
            f"of it: {API_PREFIX}{name}"
        )
    return API_PREFIX + name, None


def _fits(name: str, endpoint: str) -> bool:
    given, wanted = name.split("/"), endpoint.split("/")
    return len(given) == len(wanted) and all(
        part.startswith("{") or part == there for part, there in zip(wanted, given, strict=True)
    )
