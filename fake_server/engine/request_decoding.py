"""Decode the body of a request, in any form that a release of the official SDK sends, to a mapping.

All releases send JSON. From 0.25 they send forward passes in protobuf, compressed with zstd if the client
configuration says so (``proto_compress_fwdbwd``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from fake_server.core.errors import BodyError
from fake_server.core.http_messages import PROTOBUF, Request
from fake_server.core.plain_data import kind
from fake_server.engine.results import decode_forward_request

MAX_DECOMPRESSED_BYTES: Final = 256 * 1024 * 1024
_SLICE_BYTES: Final = 1024
_decode: Final = msgspec.json.Decoder().decode


def decode_request(request: Request) -> Mapping[str, object]:
    """Return the body of a request as a mapping; empty for an empty body.

    Raises:
        BodyError: The content coding is unknown, the body is corrupted, or its JSON is not an object.
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
            raise BodyError(f"the content encoding {other!r} is not supported; use zstd or none")
    if PROTOBUF in (request.header("content-type") or ""):
        try:
            return decode_forward_request(body)
        except BodyError as error:
            text = f"the protobuf body cannot be decoded ({error}); encode it as the official SDK does"
            raise BodyError(text) from error
    return decode_json(body)


def decode_plainly(request: Request) -> Mapping[str, object] | None:
    """Return what ``decode_request`` returns for plain JSON, in less time; None for any other body."""
    if request.is_plain():
        try:
            value: object = _decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if isinstance(value, dict):
            return value
    return None


def decode_json(body: bytes) -> Mapping[str, object]:
    """Return the JSON object in a body; empty if the body is empty.

    NaN and Infinity are accepted, as Python writes them.

    Raises:
        BodyError: The body is not JSON, or not an object.
    """
    if not body:
        return {}
    try:
        value: object = _decode(body)
    except RecursionError as error:
        raise BodyError("the JSON body is nested too deeply; send fewer levels") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BodyError(f"the body is not valid JSON ({error}); send a JSON object") from error
    if not isinstance(value, dict):
        raise BodyError(f"the body is {kind(value)}; send a JSON object")
    return value


def _decompressed(body: bytes) -> bytes:
    import zstandard  # noqa: PLC0415 - only releases from 0.25 compress, and only if configured

    # A few bytes can expand to very many: decompress in small steps and never hold more than the limit.
    reader = zstandard.ZstdDecompressor().decompressobj()
    pieces: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(body), _SLICE_BYTES):
            if reader.eof:
                raise BodyError("the zstd body has data after the end of its frame; send one frame")
            pieces.append(reader.decompress(body[start : start + _SLICE_BYTES]))
            size += len(pieces[-1])
            if size > MAX_DECOMPRESSED_BYTES:
                text = f"the zstd body is larger than {MAX_DECOMPRESSED_BYTES} bytes when decompressed"
                raise BodyError(f"{text}; send a smaller one")
    except zstandard.ZstdError as error:
        raise BodyError(f"the zstd body cannot be decoded ({error}); send one zstd frame") from error
    if body and not reader.eof:
        raise BodyError("the zstd body is truncated; send the whole frame")
    if reader.unused_data:
        raise BodyError("the zstd body has data after the end of its frame; send one frame")
    return b"".join(pieces)
