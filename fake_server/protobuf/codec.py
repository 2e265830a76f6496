"""Encode and decode the protobuf wire format (how messages become bytes), as far as the Tinker API uses it.

Releases of the official SDK from 0.25 accept the results of sampling and forward passes only as
``application/x-protobuf``, and send forward passes in the same form. This module reads and writes the few
message types without a protobuf library, so that the fake server needs no such dependency.

A message is a sequence of fields. A field is a key (field number and wire type, as a varint) and a value: a
varint, eight bytes, four bytes, or bytes preceded by their length. All of this is the public wire format;
``fake_server.protobuf.field_numbers`` has the field numbers of the Tinker API.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from fake_server.core.errors import BodyError

_DOUBLE: Final = struct.Struct("<d")
_MAX_VARINT_BYTES: Final = 10


class WireType(IntEnum):
    """How the value of a field is encoded."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


def varint(value: int) -> bytes:
    """Return the varint form of an integer of up to 64 bits; negative numbers take ten bytes."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def varint_field(number: int, value: int) -> bytes:
    """Return an encoded integer, enum or boolean field."""
    return varint(number << 3 | WireType.VARINT) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return an encoded field of bytes, UTF-8 text, a message, or packed numbers."""
    return varint(number << 3 | WireType.BYTES) + varint(len(value)) + value


def double_field(number: int, value: float) -> bytes:
    """Return an encoded field with one 64-bit float."""
    return varint(number << 3 | WireType.FIXED64) + _DOUBLE.pack(value)


def fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message in order, as pairs of field number and value.

    The value is an integer for a varint, and bytes for all other wire types.

    Raises:
        BodyError: The bytes end inside a field, or contain an obsolete wire type.
    """
    position = 0
    while position < len(body):
        key, position = _read_varint(body, position)
        number, wire_type = key >> 3, key & 0x07
        if wire_type == WireType.VARINT:
            value, position = _read_varint(body, position)
            yield number, value
            continue
        match wire_type:
            case WireType.FIXED64:
                size = 8
            case WireType.FIXED32:
                size = 4
            case WireType.BYTES:
                size, position = _read_varint(body, position)
            case _:
                msg = (
                    f"field {number} at byte {position} has the unsupported wire type {wire_type}; "
                    "check that the body is a protobuf message"
                )
                raise BodyError(msg)
        end = position + size
        if end > len(body):
            msg = (
                f"field {number} needs {size} bytes at byte {position} of {len(body)}; "
                "check that the protobuf message is complete"
            )
            raise BodyError(msg)
        yield number, body[position:end]
        position = end


def packed_varints(value: int | bytes) -> list[int]:
    """Return the integers of a repeated field, given as packed bytes or as a single integer."""
    if isinstance(value, int):
        return [value]
    numbers: list[int] = []
    position = 0
    while position < len(value):
        number, position = _read_varint(value, position)
        numbers.append(number)
    return numbers


def _read_varint(body: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        if position >= len(body):
            break
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value & ((1 << 64) - 1), position
    msg = f"the number at byte {position} of {len(body)} is truncated; check that the body is complete"
    raise BodyError(msg)
