"""Decode and encode the requests that clients send in protobuf: forward passes, from ``tinker`` 0.25 on.

The decoded form is the mapping that older releases send as JSON.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final

from fake_server.core.errors import BodyError
from fake_server.protobuf.codec import bytes_field, fields, packed_varints, varint, varint_field
from fake_server.protobuf.field_numbers import (
    Chunk,
    DatumMessage,
    DType,
    EncodedText,
    ForwardRequest,
    Image,
    MapEntry,
    SparseCsr,
    Tensor,
)

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
        BodyError: The body is not such a message.
    """
    request: dict[str, object] = {"model_id": "", "seq_id": 0, "forward_only": False}
    forward_input: dict[str, object] = {"loss_fn": ""}
    config: dict[str, object] = {}
    data: list[dict[str, object]] = []
    for number, value in fields(body):
        match number, value:
            case ForwardRequest.MODEL_ID, bytes():
                request["model_id"] = _text(value)
            case ForwardRequest.SEQ_ID, int():
                request["seq_id"] = value
            case ForwardRequest.LOSS_FN, bytes():
                forward_input["loss_fn"] = _text(value)
            case ForwardRequest.FORWARD_ONLY, int():
                request["forward_only"] = bool(value)
            case ForwardRequest.DATA, bytes():
                data.append(_datum(value))
            case ForwardRequest.LOSS_FN_CONFIG, bytes():
                config |= _config_entry(value)
            case _:
                pass
    forward_input["data"] = data
    if config:
        forward_input["loss_fn_config"] = config
    request["forward_backward_input"] = forward_input
    return request


def protobuf_model_id(body: bytes) -> str | None:
    """Return the model id in a protobuf forward request, or None if the body names no model."""
    try:
        for number, value in fields(body):
            if number == ForwardRequest.MODEL_ID and isinstance(value, bytes):
                return value.decode() or None
    except (BodyError, UnicodeDecodeError):
        return None
    return None


def encode_forward_request(
    model_id: str,
    seq_id: int,
    examples: Sequence[tuple[Sequence[int], Sequence[int], Sequence[float]]],
    *,
    forward_only: bool = False,
) -> bytes:
    """Return a protobuf request for a pass with the loss ``cross_entropy``.

    Args:
        model_id: The id of the model.
        seq_id: The number of the request.
        examples: For each example its tokens, its target tokens, and the weights of the targets.
        forward_only: Whether the pass computes no gradients.
    """
    parts = [
        bytes_field(ForwardRequest.MODEL_ID, model_id.encode()),
        varint_field(ForwardRequest.SEQ_ID, seq_id),
        *(bytes_field(ForwardRequest.DATA, _encoded_datum(*example)) for example in examples),
        bytes_field(ForwardRequest.LOSS_FN, b"cross_entropy"),
    ]
    if forward_only:
        parts.append(varint_field(ForwardRequest.FORWARD_ONLY, 1))
    return b"".join(parts)


def _encoded_datum(tokens: Sequence[int], targets: Sequence[int], weights: Sequence[float]) -> bytes:
    text = bytes_field(EncodedText.TOKENS, struct.pack(f"<{len(tokens)}i", *tokens))
    inputs = {
        b"target_tokens": (struct.pack(f"<{len(targets)}q", *targets), DType.INT64),
        b"weights": (struct.pack(f"<{len(weights)}f", *weights), DType.FLOAT32),
    }
    parts = [bytes_field(DatumMessage.MODEL_INPUT, bytes_field(Chunk.ENCODED_TEXT, text))]
    for name, (data, dtype) in inputs.items():
        tensor = (
            bytes_field(Tensor.DENSE, data)
            + varint_field(Tensor.DTYPE, dtype)
            + bytes_field(Tensor.SHAPE, varint(len(targets)))
        )
        entry = bytes_field(MapEntry.KEY, name) + bytes_field(MapEntry.VALUE, tensor)
        parts.append(bytes_field(DatumMessage.LOSS_FN_INPUTS, entry))
    return b"".join(parts)


def _datum(body: bytes) -> dict[str, object]:
    inputs: dict[str, object] = {}
    chunks: list[dict[str, object]] = []
    for number, value in fields(body):
        if number == DatumMessage.MODEL_INPUT and isinstance(value, bytes):
            chunks += _chunk(value)
        if number == DatumMessage.LOSS_FN_INPUTS and isinstance(value, bytes):
            entry = dict(fields(value))
            key, tensor = entry.get(MapEntry.KEY, b""), entry.get(MapEntry.VALUE, b"")
            if isinstance(key, bytes) and isinstance(tensor, bytes):
                inputs[_text(key)] = _tensor(tensor)
    return {"model_input": {"chunks": chunks}, "loss_fn_inputs": inputs}


def _chunk(body: bytes) -> list[dict[str, object]]:
    chunks: list[dict[str, object]] = []
    for number, value in fields(body):
        match number, value:
            case Chunk.ENCODED_TEXT, bytes():
                tokens = dict(fields(value)).get(EncodedText.TOKENS, b"")
                chunks.append({"type": "encoded_text", "tokens": _numbers(tokens, "i")})
            case Chunk.IMAGE, bytes():
                image = dict(fields(value))
                count, form = image.get(Image.EXPECTED_TOKENS), image.get(Image.FORMAT, b"")
                text = _text(form) if isinstance(form, bytes) else ""
                chunks.append({"type": "image", "format": text, "expected_tokens": count})
            case _:
                pass
    return chunks


def _config_entry(body: bytes) -> dict[str, object]:
    entry = dict(fields(body))
    key, value = entry.get(MapEntry.KEY, b""), entry.get(MapEntry.VALUE, b"")
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
            case Tensor.DENSE, bytes():
                dense = value
            case Tensor.SPARSE_CSR, bytes():
                sparse = dict(fields(value))
            case Tensor.DTYPE, int():
                dtype = value
            case Tensor.SHAPE, _:
                shape += packed_varints(value)
            case _:
                pass
    code, name = _DTYPE_NAMES.get(dtype, ("f", "float32"))
    tensor: dict[str, object] = {"dtype": name, "shape": shape or None}
    if dense is not None:
        tensor["data"] = _numbers(dense, code)
    if sparse is not None:
        tensor["data"] = _numbers(sparse.get(SparseCsr.VALUES, b""), code)
        tensor["sparse_crow_indices"] = _numbers(sparse.get(SparseCsr.CROW_INDICES, b""), "q")
        tensor["sparse_col_indices"] = _numbers(sparse.get(SparseCsr.COL_INDICES, b""), "q")
    return tensor


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        msg = f"a text field is not UTF-8: {value[:40]!r}; check the encoding of the body"
        raise BodyError(msg) from error
