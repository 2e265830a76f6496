"""Copy, check and encode the JSON values that tests put into scripts: once, when the script is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Final

from fake_server.core.errors import ScriptError

MAX_DEPTH: Final = 100
MAX_VALUES: Final = 1_000_000
"""Greatest number of values in one body; a YAML alias counts each time it is used."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def copied(value: object) -> object:
    """Return a deep copy of a JSON value, made of dict, list, str, int, float, bool and None.

    Raises:
        ScriptError: The value cannot be expressed in JSON, is nested deeper than ``MAX_DEPTH``, or has more
            than ``MAX_VALUES`` parts.
    """
    return _Copier().copy(value, 0)


def encoded(value: object) -> bytes:
    """Return compact JSON of a value returned by ``copied``. Lone surrogates are kept as escapes."""
    try:
        return _ENCODER.encode(value).encode("ascii")
    except ValueError as error:
        raise ScriptError(f"a body cannot be written as JSON ({error}); use a smaller number") from error


def encoded_text(text: str) -> bytes:
    """Return the JSON of a string: the same bytes as ``encoded``, but several times faster."""
    return encode_basestring_ascii(text).encode("ascii")


class _Copier:
    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def copy(self, value: object, depth: int) -> object:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_VALUES:
            raise ScriptError(
                f"a body has more than {MAX_DEPTH} levels or {MAX_VALUES} values; send raw text instead"
            )
        match value:
            case None | bool() | str() | int():
                return value
            case float() if math.isfinite(value):
                return value
            case float():
                raise ScriptError(
                    f"{value!r} is not a JSON number; use a finite number, or send it as raw text"
                )
            case list() | tuple():
                return [self.copy(item, depth + 1) for item in value]
            case Mapping():
                return {_key(key): self.copy(item, depth + 1) for key, item in value.items()}
            case _:
                raise ScriptError(
                    f"{value!r} is a {type(value).__name__}, not a JSON value; in YAML, quote it"
                )


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise ScriptError(f"the key {key!r} is a {type(key).__name__}, but JSON keys are strings; quote it")
