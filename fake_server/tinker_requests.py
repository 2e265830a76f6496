"""The requests of the Tinker API that come in protobuf: forward passes, from ``tinker`` 0.25 on.

They are decoded to the mapping that older releases send as JSON. The field numbers were learnt from the
message descriptors of ``tinker`` 0.38.0 (the package's ``proto`` folder).
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from fake_server.protobuf import ProtobufError, fields, packed_varints


class _MapEntry(IntEnum):
    KEY = 1
    VALUE = 2


class _ForwardRequest(IntEnum):
    MODEL_ID = 1
    SEQ_ID = 2
    DATA = 3
    LOSS_FN = 4
    FORWARD_ONLY = 6


class _Datum(IntEnum):
    MODEL_INPUT = 1
    LOSS_FN_INPUTS = 2


class _Tensor(IntEnum):
    DENSE = 1
    DTYPE = 3
    SHAPE = 4


_FLOAT32: Final = 1
_DTYPE_NAMES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("f", "float32"),
    2: ("q", "int64"),
    3: ("i", "int64"),
}


def decode_forward_request(body: bytes) -> dict[str, object]:
    """A forward or forward-backward request in protobuf, as the mapping that older releases send in JSON.

    Returns:
        ``model_id``, ``seq_id``, ``forward_only``, and ``forward_backward_input`` with ``loss_fn`` and
        ``data``, whose tensors have ``data``, ``dtype`` and ``shape``. Prompts are left out: no result
        depends on them.

    Raises:
        ProtobufError: The body is not such a message.
    """
    request: dict[str, object] = {"model_id": "", "seq_id": 0, "forward_only": False}
    forward_input: dict[str, object] = {"loss_fn": ""}
    data: list[dict[str, object]] = []
    for number, value in fields(body):
        match number, value:
            case _ForwardRequest.MODEL_ID, bytes():
                request["model_id"] = _text(value)
            case _ForwardRequest.SEQ_ID, int():
                request["seq_id"] = value
            case _ForwardRequest.LOSS_FN, bytes():
                forward_input["loss_fn"] = _text(value)
            case _ForwardRequest.FORWARD_ONLY, int():
                request["forward_only"] = bool(value)
            case _ForwardRequest.DATA, bytes():
                data.append(_datum(value))
            case _:
                pass
    forward_input["data"] = data
    request["forward_backward_input"] = forward_input
    return request


def protobuf_model_id(body: bytes) -> str | None:
    """The model that a forward request in protobuf is for; None if the body does not say."""
    try:
        for number, value in fields(body):
            if number == _ForwardRequest.MODEL_ID and isinstance(value, bytes):
                return value.decode() or None
    except (ProtobufError, UnicodeDecodeError):
        return None
    return None


def _datum(body: bytes) -> dict[str, object]:
    inputs: dict[str, object] = {}
    for number, value in fields(body):
        if number == _Datum.LOSS_FN_INPUTS and isinstance(value, bytes):
            entry = dict(fields(value))
            key, tensor = entry.get(_MapEntry.KEY, b""), entry.get(_MapEntry.VALUE, b"")
            if isinstance(key, bytes) and isinstance(tensor, bytes):
                inputs[_text(key)] = _tensor(tensor)
    return {"loss_fn_inputs": inputs}


def _tensor(body: bytes) -> dict[str, object]:
    dense: bytes | None = None
    dtype: int = _FLOAT32
    shape: list[int] = []
    for number, value in fields(body):
        match number, value:
            case _Tensor.DENSE, bytes():
                dense = value
            case _Tensor.DTYPE, int():
                dtype = value
            case _Tensor.SHAPE, _:
                shape += packed_varints(value)
            case _:
                pass
    code, name = _DTYPE_NAMES.get(dtype, ("f", "float32"))
    tensor: dict[str, object] = {"dtype": name, "shape": shape or None}
    if dense is not None:
        count = len(dense) // struct.calcsize(code)
        tensor["data"] = list(struct.unpack_from(f"<{count}{code}", dense))
    return tensor


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        msg = f"text that is not UTF-8: {value[:40]!r}; check the encoding of the body"
        raise ProtobufError(msg) from error
