"""Decode the results that the Tinker API sends in protobuf, to the JSON form that older releases read.

This is the opposite of ``fake_server.protobuf.result_messages``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from fake_server.core.errors import BodyError
from fake_server.protobuf.codec import fields
from fake_server.protobuf.field_numbers import (
    ArrayRecord,
    BatchedTensor,
    DType,
    ForwardOutput,
    MapEntry,
    SampledSequence,
    SampleResponse,
)

_STOP_REASONS: Final[Mapping[int, str]] = {0: "stop", 1: "length"}
_CODES: Final[Mapping[int, tuple[str, str]]] = {
    DType.FLOAT32: ("f", "float32"),
    DType.INT64: ("q", "int64"),
    DType.INT32: ("i", "int64"),
}
_DOUBLE: Final = struct.Struct("<d")

Json = dict[str, object]


def decode_sample_response(body: bytes) -> Json:
    """Return a sampling result as a mapping with ``sequences`` and ``prompt_logprobs``.

    The tables of most likely tokens are left out.

    Raises:
        BodyError: The body is not such a message.
    """
    sequences: list[Json] = []
    prompt: list[float] | None = None
    for number, value in fields(body):
        match number, value:
            case SampleResponse.SEQUENCES, bytes():
                sequences.append(_sequence(value))
            case SampleResponse.PROMPT_LOGPROBS, bytes():
                prompt = [float(each) for each in _numbers(value, "f")]
            case _:
                pass
    return {"sequences": sequences, "prompt_logprobs": prompt}


def decode_forward_output(body: bytes) -> Json:
    """Return the result of a forward pass as a mapping.

    Its keys are ``loss_fn_output_type``, ``loss_fn_outputs`` and ``metrics``.

    Raises:
        BodyError: The body is not such a message.
    """
    kind, outputs, metrics = "", list[Json](), Json()
    for number, value in fields(body):
        match number, value:
            case ForwardOutput.LOSS_FN_OUTPUT_TYPE, bytes():
                kind = _text(value)
            case ForwardOutput.LOSS_FN_OUTPUTS, bytes():
                outputs += _records(value)
            case ForwardOutput.METRICS, bytes():
                key, number_of = _entry(value)
                if len(number_of) == _DOUBLE.size:
                    metrics[key] = _DOUBLE.unpack(number_of)[0]
            case _:
                pass
    return {"loss_fn_output_type": kind, "loss_fn_outputs": outputs, "metrics": metrics}


def _sequence(body: bytes) -> Json:
    reason, tokens = 0, list[int | float]()
    logprobs: list[int | float] | None = None
    for number, value in fields(body):
        match number, value:
            case SampledSequence.STOP_REASON, int():
                reason = value
            case SampledSequence.TOKENS, bytes():
                tokens = _numbers(value, "i")
            case SampledSequence.LOGPROBS, bytes():
                logprobs = _numbers(value, "f")
            case _:
                pass
    return {
        "stop_reason": _STOP_REASONS.get(reason, f"{reason}"),
        "tokens": tokens,
        "logprobs": logprobs,
    }


def _records(body: bytes) -> list[Json]:
    """Return the outputs in one array record, one mapping for each datum that the record combines."""
    tensors: dict[str, list[Json]] = {}
    count = 1
    for number, value in fields(body):
        match number, value:
            case ArrayRecord.FIELDS, bytes():
                key, tensor = _entry(value)
                tensors[key] = _tensors(tensor)
            case ArrayRecord.NUM_DATUMS, int():
                count = value
            case _:
                pass
    if count > len(body) + 1 or any(len(each) != count for each in tensors.values()):
        raise BodyError(
            f"an array record says that it has {count} datums, but one of its arrays has another number of "
            "tensors; give each array one tensor for each datum"
        )
    return [{name: each[place] for name, each in tensors.items()} for place in range(count)]


def _tensors(body: bytes) -> list[Json]:
    data, offsets, dtype = b"", list[int](), int(DType.FLOAT32)
    for number, value in fields(body):
        match number, value:
            case BatchedTensor.DATA, bytes():
                data = value
            case BatchedTensor.OFFSETS, bytes():
                offsets = [int(each) for each in _numbers(value, "q")]
            case BatchedTensor.DTYPE, int():
                dtype = value
            case _:
                pass
    code, name = _CODES.get(dtype, ("f", "float32"))
    if not offsets or offsets[0] != 0 or offsets[-1] != len(data) or sorted(offsets) != offsets:
        raise BodyError(f"the offsets {offsets[:8]} do not divide {len(data)} bytes of a tensor")
    return [{"data": _numbers(data[start:end], code), "dtype": name} for start, end in pairwise(offsets)]


def _entry(body: bytes) -> tuple[str, bytes]:
    entry = dict(fields(body))
    key, value = entry.get(MapEntry.KEY, b""), entry.get(MapEntry.VALUE, b"")
    if not isinstance(key, bytes) or not isinstance(value, bytes):
        raise BodyError("an entry of a map has a number for its key or value")
    return _text(key), value


def _numbers(body: bytes, code: str) -> list[int | float]:
    size = struct.calcsize(code)
    if len(body) % size:
        raise BodyError(f"{len(body)} bytes of numbers are not a multiple of {size}")
    return list(struct.unpack(f"<{len(body) // size}{code}", body))


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise BodyError(f"a text field is not UTF-8: {value[:40]!r}") from error
