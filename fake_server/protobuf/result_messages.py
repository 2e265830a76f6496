"""Encode the results that the Tinker API sends in protobuf: those of sampling and of forward passes.

The engine builds a result once, as JSON values. If the SDK asks for protobuf, this module encodes these
values.

Arrays of numbers are sent as little-endian bytes inside a bytes field: tokens as int32, log-probabilities as
float32, offsets as int64.
"""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fake_server.core.errors import BodyError
from fake_server.protobuf.codec import bytes_field, double_field, varint, varint_field
from fake_server.protobuf.field_numbers import (
    ArrayRecord,
    BatchedTensor,
    DType,
    ForwardOutput,
    MapEntry,
    PromptAltTokens,
    SampledSequence,
    SampleResponse,
    SparseCsr,
    Tensor,
    TopkLogprobs,
)

MEDIA_TYPE: Final = "application/x-protobuf"


_STOP_REASONS: Final = {"stop": 0, "length": 1}
_EMPTY_TOKEN: Final = 0
_EMPTY_LOGPROB: Final = -99999.0
"""The value of an empty cell in a table of most likely tokens (tinker 0.38.0)."""


def encode_sample_response(result: Mapping[str, object]) -> bytes:
    """Return a sampling result, given in its JSON form, as a protobuf message.

    Args:
        result: ``sequences`` (each with ``tokens``, ``logprobs`` or null, ``stop_reason``),
            ``prompt_logprobs`` and ``topk_prompt_logprobs`` (or null), and the optional keys of 0.38.0. Other
            keys are left out.

    Raises:
        BodyError: A value does not have the type or shape of its field.
    """
    try:
        parts = [
            bytes_field(SampleResponse.SEQUENCES, _sequence(each)) for each in _mappings(result["sequences"])
        ]
        if (logprobs := result.get("prompt_logprobs")) is not None:
            parts.append(bytes_field(SampleResponse.PROMPT_LOGPROBS, _floats(_list(logprobs))))
        if (topk := result.get("topk_prompt_logprobs")) is not None:
            parts.append(bytes_field(SampleResponse.TOPK_PROMPT_LOGPROBS, _topk(_list(topk))))
        if (targets := result.get("target_prompt_logprobs")) is not None:
            parts.append(bytes_field(SampleResponse.TARGET_PROMPT_LOGPROBS, _tensor(_mapping(targets))))
        if (others := result.get("prompt_alt_tokens")) is not None:
            pair = _mapping(others)
            tokens = bytes_field(PromptAltTokens.TOKENS, _tensor(_mapping(pair["tokens"])))
            logprobs = bytes_field(PromptAltTokens.LOGPROBS, _tensor(_mapping(pair["logprobs"])))
            parts.append(bytes_field(SampleResponse.PROMPT_ALT_TOKENS, tokens + logprobs))
        if isinstance(hits := result.get("prompt_cache_hit_tokens"), int):
            parts.append(varint_field(SampleResponse.PROMPT_CACHE_HIT_TOKENS, hits))
    except (KeyError, TypeError, ValueError, struct.error) as error:
        msg = "sampling"
        raise _not_encodable(msg, error) from error
    return b"".join(parts)


def encode_forward_output(result: Mapping[str, object]) -> bytes:
    """Return the result of a forward or forward-backward pass, given in its JSON form, as a protobuf message.

    Args:
        result: ``loss_fn_output_type``, ``metrics``, and ``loss_fn_outputs``: a list with one mapping for
            each datum, from names to tensors with ``data``, ``dtype`` and ``shape``.

    Raises:
        BodyError: A value does not have the type or shape of its field.
    """
    try:
        parts = [bytes_field(ForwardOutput.LOSS_FN_OUTPUT_TYPE, str(result["loss_fn_output_type"]).encode())]
        outputs = _mappings(result["loss_fn_outputs"])
        parts.extend(bytes_field(ForwardOutput.LOSS_FN_OUTPUTS, _array_record(each)) for each in outputs)
        for name, value in _mapping(result["metrics"]).items():
            entry = bytes_field(MapEntry.KEY, name.encode()) + double_field(MapEntry.VALUE, _number(value))
            parts.append(bytes_field(ForwardOutput.METRICS, entry))
    except (KeyError, TypeError, ValueError, struct.error) as error:
        msg = "forward"
        raise _not_encodable(msg, error) from error
    return b"".join(parts)


def _sequence(sequence: Mapping[str, object]) -> bytes:
    tokens = _list(sequence["tokens"])
    parts = [
        varint_field(SampledSequence.STOP_REASON, _STOP_REASONS[str(sequence["stop_reason"])]),
        bytes_field(SampledSequence.TOKENS, struct.pack(f"<{len(tokens)}i", *tokens)),
    ]
    if (logprobs := sequence.get("logprobs")) is not None:
        parts.append(bytes_field(SampledSequence.LOGPROBS, _floats(_list(logprobs))))
    if (topk := sequence.get("topk_sampled_logprobs")) is not None:
        parts.append(bytes_field(SampledSequence.TOPK_SAMPLED_LOGPROBS, _topk(_list(topk))))
    return b"".join(parts)


def _topk(rows: Sequence[object]) -> bytes:
    cells = [_list(row) if row is not None else [] for row in rows]
    width = max((len(row) for row in cells), default=0)
    tokens: list[object] = []
    logprobs: list[object] = []
    for row in cells:
        pairs = [_list(pair) for pair in row]
        tokens += [pair[0] for pair in pairs] + [_EMPTY_TOKEN] * (width - len(pairs))
        logprobs += [pair[1] for pair in pairs] + [_EMPTY_LOGPROB] * (width - len(pairs))
    return (
        bytes_field(TopkLogprobs.TOKEN_IDS, struct.pack(f"<{len(tokens)}i", *tokens))
        + bytes_field(TopkLogprobs.LOGPROBS, _floats(logprobs))
        + varint_field(TopkLogprobs.K, width)
        + varint_field(TopkLogprobs.LENGTH, len(cells))
    )


def _array_record(output: Mapping[str, object]) -> bytes:
    # One record a datum: the message allows several, and so the shapes of data may differ.
    entries = [
        bytes_field(MapEntry.KEY, name.encode())
        + bytes_field(MapEntry.VALUE, _batched_tensor(_mapping(tensor)))
        for name, tensor in output.items()
    ]
    return b"".join(bytes_field(ArrayRecord.FIELDS, entry) for entry in entries) + varint_field(
        ArrayRecord.NUM_DATUMS, 1
    )


def _batched_tensor(tensor: Mapping[str, object]) -> bytes:
    numbers = _list(tensor["data"])
    if tensor["dtype"] == "int64":
        dtype, data = DType.INT64, struct.pack(f"<{len(numbers)}q", *numbers)
    else:
        dtype, data = DType.FLOAT32, _floats(numbers)
    shape = _list(tensor.get("shape") or [len(numbers)])
    trailing = b"".join(varint(int(_number(size))) for size in shape[1:])
    return (
        bytes_field(BatchedTensor.DATA, data)
        + bytes_field(BatchedTensor.OFFSETS, struct.pack("<2q", 0, len(data)))
        + varint_field(BatchedTensor.DTYPE, dtype)
        + (bytes_field(BatchedTensor.TRAILING_SHAPE, trailing) if trailing else b"")
    )


def _tensor(tensor: Mapping[str, object]) -> bytes:
    numbers = _list(tensor["data"])
    if tensor["dtype"] == "int32":
        dtype, data = DType.INT32, struct.pack(f"<{len(numbers)}i", *numbers)
    else:
        dtype, data = DType.FLOAT32, _floats(numbers)
    if (ends := tensor.get("sparse_crow_indices")) is None:
        layout = bytes_field(Tensor.DENSE, data)
    else:
        rows, columns = _list(ends), _list(tensor["sparse_col_indices"])
        parts = (
            (SparseCsr.VALUES, data),
            (SparseCsr.CROW_INDICES, struct.pack(f"<{len(rows)}q", *rows)),
            (SparseCsr.COL_INDICES, struct.pack(f"<{len(columns)}q", *columns)),
        )
        layout = bytes_field(Tensor.SPARSE_CSR, b"".join(bytes_field(*part) for part in parts))
    shape = b"".join(varint(int(_number(extent))) for extent in _list(tensor["shape"]))
    return layout + varint_field(Tensor.DTYPE, dtype) + bytes_field(Tensor.SHAPE, shape)


def _floats(values: Iterable[object]) -> bytes:
    numbers = [math.nan if value is None else _number(value) for value in values]
    return struct.pack(f"<{len(numbers)}f", *numbers)


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    msg = f"{value!r} is not a number"
    raise TypeError(msg)


def _list(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    msg = f"{value!r} is not a list"
    raise TypeError(msg)


def _mapping(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    msg = f"{value!r} is not an object"
    raise TypeError(msg)


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [_mapping(each) for each in _list(value)]


def _not_encodable(what: str, error: Exception) -> BodyError:
    reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
    return BodyError(
        f"the {what} result does not fit protobuf ({reason}); give the overrides of `complete` the types "
        "of the result, or script `status: 200` with a body of your own"
    )
