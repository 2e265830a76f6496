"""Request bodies as the releases of the official SDK send them, decoded to one mapping.

JSON in every release; protobuf for forward passes since 0.25, and those compressed with zstd where the client
configuration asks for it (``proto_compress_fwdbwd``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from fake_server.core.http_messages import PROTOBUF, Request
from fake_server.engine.results import ProtobufError, decode_forward_request

MAX_DECOMPRESSED_BYTES: Final = 256 * 1024 * 1024
_SLICE_BYTES: Final = 1024
_decode: Final = msgspec.json.Decoder().decode


class BodyError(ValueError):
    """A request body that cannot be read; the text says why."""


def decode_request(request: Request) -> Mapping[str, object]:
    """The body of a request as a mapping; empty for an empty body.

    Raises:
        BodyError: Unknown or broken encoding, broken JSON or protobuf, or JSON that is no object.
    """
    body = request.body
    if request.is_plain():
        return decode_json(body)
    match request.header("content-encoding"):
        case None | "" | "identity":
            pass
        case "zstd":
            body = _decompressed(body)
        case other:
            raise BodyError(f"the content encoding {other!r} is not known here; send zstd or none")
    if PROTOBUF in (request.header("content-type") or ""):
        try:
            return decode_forward_request(body)
        except ProtobufError as error:
            raise BodyError(f"the protobuf body cannot be read ({error})") from error
    return decode_json(body)


def decode_plainly(request: Request) -> Mapping[str, object] | None:
    """What ``decode_request`` gives, without its detours; None where one is needed."""
    if request.is_plain():
        try:
            value: object = _decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if isinstance(value, dict):
            return value
    return None


def decode_json(body: bytes) -> Mapping[str, object]:
    """A JSON object; empty for no bytes. NaN and Infinity pass, as Python's own encoder writes them.

    Raises:
        BodyError: Not JSON, or no object.
    """
    if not body:
        return {}
    try:
        value: object = _decode(body)
    except RecursionError as error:
        raise BodyError("the body is JSON of too many levels; send fewer") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BodyError(f"the body is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise BodyError(f"the body is a JSON {type(value).__name__}, not an object")
    return value


def _decompressed(body: bytes) -> bytes:
    import zstandard  # noqa: PLC0415 - only releases from 0.25 compress, and only if asked

    # A few bytes can say a great many, so they are taken few at a time, and no more than the limit is held.
    reader = zstandard.ZstdDecompressor().decompressobj()
    pieces: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(body), _SLICE_BYTES):
            if reader.eof:
                raise BodyError("the zstd body goes on behind the end of its frame; send one frame")
            pieces.append(reader.decompress(body[start : start + _SLICE_BYTES]))
            size += len(pieces[-1])
            if size > MAX_DECOMPRESSED_BYTES:
                text = f"the zstd body is larger than {MAX_DECOMPRESSED_BYTES} bytes when decompressed"
                raise BodyError(f"{text}; send a smaller one")
    except zstandard.ZstdError as error:
        raise BodyError(f"the zstd body cannot be read ({error})") from error
    if body and not reader.eof:
        raise BodyError("the zstd body ends before its frame does; send all of it")
    if reader.unused_data:
        raise BodyError("the zstd body goes on behind the end of its frame; send one frame")
    return b"".join(pieces)
