"""Decide which submissions the service refuses at once, with an HTTP status, so that no future is created.

Statuses and messages are those of the real service where a source is given; the others are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from fake_server.core.operations import Operation
from fake_server.service.checkpoints import FOLDERS, SCHEME, Checkpoints, CheckpointType, checked_ttl
from fake_server.service.models import CONTEXT_LENGTH, MODELS
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, mapping, prompt_length, text
from fake_server.service.sessions import Sampler, Session
from fake_server.service.training import SAVES, TrainingRun

_SAMPLING: Final = (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS)
_PASSES: Final = (Operation.FORWARD, Operation.FORWARD_BACKWARD)
_UNPROCESSABLE: Final = 422


class Known(Protocol):
    """What these checks need to know of the service's state."""

    sessions: dict[str, Session]
    runs: dict[str, TrainingRun]
    samplers: dict[str, Sampler]
    checkpoints: Checkpoints


class Admission:
    """Checks submissions before a future is created. The service holds its lock around calls."""

    def __init__(self, known: Known, *, strict: bool = False) -> None:
        """Create the checks for a service.

        Args:
            known: The state of the service.
            strict: Whether to refuse base models that the capabilities do not list, and requests without an
                input.
        """
        self._known = known
        self._strict = strict

    def check(self, operation: Operation, request: Mapping[str, object]) -> None:
        """Check a submission. A repetition of an accepted submission must not be checked again.

        Raises:
            ServiceRefusal: The service refuses the submission; ``reply`` of the error is the answer.
        """
        run = self._known.runs.get(text(request.get("model_id")) or "")
        for session in self._sessions(run, request):
            session.check_alive()
        if self._strict:
            _check_input(operation, request)
        if operation in _SAMPLING:
            _check_context(request)
        if operation is Operation.CREATE_MODEL:
            self.check_base_model(request)
        if operation is Operation.LOAD_STATE and run is not None:
            _check_first(run, request)
        if (kind := SAVES.get(operation)) is not None:
            checked_ttl(request.get("ttl_seconds"))
            if run is not None and (name := text(request.get("path"))) is not None:
                self._check_name(run, kind, name, request)

    def check_session(self, session_id: str | None) -> None:
        """Check that the client has not finished this session. A session that is not known is accepted.

        Raises:
            ServiceRefusal: HTTP 410: the session is finished.
        """
        if (session := self._known.sessions.get(session_id or "")) is not None:
            session.check_alive()

    def check_base_model(self, request: Mapping[str, object]) -> None:
        """Check, if the service is strict, that the capabilities list the base model.

        Raises:
            ServiceRefusal: HTTP 400: they do not list it.
        """
        name = text(request.get("base_model"))
        if self._strict and name is not None and name not in MODELS:
            known = ", ".join(MODELS)
            raise ServiceRefusal(f"the base model {name!r} is not served here; use one of {known}")

    def _sessions(self, run: TrainingRun | None, request: Mapping[str, object]) -> Iterator[Session]:
        sampler = self._known.samplers.get(text(request.get("sampling_session_id")) or "")
        ids = (
            text(request.get("session_id")),
            None if run is None else run.session_id,
            None if sampler is None else sampler.session_id,
        )
        for session_id in ids:
            if (session := self._known.sessions.get(session_id or "")) is not None:
                yield session

    def _check_name(
        self, run: TrainingRun, kind: CheckpointType, name: str, request: Mapping[str, object]
    ) -> None:
        folder = FOLDERS[kind]
        if "/" in name:
            raise ServiceRefusal(
                f"{name!r} is not a valid checkpoint name; give one path segment, without '/'"
            )
        pending = any(
            SAVES.get(work.operation) is kind and work.request.get("path") == name
            for work in run.queue.waiting
        )
        taken = pending or self._known.checkpoints.exists(f"{SCHEME}{run.run_id}/{folder}/{name}")
        if taken and request.get("overwrite") is not True:
            # The text of the real service; public programs catch it as `tinker.ConflictError`.
            raise ServiceRefusal(
                f"Checkpoint {name!r} already exists for model {run.run_id} in {folder}. "
                "Please choose a different name to avoid overwriting.",
                409,
            )


def _check_input(operation: Operation, request: Mapping[str, object]) -> None:
    """Check that a request names the input of the sample or the training pass.

    Raises:
        ServiceRefusal: HTTP 422, which no release retries: the input is missing.
    """
    if operation in _SAMPLING:
        field, given = "prompt", request.get("prompt")
    elif operation in _PASSES:
        # `forward_input` is the key of `forward` (tinker 0.1.0 to 0.24.1).
        field = "forward_backward_input"
        given = request.get(field, request.get("forward_input"))
    else:
        return
    if not isinstance(given, Mapping):
        what = "is missing" if given is None else f"is {given!r:.60}"
        raise ServiceRefusal(f"{field} {what}; it must be an object", _UNPROCESSABLE)


def _check_first(run: TrainingRun, request: Mapping[str, object]) -> None:
    # `LoadWeightsRequest` of 0.38.0: "a load right after create_model (with seq_id 1)". The words are
    # production's, as NovaSky-AI/SkyRL #2071 found them.
    seq_id = integer(request.get("seq_id"), run.requests + 1)
    if run.requests or seq_id > 1:
        raise ServiceRefusal(f"LoadWeights is not permitted with seq_id {seq_id}")


def _check_context(request: Mapping[str, object]) -> None:
    # The text of the real service, by which tinker-cookbook detects that a conversation is too long.
    length = prompt_length(request.get("prompt"))
    limit = max(integer(mapping(request.get("sampling_params")).get("max_tokens"), 1), 0)
    if length + limit > CONTEXT_LENGTH:
        raise ServiceRefusal(
            "Prompt length plus max_tokens exceeds the model's context window: "
            f"{length} prompt tokens + {limit} max_tokens > {CONTEXT_LENGTH}."
        )
