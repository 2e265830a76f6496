"""The operations of the Tinker API that return a future, and the path of each.

Source: the resource modules of ``tinker`` 0.1.0, 0.6.3 and 0.38.0. Two pairs of operations share a path, and
the request tells them apart: ``sample`` and ``compute_logprobs`` (which asks for prompt log-probabilities),
and, since 0.25, ``forward_backward`` and ``forward`` (which sets ``forward_only``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from fake_server.core.errors import ScriptError, meant

API_PREFIX: Final = "/api/v1/"


class Operation(StrEnum):
    """One kind of work that a client can submit.

    Scripts and scenarios name an operation by its value, such as ``sample``.
    """

    SAMPLE = "sample"
    COMPUTE_LOGPROBS = "compute_logprobs"
    FORWARD = "forward"
    FORWARD_BACKWARD = "forward_backward"
    OPTIM_STEP = "optim_step"
    SAVE_STATE = "save_state"
    LOAD_STATE = "load_state"
    SAVE_WEIGHTS_FOR_SAMPLER = "save_weights_for_sampler"
    UNLOAD_MODEL = "unload_model"
    SAVE_WEIGHTS_EXTERNAL = "save_weights_external"
    CREATE_MODEL = "create_model"

    @property
    def path(self) -> str:
        """The path to which official releases POST the operation (for ``forward``, releases before 0.25)."""
        return API_PREFIX + _ENDPOINTS[self]


_ENDPOINTS: Final[Mapping[Operation, str]] = {
    Operation.SAMPLE: "asample",
    Operation.COMPUTE_LOGPROBS: "asample",
    Operation.FORWARD: "forward",
    Operation.FORWARD_BACKWARD: "forward_backward",
    Operation.OPTIM_STEP: "optim_step",
    Operation.SAVE_STATE: "save_weights",
    Operation.LOAD_STATE: "load_weights",
    Operation.SAVE_WEIGHTS_FOR_SAMPLER: "save_weights_for_sampler",
    Operation.UNLOAD_MODEL: "unload_model",
    Operation.SAVE_WEIGHTS_EXTERNAL: "save_weights_external",
    Operation.CREATE_MODEL: "create_model",
}

SUBMISSION_PATHS: Final[Mapping[str, Operation]] = {
    operation.path: operation for operation in reversed(Operation)
}
"""Each submission path with its operation. If two operations share the path, the more general one is here;
``candidates`` tells them apart.
"""


def candidates(path_operation: Operation, request: Mapping[str, object]) -> tuple[Operation, ...]:
    """Return the operations that a submission may be, the most likely first.

    A ``sample`` may also ask for the log-probabilities of its prompt. Such a request is therefore read as
    ``compute_logprobs`` first, and as ``sample`` second.

    Args:
        path_operation: The operation that ``SUBMISSION_PATHS`` has for the path.
        request: The decoded body.
    """
    match path_operation:
        case Operation.SAMPLE if request.get("prompt_logprobs"):
            return (Operation.COMPUTE_LOGPROBS, Operation.SAMPLE)
        case Operation.FORWARD_BACKWARD if request.get("forward_only"):
            return (Operation.FORWARD,)
        case _:
            return (path_operation,)


def named_operation(name: Operation | str | None) -> Operation | None:
    """Return the operation that has this name. None, which stands for any operation, is returned unchanged.

    Raises:
        ScriptError: There is no such operation; the message suggests the nearest one.
    """
    if name is None:
        return None
    try:
        return Operation(name)
    except ValueError:
        known = ", ".join(Operation)
        raise ScriptError(
            f"unknown operation {name!r}{meant(name, Operation)}; the operations are {known}"
        ) from None


Number = tuple[str, str, int]
"""The number of a submission within its client: the name of the field with the client's id, that id, and the
number.

The number is the field ``seq_id`` for a model or a sampling session, and ``model_seq_id`` for a session that
creates models.
"""


def submission_number(request: Mapping[str, object]) -> Number | None:
    """Return the number by which the service recognizes a repeated submission; None if there is none.

    When a reply is lost, the official SDK sends the submission again with the same number (``tinker`` 0.3 and
    later). The service deduplicates, and answers both with the same future: ``seq_id`` is "used to generate
    deterministic request IDs" (``SampleRequest`` of 0.38.0). A session and its ``model_seq_id`` do the same
    for a new model.

    Args:
        request: The decoded body.
    """
    # A model's requests are numbered from 1; in protobuf 0 means that there is no number.
    for whose, number, first in (
        ("model_id", "seq_id", 1),
        ("sampling_session_id", "seq_id", 0),
        ("session_id", "model_seq_id", 0),
    ):
        if isinstance(name := request.get(whose), str):
            given = request.get(number)
            if not isinstance(given, int) or isinstance(given, bool) or given < first:
                return None
            return whose, name, given
    return None
