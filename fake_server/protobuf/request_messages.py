"""Decode the requests that the Tinker API accepts in protobuf: forward passes, from ``tinker`` 0.25 on.

They are decoded to the mapping that older releases send as JSON. Source of the field numbers: the message
descriptors of ``tinker`` 0.38.0 (the package's ``proto`` folder).
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from fake_server.protobuf.codec import ProtobufError, fields, packed_varints


class _MapEntry(IntEnum):
    KEY = 1
    VALUE = 2


class _ForwardRequest(IntEnum):
    MODEL_ID = 1
    SEQ_ID = 2
    DATA = 3
    LOSS_FN = 4
    LOSS_FN_CONFIG = 5
    FORWARD_ONLY = 6


class _Datum(IntEnum):
    MODEL_INPUT = 1
    LOSS_FN_INPUTS = 2


class _Chunk(IntEnum):
    ENCODED_TEXT = 1
    IMAGE = 2


class _EncodedText(IntEnum):
    TOKENS = 1


class _Image(IntEnum):
    FORMAT = 2
    EXPECTED_TOKENS = 3


class _SparseCsr(IntEnum):
    VALUES = 1
    CROW_INDICES = 2
    COL_INDICES = 3


class _Tensor(IntEnum):
    DENSE = 1
    SPARSE_CSR = 2
    DTYPE = 3
    SHAPE = 4


_DOUBLE: Final = struct.Struct("<d")
_FLOAT32: Final = 1
_DTYPE_NAMES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("f", "float32"),
    2: ("q", "int64"),
    3: ("i", "int64"),
}


def decode_forward_request(body: bytes) -> dict[str, object]:
    """Return a protobuf forward or forward-backward request as the mapping that older releases send in JSON.

    Returns:
        ``model_id``, ``seq_id``, ``forward_only``, and ``forward_backward_input`` with ``loss_fn``,
        ``loss_fn_config`` if there is one, and ``data``. Each datum has ``model_input`` (without the bytes of
        images) and ``loss_fn_inputs``, whose tensors have ``data``, ``dtype``, ``shape`` and, if they are
        sparse, ``sparse_crow_indices`` and ``sparse_col_indices``.

    Raises:
        ProtobufError: The body is not such a message.
    """
    request: dict[str, object] = {"model_id": "", "seq_id": 0, "forward_only": False}
    forward_input: dict[str, object] = {"loss_fn": ""}
    config: dict[str, object] = {}
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
            case _ForwardRequest.LOSS_FN_CONFIG, bytes():
                config |= _config_entry(value)
            case _:
                pass
    forward_input["data"] = data
    if config:
        forward_input["loss_fn_config"] = config
    request["forward_backward_input"] = forward_input
    return request


def protobuf_model_id(body: bytes) -> str | None:
    """Return the model of a protobuf forward request, or None if the body names none."""
    try:
        for number, value in fields(body):
            if number == _ForwardRequest.MODEL_ID and isinstance(value, bytes):
                return value.decode() or None
    except (ProtobufError, UnicodeDecodeError):
        return None
    return None


def _datum(body: bytes) -> dict[str, object]:
    inputs: dict[str, object] = {}
    chunks: list[dict[str, object]] = []
    for number, value in fields(body):
        if number == _Datum.MODEL_INPUT and isinstance(value, bytes):
            chunks += _chunk(value)
        if number == _Datum.LOSS_FN_INPUTS and isinstance(value, bytes):
            entry = dict(fields(value))
            key, tensor = entry.get(_MapEntry.KEY, b""), entry.get(_MapEntry.VALUE, b"")
            if isinstance(key, bytes) and isinstance(tensor, bytes):
                inputs[_text(key)] = _tensor(tensor)
    return {"model_input": {"chunks": chunks}, "loss_fn_inputs": inputs}


def _chunk(body: bytes) -> list[dict[str, object]]:
    chunks: list[dict[str, object]] = []
    for number, value in fields(body):
        match number, value:
            case _Chunk.ENCODED_TEXT, bytes():
                tokens = dict(fields(value)).get(_EncodedText.TOKENS, b"")
                chunks.append({"type": "encoded_text", "tokens": _numbers(tokens, "i")})
            case _Chunk.IMAGE, bytes():
                image = dict(fields(value))
                count, form = image.get(_Image.EXPECTED_TOKENS), image.get(_Image.FORMAT, b"")
                text = _text(form) if isinstance(form, bytes) else ""
                chunks.append({"type": "image", "format": text, "expected_tokens": count})
            case _:
                pass
    return chunks


def _config_entry(body: bytes) -> dict[str, object]:
    entry = dict(fields(body))
    key, value = entry.get(_MapEntry.KEY, b""), entry.get(_MapEntry.VALUE, b"")
    if not isinstance(key, bytes) or not isinstance(value, bytes) or len(value) != _DOUBLE.size:
        return {}
    return {_text(key): _DOUBLE.unpack(value)[0]}


def _numbers(body: int | bytes, code: str) -> list[int | float]:
    if isinstance(body, int):
        return []
    return list(struct.unpack_from(f"<{len(body) // struct.calcsize(code)}{code}", body))


def _tensor(body: bytes) -> dict[str, object]:
    dense: bytes | None = None
    sparse: dict[int, int | bytes] | None = None
    dtype: int = _FLOAT32
    shape: list[int] = []
    for number, value in fields(body):
        match number, value:
            case _Tensor.DENSE, bytes():
                dense = value
            case _Tensor.SPARSE_CSR, bytes():
                sparse = dict(fields(value))
            case _Tensor.DTYPE, int():
                dtype = value
            case _Tensor.SHAPE, _:
                shape += packed_varints(value)
            case _:
                pass
    code, name = _DTYPE_NAMES.get(dtype, ("f", "float32"))
    tensor: dict[str, object] = {"dtype": name, "shape": shape or None}
    if dense is not None:
        tensor["data"] = _numbers(dense, code)
    if sparse is not None:
        tensor["data"] = _numbers(sparse.get(_SparseCsr.VALUES, b""), code)
        tensor["sparse_crow_indices"] = _numbers(sparse.get(_SparseCsr.CROW_INDICES, b""), "q")
        tensor["sparse_col_indices"] = _numbers(sparse.get(_SparseCsr.COL_INDICES, b""), "q")
    return tensor


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        msg = f"a text field is not UTF-8: {value[:40]!r}; check the encoding of the body"
        raise ProtobufError(msg) from error
